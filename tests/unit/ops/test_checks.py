"""One list of checks for laptop, pre-commit and CI."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from lyceum_ops import checkout, checks
from lyceum_ops.errors import UsageFailure
from lyceum_ops.progress import Progress


def test_pre_commit_names_the_same_checks_for_the_same_files() -> None:
    hooks = yaml.safe_load((checkout.ROOT / ".pre-commit-config.yaml").read_text())["repos"][0]["hooks"]
    listed = [(hook["id"], hook["entry"], hook["name"], hook["files"]) for hook in hooks]
    assert listed == [
        (check.name, f"./lyceum check {check.name}", check.says, check.files) for check in checks.all_checks()
    ]


def test_patterns_of_files_are_valid() -> None:
    for check in checks.all_checks():
        re.compile(check.files)
        assert (checkout.ROOT / check.folder).is_dir()


def test_an_unknown_check_is_a_mistake_on_the_command_line() -> None:
    with pytest.raises(UsageFailure, match="no check 'nonsense'"):
        checks.run(["nonsense"], Progress())


def test_packages_are_there() -> None:
    assert [name for name in checks.PACKAGES if not Path(checkout.ROOT, name).is_dir()] == []
