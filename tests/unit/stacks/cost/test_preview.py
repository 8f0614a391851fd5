import codecs
import json
from decimal import Decimal

import pytest
from lyceum_stacks.cost import preview, request
from lyceum_stacks.cost.estimate import Options, estimate
from lyceum_stacks.cost.usage import Usage
from lyceum_stacks.errors import StackError


def priced(content, **options):
    return request.of_preview(content, "preview.json", Usage(), Options(**options))


def edited(recorded, name, change):
    document = json.loads(recorded(name))
    change(document)
    return json.dumps(document).encode()


def by_name(answer):
    return {item.name: item.monthly for item in answer.report.resources if item.monthly}


def step(document, name, kind="instance:Instance"):
    return next(one for one in document["steps"] if one["urn"].endswith(f"{kind}::{name}"))


def test_a_new_stack(recorded):
    answer = priced(recorded("create"))
    monthly = by_name(answer)
    assert monthly["compute0"] == Decimal("127.109107")
    assert monthly["compute1"] == Decimal("58.947280")  # at the spot price
    assert answer.report.total == Decimal("373.116387")
    assert (answer.exit_code(), answer.difference) == (0, None)


def test_changes_alone_give_no_total(recorded):
    answer = priced(recorded("changes-only"))
    assert answer.report.total is None
    assert answer.report.unlisted == 6
    assert answer.exit_code() == 4
    assert answer.exit_code(allow_incomplete=True) == 0
    assert "--show-sames" in answer.text(answer.report.prices_oldest)
    assert answer.document()["total"] is None


def test_changes_alone_give_the_difference(recorded):
    changes = {
        change.name: (change.sign, change.difference) for change in priced(recorded("changes-only")).difference.changes
    }
    assert changes["compute0"] == ("~", Decimal("124.909108"))
    assert changes["compute1"] == ("-", Decimal("-58.947280"))
    assert changes["compute1-data"] == ("-", Decimal("-93.500000"))
    assert changes["offsite"][0] == "~"  # replaced in another place, at the same price


def test_unchanged_resources_are_in_the_total(recorded):
    answer = priced(recorded("show-sames"))
    assert answer.report.total == Decimal("1245.809205")
    assert answer.exit_code() == 0
    assert sum(1 for change in answer.difference.changes if change.sign == "+") == 4


def test_what_a_refresh_tells_first_is_passed_over(recorded):
    answer = priced(recorded("refresh"))
    assert answer.report.unlisted == 8
    assert answer.exit_code() == 4


def test_a_stacks_state_is_priced_as_it_stands(recorded):
    answer = priced(recorded("stack-export"))
    assert answer.report.total == priced(recorded("create")).report.total


def test_a_failed_preview_is_not_priced(recorded):
    with pytest.raises(StackError, match="of a preview that failed"):
        priced(recorded("failed"))
    nothing = json.dumps({"diagnostics": [{"severity": "info#err", "message": "no such stack"}]}).encode()
    with pytest.raises(StackError, match="no such stack"):
        priced(nothing)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty"),
        (b'{"steps": [{"op": "crea', "is not whole JSON"),
        (b'{"resource_changes": []}', "it has no steps"),
        (b"[]", "it is no object"),
        (b'{"sequence":0}\n{"sequence":1}\n', "is not whole JSON"),
        (b'{"steps": [], "version": 2}', "a later format"),
        (b'{"steps": {}, "x": 1}', "lists no step"),
        (b'{"steps": [], "changeSummary": {}}', "lists no step"),
        (b'{"steps": ' + b"[" * 100_000, "nested deeper"),
        (b'{"steps": [{"op": ["create"]}]}', "step 1: what"),
        (
            b'{"steps": [{"op": "create", "newState": {"urn": "urn:pulumi:s::p::t::n", "inputs": "04da6b54"}}]}',
            "its inputs are not listed",
        ),
        (b'{"steps": 5}', "not a list"),
        (b'{"version": 9, "deployment": {"resources": []}}', "version 9"),
        (b'{"version": 3, "deployment": {}}', "without resources"),
        (b'{"steps": [{"op": "create", "urn": "x"}]}', "step 1: create has no newState"),
        (b'{"steps": [{"op": "create", "newState": {"urn": "x", "type": "y"}}]}', "not the urn"),
        (b"\xff\xfe{", "is not whole JSON"),
    ],
)
def test_what_is_no_preview_is_refused_in_one_line(content, said):
    with pytest.raises(StackError, match=said) as raised:
        priced(content)
    assert "\n" not in raised.value.message


def test_a_preview_that_lists_less_than_the_engine_counted_has_no_total(recorded):
    content = edited(recorded, "create", lambda document: document["steps"].pop())
    assert (priced(content).report.total, priced(content).report.unlisted) == (None, 1)


