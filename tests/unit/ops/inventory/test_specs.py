"""What argument_specs say of values."""

import pytest
from lyceum_ops.inventory.specs import Option, misfits

SIZES = Option(
    name="sizes",
    type="dict",
    options={
        "disk": Option(name="disk", type="int", required=True),
        "names": Option(name="names", type="list", elements="str"),
    },
)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"disk": 1}, []),
        ({"disk": 1, "names": ["a"]}, []),
        ({}, ["sizes lacks the key disk"]),
        ({"disk": "1"}, ["sizes.disk must be a whole number, not '1'"]),
        ({"disk": 1, "nams": []}, ["sizes has no key nams; did you mean names?"]),
        ({"disk": 1, "xxxxxx": []}, ["sizes has no key xxxxxx"]),
        (
            {"disk": 1, "names": ["a", 2]},
            ["sizes.names[1] must be a text (in quotes, if it looks like a number), not 2"],
        ),
        ("x", ["sizes must be a mapping, not 'x'"]),
    ],
)
def test_mapping(value: object, expected: list[str]) -> None:
    assert misfits(SIZES, value) == expected


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        ("str", "x", 1),
        ("path", "/x", ["/x"]),
        ("int", 1, "1"),
        ("int", 0, False),
        ("float", 1, "1.5"),
        ("bool", False, "yes"),
        ("list", [], "a,b"),
        ("dict", {}, []),
    ],
)
def test_types(kind: str, good: object, bad: object) -> None:
    assert misfits(Option(name="x", type=kind), good) == []
    assert len(misfits(Option(name="x", type=kind), bad)) == 1


def test_raw_takes_anything() -> None:
    assert misfits(Option(name="x", type="raw"), object()) == []


def test_long_value_is_cut() -> None:
    (problem,) = misfits(Option(name="x", type="int"), "y" * 1000)
    assert len(problem) < 120
