"""What a compute host's key may ask of the receiver."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lyceum_storage.command import Fetch, RefusedError, Save, parse

ID = "11111111-2222-4333-8444-555555555555"
SNAPSHOT = "2026-11-22T10:15:00Z"
#: As rsync 3.4 and 3.5 send them for the command lines in docs/architecture.md.
SAVE = "rsync --server -lHogDtpAXrSe.iLsfxCIvu --timeout=600 -@-1 --delete-excluded --numeric-ids . "
FETCH = "rsync --server --sender -lHogtpAXrSe.iLsfxCIvu --specials --timeout=600 --numeric-ids . "


def test_a_save() -> None:
    options = ("-lHogDtpAXrSe.iLsfxCIvu", "--timeout=600", "-@-1", "--delete-excluded", "--numeric-ids")
    assert parse(f"{SAVE}{ID}/") == Save(ID, options)


def test_a_fetch_of_everything() -> None:
    options = ("-lHogtpAXrSe.iLsfxCIvu", "--specials", "--timeout=600", "--numeric-ids")
    assert parse(f"{FETCH}{ID}/latest/") == Fetch(ID, "latest", (), options)


def test_a_fetch_of_a_path() -> None:
    path = b"a folder/new\nline \xff"
    asked = parse(f"{FETCH}{ID}/{SNAPSHOT}/{path.hex()}")
    assert isinstance(asked, Fetch)
    assert asked.snapshot == SNAPSHOT
    assert asked.names == (b"a folder", b"new\nline \xff")


def test_the_order_of_letters_is_the_clients_own() -> None:
    assert isinstance(
        parse(f"rsync --server -logDtprHAXSe.LsfxCIvu -@-1 --numeric-ids --delete-excluded . {ID}/"), Save
    )


@pytest.mark.parametrize(
    "command",
    [
        "",
        "id",
        "rsync",
        "rsync --server",
        "sh -c id",
        "rsync --daemon",
        f"/usr/bin/rsync --server -logDtprHAXSe.L -@-1 --numeric-ids --delete-excluded . {ID}/",
        f"{SAVE}{ID}/; id",
        f"{SAVE}{ID}/ && id",
        f"{SAVE}$(id)/",
        f"{SAVE}'{ID}/",  # an open quote
        f"{SAVE}{ID}",
        f"{SAVE}{ID}/..",
        f"{SAVE}{ID}/../{ID}/",
        f"{SAVE}/storage/copies/{ID}/",
        f"{SAVE}{ID}/ {ID}/",
        f"{SAVE}--log-file=/tmp/x {ID}/",
        f"{SAVE}{ID}/latest/",
        f"rsync --server -logDtprHAXSe.L -@-1 --numeric-ids . {ID}/",  # without deletion
        f"rsync --server -logDtprHAXXSe.L -@-1 --numeric-ids --delete-excluded . {ID}/",  # -XX: rsync's own attributes too
        f"rsync --server -logDtprHAXSe.L --numeric-ids --delete-excluded . {ID}/",  # times to the second
        f"rsync --server -logDtprHAXSze.L -@-1 --numeric-ids --delete-excluded . {ID}/",
        f"rsync --server -logDtprHAXS -@-1 --numeric-ids --delete-excluded . {ID}/",
        f"rsync --server -logDtprHAXSe.L -logDtprHAXSe.L -@-1 --numeric-ids --delete-excluded . {ID}/",
        f"rsync --server -logDtprHAXSe.L --timeout=0 -@-1 --numeric-ids --delete-excluded . {ID}/",
        f"rsync --server -logDtprHAXSe.L --timeout=1 --timeout=2 -@-1 --numeric-ids --delete-excluded . {ID}/",
        f"rsync --server -logDtprHAXSe.L -@-1 --numeric-ids --delete-excluded --super . {ID}/",
        f"rsync --server -logDtprHAXSe.L -@-1 --numeric-ids --delete-excluded --partial-dir=/etc . {ID}/",
        f"rsync --server -logDtprHAXSe.L -@-1 --numeric-ids --delete-excluded --remove-source-files . {ID}/",
        f"rsync --server -logDtprHAXSe.L -@-1 --numeric-ids --delete-excluded --temp-dir=/etc . {ID}/",
        f"rsync --server -logDtprHAXSe.L -@-1 --numeric-ids --delete-excluded --files-from=/etc/passwd . {ID}/",
        f"rsync --server -logDtprHAXSe.L -@-1 --numeric-ids --delete-excluded . /etc {ID}/",
        f"{FETCH}{ID}/",
        f"{FETCH}{ID}/latest",
        f"{FETCH}{ID}/yesterday/",
        f"{FETCH}{ID}/2026-99-22T10:15:00Z/",
        f"{FETCH}{ID}/../{SNAPSHOT}/",
        f"{FETCH}{ID}/{SNAPSHOT}/a.txt",
        f"{FETCH}{ID}/{SNAPSHOT}/abc",
        f"{FETCH}{ID}/{SNAPSHOT}/{b'a/../../b'.hex()}",
        f"{FETCH}{ID}/{SNAPSHOT}/{b'/etc/passwd'.hex()}",
        f"{FETCH}{ID}/{SNAPSHOT}/610062",
        f"{FETCH}{ID}/{SNAPSHOT}/{'61' * 5000}",
        f"{FETCH}{ID.upper().replace('1', 'A')}/latest/",
        f"rsync --server --sender -logtprHAXSe.L --numeric-ids . {ID}/latest/",
        f"rsync --server --sender -logtprHAXSLe.L --specials --numeric-ids . {ID}/latest/",  # would follow links
        f"rsync --server --sender -logtprHAXSe.L --specials --numeric-ids --remove-source-files . {ID}/latest/",
        f"rsync --server --sender -logtprHAXSe.L --specials --numeric-ids --copy-links . {ID}/latest/",
    ],
)
def test_anything_else_is_refused(command: str) -> None:
    with pytest.raises(RefusedError):
        parse(command)


@given(st.text(max_size=200))
def test_no_text_breaks_the_parser(text: str) -> None:
    for command in (text, SAVE + text, FETCH + text):
        try:
            asked = parse(command)
        except RefusedError:
            continue
        assert len(asked.project_id) == 36