def test_a_preview_with_a_byte_order_mark_is_the_same(recorded):
    content = recorded("create")
    assert priced(codecs.BOM_UTF8 + content).report.total == priced(content).report.total


def test_a_truncated_preview_is_refused_wherever_it_ends(recorded):
    content = recorded("create")
    for end in range(1, len(content) - 2, 997):
        with pytest.raises(StackError, match="whole JSON"):
            priced(content[:end])


def test_an_operation_of_a_later_engine_is_named(recorded):
    content = edited(recorded, "create", lambda document: document["steps"][3].update(op="transmogrify"))
    with pytest.raises(StackError, match="step 4: what transmogrify does"):
        priced(content)


@pytest.mark.parametrize(
    "value", ["04da6b54-80e4-46f7-96ec-b56ff0331ba9", "[secret]", -5, 0, "large", True, 1e300, [1]]
)
def test_a_size_that_is_no_size_is_told_by_name(recorded, value):
    def change(document):
        step(document, "compute0-data", "disk:Disk")["newState"]["inputs"]["size"] = value

    answer = priced(edited(recorded, "create", change))
    (missing,) = answer.report.not_priced
    assert missing.name == "compute0-data"
    assert answer.exit_code() == 4
    assert answer.exit_code(allow_incomplete=True) == 0
    assert answer.report.total == Decimal("373.116387") - Decimal("93.5")


def test_a_secret_that_is_shown_is_used(recorded):
    shown = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "plaintext": "500"}

    def change(document):
        step(document, "compute0-data", "disk:Disk")["newState"]["inputs"]["size"] = shown

    assert priced(edited(recorded, "create", change)).report.total == Decimal("373.116387")


def test_a_replacement_told_in_three_steps_counts_once(recorded):
    def change(document):
        one = next(found for found in document["steps"] if found["op"] == "replace")
        document["steps"] += [{**one, "op": "create-replacement"}, {**one, "op": "delete-replaced"}]

    assert priced(edited(recorded, "show-sames", change)).report.total == Decimal("1245.809205")


def test_what_is_read_belongs_to_others(recorded):
    def change(document):
        one = step(document, "compute0")
        one["op"], one["newState"]["external"] = "read", True

    assert "compute0" not in by_name(priced(edited(recorded, "create", change)))


def test_resources_of_another_cloud_are_named_and_counted(recorded):
    def change(document):
        one = step(document, "compute0")
        one["newState"]["type"] = "aws:ec2/instance:Instance"

    answer = priced(edited(recorded, "create", change))
    (missing,) = answer.report.not_priced
    assert (missing.type, answer.exit_code()) == ("aws:ec2/instance:Instance", 4)
    assert "Google Cloud" in missing.why


def test_a_kind_of_resource_without_a_price_is_named(recorded):
    def change(document):
        step(document, "compute0")["newState"]["type"] = "gcp:sql/databaseInstance:DatabaseInstance"

    (missing,) = priced(edited(recorded, "create", change)).report.not_priced
    assert "gcp:sql/databaseInstance:DatabaseInstance" in missing.why


def test_what_stays_in_the_cloud_after_its_deletion_is_noted(recorded):
    def change(document):
        for one in document["steps"]:
            if one["op"] == "delete":
                one["oldState"]["retainOnDelete"] = True

    notes = priced(edited(recorded, "changes-only", change)).report.notes
    assert any("compute1-data leaves the stack but stays" in note for note in notes)


def test_the_region_of_a_provider_holds_where_a_resource_says_none():
    stack = "urn:pulumi:s::p::pulumi:pulumi:Stack::p-s"
    urn = "urn:pulumi:s::p::gcp:compute/address:Address::ip"
    steps = [
        {
            "op": "create",
            "urn": urn,
            "newState": {"urn": urn, "type": "gcp:compute/address:Address", "parent": stack, "inputs": {}},
        }
    ]
    told = {"steps": steps, "config": {"gcp:zone": "europe-west4-b"}}
    assert priced(json.dumps(told).encode()).report.total == Decimal("8.03")
    (missing,) = priced(json.dumps({"steps": steps}).encode()).report.not_priced
    assert "in which region" in missing.why


def test_no_shape_of_inputs_ends_in_a_traceback(recorded):
    """Every input of every resource is replaced by each of some odd values: all are priced, or named."""
    document = json.loads(recorded("create"))
    for number, one in enumerate(document["steps"]):
        for name in one["newState"].get("inputs", {}):
            for odd in (7, "odd", {}, [None], [{"x": 1}]):
                changed = json.loads(json.dumps(document))
                changed["steps"][number]["newState"]["inputs"][name] = odd
                found = estimate(
                    preview.read(json.dumps(changed).encode(), "p").after, options=Options(alternatives=False)
                )
                assert len(found.resources) + len(found.not_priced) == 9
