"""READMEs of roles: made from argument_specs, and never stale."""

from pathlib import Path

import pytest
import yaml
from lyceum_ops import role_readme
from lyceum_ops.inventory.specs import load_role, load_roles

ROLES = load_roles(role_readme.ROLES)


@pytest.mark.parametrize("role", ROLES)
def test_readme_is_fresh(role: str) -> None:
    path = role_readme.ROLES / role / "README.md"
    assert path.read_text() == role_readme.readme(role, ROLES[role]), "run python -m lyceum_ops.role_readme"


@pytest.mark.parametrize("role", ROLES)
def test_defaults_and_argument_specs_agree(role: str) -> None:
    assert list(role_readme.disagreements(role_readme.ROLES / role, ROLES[role])) == []


def _role(folder: Path, options: dict[str, object], defaults: dict[str, object]) -> Path:
    role = folder / "thing"
    (role / "meta").mkdir(parents=True)
    (role / "defaults").mkdir()
    entry = {"short_description": "A thing", "description": ["Holds C(x)."], "options": options}
    (role / "meta/argument_specs.yml").write_text(yaml.safe_dump({"argument_specs": {"main": entry}}))
    (role / "defaults/main.yml").write_text(yaml.safe_dump(defaults))
    return role


@pytest.mark.parametrize(
    ("options", "defaults", "message"),
    [
        ({}, {"thing__x": 1}, "thing__x is not declared"),
        ({"thing__x": {"type": "int", "default": 2, "description": "X."}}, {"thing__x": 1}, "is 1, but"),
        ({"thing__x": {"type": "int", "default": 2, "description": "X."}}, {}, "none here"),
        ({"thing__x": {"type": "int", "required": True, "description": "X."}}, {"thing__x": 1}, "must have no default"),
        ({"thing__x": {"type": "int"}}, {}, "has no description"),
        ({"other__x": {"type": "int", "description": "X."}}, {}, "must begin with thing__"),
    ],
)
def test_disagreement(tmp_path: Path, options: dict[str, object], defaults: dict[str, object], message: str) -> None:
    role = _role(tmp_path, options, defaults)
    (found,) = role_readme.disagreements(role, load_role(role))
    assert message in found


def test_table(tmp_path: Path) -> None:
    role = _role(tmp_path, {"thing__x": {"type": "int", "default": 2, "choices": [1, 2], "description": "a | b"}}, {})
    text = role_readme.readme("thing", load_role(role))
    assert "- Holds `x`." in text
    assert "| `thing__x` | int | `2` | a \\| b One of `1`, `2`. |" in text
