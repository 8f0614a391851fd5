"""Settings that cannot work or are unsafe are refused in one line that names the field."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from lyceum_stacks import configuration, sizes
from lyceum_stacks.configuration import SettingsError
from lyceum_stacks.errors import WrongUse

from tests.unit.stacks.cloud import OWN, settings

ZONES = "europe-west4"


def _refused(**changes: Any) -> str:
    with pytest.raises(SettingsError) as caught:
        settings(**changes)
    (problem,) = caught.value.problems
    assert "\n" not in problem
    return problem


def _file(folder: Path, text: str) -> None:
    (folder / "Pulumi.campus.yaml").write_text(text)


@pytest.mark.parametrize("stack", ["small", "medium", "large"])
def test_our_stacks_can_be_used_once_the_examples_are_replaced(stack: str) -> None:
    found = configuration.from_file(stack)
    assert found.size.name == stack
    assert found.size.weekly_users == {"small": 100, "medium": 2000, "large": 20000}[stack]
    with pytest.raises(SettingsError, match="gcp:project: it is still the example"):
        configuration.refuse_examples(found)


def test_own_settings_are_no_examples() -> None:
    assert configuration.refuse_examples(settings()) == settings()


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"size": "tiny"}, "size: there is no size 'tiny'; there are small, medium, large"),
        ({"region": "europe-west44"}, "there is no region 'europe-west44'; did you mean europe-west4?"),
        ({"zones": [f"{ZONES}-a", f"{ZONES}-b", "us-east1-b"]}, "zones: us-east1-b is no zone of europe-west4; it has europe-west4-a, europe-west4-b, europe-west4-c"),
        ({"zones": [f"{ZONES}-a"]}, "zones: 1 are named (europe-west4-a); size.zones is 3"),
        ({"zones": [f"{ZONES}-a", f"{ZONES}-a", f"{ZONES}-b"]}, "zones: one stands twice"),
        ({"groups": {"hub": {"machine_type": "n2-standard-5"}}}, "size.groups.hub.machine_type: there is no machine type 'n2-standard-5'; did you mean n2-standard-8?"),
        ({"groups": {"hub": {"machine_type": "n4-standard-4"}}}, "size.groups.hub.machine_type: n4-standard-4 takes only Hyperdisk, and these stacks use Persistent Disks; take one of E2, N2 or C3"),
        ({"groups": {"hub": {"machine_type": "t2a-standard-4"}}}, "size.groups.hub.machine_type: t2a-standard-4 is an Arm machine; Lyceum's wheels are built for x86. Take one of E2, N2 or T2D"),
        ({"groups": {"compute": {"count": -1}}}, "size.groups.compute.count: Input should be greater than or equal to 0, not -1"),
        ({"groups": {"compute": {"count": 100000}}}, "size.groups.compute.count: Input should be less than or equal to 500, not 100000"),
        ({"groups": {"compute": {"count": 0}}}, "size.groups: compute: every instance needs at least one machine of this group"),
        ({"groups": {"database": {"count": 2}}}, "size.groups: database.count: an instance has one database machine, not 2"),
        ({"groups": {"compute": {"data_disk": {"size": -5}}}}, "size.groups.compute.data_disk.size: Input should be greater than or equal to 10, not -5"),
        ({"groups": {"compute": {"data_disk": None}}}, "size.groups: compute.data_disk: it is not there; what people made must be on a disk of its own"),
        ({"groups": {"hub": {"data_disk": {"size": 20}}}}, "size.groups: hub.data_disk: machines of this group keep no data; leave it out"),
        ({"groups": {"compute": {"machine_type": "e2-micro"}}}, "size.groups: compute.machine_type: e2-micro has 1 GiB of memory; this group needs 4"),
        ({"groups": {"database": {"machine_type": "c3-standard-4"}}}, "size.groups.database: data_disk.replicated: c3-standard-4 cannot use such disks; E2, N1, N2, N2D can"),
        ({"groups": {"hub": {"cuont": 3}}}, "size.groups.hub.cuont: there is no such setting; did you mean count?"),
        ({"project": "X"}, "project: String should match pattern '^[a-z][a-z0-9-]{4,28}[a-z0-9]$', not 'X'"),
        ({"domain": "lyceum"}, "domain: 'lyceum' is no domain such as lyceum.example.org"),
        ({"project_domain": "elsewhere.org"}, "project_domain: elsewhere.org is not below lyceum.campus.edu; with dns, one zone holds both"),
        ({"project_domain": "lyceum.campus.edu", "dns": False}, "project_domain: it is the domain itself; what projects serve needs an origin of its own"),
        ({"network": "8.8.0.0/16"}, "network: 8.8.0.0/16 must be a private range of addresses of at least /20, such as 10.64.0.0/16"),
        ({"network": "10.0.0.0/28"}, "network: 10.0.0.0/28 must be a private range of addresses of at least /20, such as 10.64.0.0/16"),
        ({"administration_ranges": ["0.0.0.0/0"]}, "administration_ranges: 0.0.0.0/0 would open SSH of the machines to the internet; allowed are the Identity-Aware Proxy (35.235.240.0/20) and private ranges"),
        ({"administration_ranges": ["10.1.0.0/16", "198.18.0.1/33"]}, "administration_ranges: '198.18.0.1/33' is no range of addresses such as 10.64.0.0/16"),
        ({"administration_ranges": ["203.0.113.0/24"]}, "administration_ranges: 203.0.113.0/24 would open SSH of the machines to the internet; allowed are the Identity-Aware Proxy (35.235.240.0/20) and private ranges"),
        ({"administrators": ["allUsers"]}, "administrators: allUsers would let everybody in; name people, groups or service accounts"),
        ({"administrators": ["ada@campus.edu"]}, "administrators: 'ada@campus.edu' must be user:..., group:... or serviceAccount:... with an address"),
        ({"administrators": []}, "administrators: Tuple should have at least 1 item after validation, not 0"),
        ({"backups": {"readers": ["allAuthenticatedUsers"]}}, "backups.readers: allAuthenticatedUsers would let everybody in; name people, groups or service accounts"),
        ({"backups": {"location": "europe-west4"}}, "backups.location: europe-west4 is where the machines are; copies would be lost with it"),
        ({"backups": {"offsite_keep_days": 5}}, "backups: offsite_keep_days: 5 is less than offsite_retention_days (30)"),
        ({"backups": {"locked": True}}, "backups.locked: there is no such setting; did you mean lock?"),
        ({"budget": {"amount": -3, "emails": ["a@b.org"]}}, "budget.amount: Input should be greater than or equal to 1, not -3"),
        ({"budget": {"amount": 3, "emails": ["nobody"]}}, "budget.emails: 'nobody' is no address of e-mail"),
        ({"billing_account": "mine"}, "billing_account: String should match pattern '^[0-9A-F]{6}-[0-9A-F]{6}-[0-9A-F]{6}$', not 'mine'"),
        ({"image": "debian-cloud/debian-12"}, "image: Input should be 'debian-cloud/debian-13', not 'debian-cloud/debian-12'"),
        ({"os_login": False}, "ssh_keys: without os_login at least one key is needed, or nobody gets in"),
        ({"ssh_keys": ["ada:ssh-ed25519 AAAA"]}, "ssh_keys: with os_login, keys belong to people's accounts; leave them out"),
        ({"os_login": False, "ssh_keys": ["AAAA"]}, "ssh_keys: 'AAAA' is no key such as 'ada:ssh-ed25519 AAAA...'"),
        ({"labels": {"Team": "x"}}, "labels: Team=x: lower-case letters, digits, _ and -, a letter first"),
        ({"domian": "x.org"}, "domian: there is no such setting; did you mean domain?"),
    ],
)  # fmt: skip
def test_refused(changes: dict[str, Any], says: str) -> None:
    assert _refused(**changes) == says


def test_several_machines_of_a_kind_need_a_second_zone() -> None:
    one = sizes.describe("small") | {"zones": 1}
    assert (
        _refused(size=one)
        == "size: zones: 1 is too few, as groups.compute has 2 machines, which are to survive the loss of a zone"
    )


def test_every_problem_is_told_at_once() -> None:
    with pytest.raises(SettingsError) as caught:
        settings(project="X", labels={"A": "b"})
    assert len(caught.value.problems) == 2
    assert str(caught.value).splitlines()[0].startswith("campus: project: ")


def test_what_follows_from_other_settings_is_filled_in() -> None:
    found = settings(region="us-east1")
    assert found.zones == ("us-east1-b", "us-east1-c", "us-east1-d")
    assert found.backups.location == "us-central1"
    assert found.project_domain == "projects.lyceum.campus.edu"


def test_moved_to_another_region() -> None:
    found = configuration.moved(settings(), "asia-southeast1")
    assert found.zones[0] == "asia-southeast1-a"
    assert found.backups.location == "asia"
    assert configuration.moved(found, "europe-west4") == settings()
    with pytest.raises(WrongUse, match="there is no region 'mars'"):
        configuration.moved(settings(), "mars")


def test_single_values_of_a_size_are_replaced() -> None:
    found = settings(groups={"compute": {"count": 4, "data_disk": {"size": 2000}}})
    assert (found.size.groups["compute"].count, found.size.groups["compute"].machine_type) == (4, "n2-highmem-8")
    assert found.size.groups["compute"].data_disk == sizes.DataDisk(size=2000, snapshots=False)


def test_size_made_by_code() -> None:
    made = sizes.load("small").model_copy(update={"name": "course", "weekly_users": 30})
    assert settings(size=made).size == made


def test_engine_hands_over_objects_as_json() -> None:
    config = {f"lyceum:{name}": value for name, value in OWN.items() if isinstance(value, str)} | {
        "gcp:project": OWN["project"], "gcp:region": "europe-west4", "lyceum:size": "medium", "lyceum:administrators": '["group:operators@campus.edu"]',
        "lyceum:budget": '{"amount": 3000, "emails": ["it@campus.edu"]}', "lyceum:groups": '{"compute": {"count": 4}}',
        "lyceum:dns": "false", "gcp:zone": "europe-west4-a", "pulumi:tags": "{}",
    }  # fmt: skip
    config.pop("lyceum:project")
    found = configuration.from_config("campus", config)
    assert found == settings(groups={"compute": {"count": 4}}, dns=False)


def test_project_belongs_to_googles_own_settings() -> None:
    with pytest.raises(SettingsError, match="lyceum:project: there is no such setting; it is gcp:project"):
        configuration.from_config("campus", {"lyceum:project": "x"})


def test_unknown_stack() -> None:
    with pytest.raises(
        WrongUse, match=r"there is no stack 'mediun' \(no file Pulumi.mediun.yaml\); did you mean medium\?"
    ):
        configuration.from_file("mediun")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("config:\n  - [", "Pulumi.campus.yaml:2: it is no YAML"),
        ("[]", "Pulumi.campus.yaml: it has no mapping `config`"),
        ("", "Pulumi.campus.yaml: it has no mapping `config`"),
        ("config: {lyceum:size: small}", "project: it is not set"),
    ],
)
def test_broken_file(tmp_path: Path, text: str, says: str) -> None:
    _file(tmp_path, text)
    with pytest.raises(SettingsError) as caught:
        configuration.from_file("campus", tmp_path)
    assert caught.value.problems[0] == says
