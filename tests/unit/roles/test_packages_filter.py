"""The packages of a machine's roles are collected before the roles run."""

import importlib.util
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[3]
spec = importlib.util.spec_from_file_location("filter_lyceum", ROOT / "playbooks/plugins/filter/lyceum.py")
assert spec is not None
assert spec.loader is not None
plugin = importlib.util.module_from_spec(spec)
spec.loader.exec_module(plugin)


def _role(folder: Path, name: str, text: str) -> None:
    (folder / name / "vars").mkdir(parents=True)
    (folder / name / "vars/main.yml").write_text(text)


def test_union_of_the_groups_of_a_machine(tmp_path: Path) -> None:
    _role(tmp_path, "one", "__one__packages: [b, a]")
    _role(tmp_path, "two", "__two__packages: [a, c]")
    _role(tmp_path, "three", "__three__packages: '{{ a_template }}'")
    roles = {"g": ["one"], "h": ["two", "three", "four"], "i": []}
    assert plugin.packages(["g"], roles, str(tmp_path)) == ["a", "b"]
    assert plugin.packages(["h", "g", "all"], roles, str(tmp_path)) == ["a", "b", "c"]


def test_every_role_of_a_group_is_there() -> None:
    roles = yaml.safe_load((ROOT / "playbooks/vars/groups.yml").read_text())["roles_of_group"]
    assert {role for several in roles.values() for role in several} <= {
        path.name for path in (ROOT / "roles").iterdir()
    }
