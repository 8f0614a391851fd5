from __future__ import annotations

import fcntl
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
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


@contextmanager
def held(etc: Path) -> Iterator[None]:
    """Hold the lock as ``useradd`` does: another open file, another owner."""
    with (etc / ".pwd.lock").open("w") as file:
        fcntl.fcntl(file, fcntl.F_OFD_SETLK, accounts._WHOLE_FILE)
        yield


def test_the_lock_of_another_program_is_waited_for(etc: Path) -> None:
    with ThreadPoolExecutor(1) as thread:
        with held(etc):
            making = thread.submit(accounts.ensure, NAME, 200001, HOME, etc=etc)
            with pytest.raises(TimeoutError):
                making.result(0.1)
        assert making.result(10) is True


def test_a_lock_that_is_never_let_go_is_given_up_and_held_by_nobody(etc: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(accounts, "LOCK_TIMEOUT", 0.05)
    with held(etc), pytest.raises(accounts.AccountError, match="another program holds"):
        accounts.ensure(NAME, 200001, HOME, etc=etc)
    monkeypatch.setattr(accounts, "LOCK_TIMEOUT", 10)
    assert accounts.ensure(NAME, 200001, HOME, etc=etc) is True


def test_a_user_that_is_there_needs_no_lock(etc: Path) -> None:
    accounts.ensure(NAME, 200001, HOME, etc=etc)
    with held(etc):
        assert accounts.ensure(NAME, 200001, HOME, etc=etc) is False
