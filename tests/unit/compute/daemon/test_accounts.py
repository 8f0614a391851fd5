from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from lyceum_compute.daemon import accounts

NAME = "c2b6ca5e8f334b8ab1c64b1a5e0c2f11"
OTHER = "d2b6ca5e8f334b8ab1c64b1a5e0c2f11"
HOME = Path("/projects/x/home")


@pytest.fixture
def etc(tmp_path: Path) -> Path:
    (tmp_path / "passwd").write_text("root:x:0:0:root:/root:/bin/bash\n")
    (tmp_path / "group").write_text("root:x:0:")  # no newline at the end, as an editor may leave it
    return tmp_path


def test_a_user_is_added_once(etc: Path) -> None:
    assert accounts.ensure(NAME, 200001, HOME, etc=etc)
    once = (etc / "passwd").read_text(), (etc / "group").read_text()
    assert not accounts.ensure(NAME, 200001, HOME, etc=etc)
    assert ((etc / "passwd").read_text(), (etc / "group").read_text()) == once
    assert once[0].splitlines()[-1] == f"{NAME}:*:200001:200001::/projects/x/home:/bin/bash"
    assert once[1] == f"root:x:0:\n{NAME}:*:200001:\n"


def test_mode_of_the_file_is_kept(etc: Path) -> None:
    (etc / "passwd").chmod(0o644)
    accounts.ensure(NAME, 200001, HOME, etc=etc)
    assert (etc / "passwd").stat().st_mode & 0o777 == 0o644


def test_a_number_or_name_that_is_another_s_is_refused(etc: Path) -> None:
    accounts.ensure(NAME, 200001, HOME, etc=etc)
    with pytest.raises(accounts.AccountError, match=NAME):
        accounts.ensure(OTHER, 200001, HOME, etc=etc)
    with pytest.raises(accounts.AccountError):
        accounts.ensure(NAME, 200002, HOME, etc=etc)
    with pytest.raises(accounts.AccountError):
        accounts.ensure(OTHER, 0, HOME, etc=etc)


@pytest.mark.parametrize("name", ["root", "", f"{NAME}:", f"{NAME}\n", NAME.upper()])
def test_only_projects_names_are_users(etc: Path, name: str) -> None:
    with pytest.raises(accounts.AccountError):
        accounts.ensure(name, 200001, HOME, etc=etc)
    with pytest.raises(accounts.AccountError):
        accounts.remove(name, etc=etc)


def test_removing_leaves_the_others(etc: Path) -> None:
    before = (etc / "passwd").read_text()
    accounts.ensure(NAME, 200001, HOME, etc=etc)
    accounts.remove(NAME, etc=etc)
    accounts.remove(NAME, etc=etc)
    assert (etc / "passwd").read_text() == before


def test_a_damaged_file_is_left_alone(etc: Path) -> None:
    (etc / "group").write_text("")
    with pytest.raises(accounts.AccountError, match="damaged"):
        accounts.ensure(NAME, 200001, HOME, etc=etc)
    assert (etc / "group").read_text() == ""


def test_many_users_at_once(etc: Path) -> None:
    """A lock of the process alone let threads write over each other: of twelve starts at once some failed."""
    names = {f"{number:032x}": 200_000 + number for number in range(40)}
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda one: accounts.ensure(*one, HOME, etc=etc), names.items()))
    found = {line.split(":")[0]: line.split(":")[2] for line in (etc / "passwd").read_text().splitlines()}
    assert found == {"root": "0"} | {name: str(uid) for name, uid in names.items()}
