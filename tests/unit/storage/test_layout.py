"""Names that strangers choose."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lyceum_storage.layout import InvalidNameError, Layout, check_project_id, snapshot_name, snapshot_time, split_path

ID = "11111111-2222-4333-8444-555555555555"


def test_everything_of_a_project_lies_below_the_data() -> None:
    layout = Layout(Path("/storage"))
    assert layout.home(ID) == Path(f"/storage/copies/{ID}/home")
    assert layout.snapshots_of(ID) == Path(f"/storage/snapshots/{ID}")
    assert layout.record(ID) == Path(f"/storage/records/{ID}.json")


@pytest.mark.parametrize(
    "project_id", ["", "..", ID.upper().replace("1", "A"), ID + "\n", ID + "/", f"../{ID}", ID[:-1], "/" + ID]
)
def test_only_a_uuid_is_a_project(project_id: str) -> None:
    with pytest.raises(InvalidNameError):
        check_project_id(project_id)


@given(st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001
def test_a_snapshot_is_named_for_its_second(time: datetime) -> None:
    assert snapshot_time(snapshot_name(time)) == time.replace(microsecond=0)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "latest",
        "2026-11-22",
        "2026-13-22T10:15:00Z",
        "2026-11-22T10:15:00Z\n",
        "../2026-11-22T10:15:00Z",
        "2026-11-22T10:15:00+00:00",
    ],
)
def test_nothing_else_is_a_snapshot(name: str) -> None:
    assert snapshot_time(name) is None


@pytest.mark.parametrize(
    ("path", "names"),
    [
        (b"", []),
        (b".", []),
        (b"a", [b"a"]),
        (b"a//./b/", [b"a", b"b"]),
        (b"...", [b"..."]),
        (b"sp ace/'q\"/new\nline", [b"sp ace", b"'q\"", b"new\nline"]),
        (b"\xff\xfe", [b"\xff\xfe"]),
    ],
)
def test_a_path_is_its_names(path: bytes, names: list[bytes]) -> None:
    assert split_path(path) == names


@pytest.mark.parametrize("path", [b"..", b"a/../b", b"../a", b"a/..", b"/etc/passwd", b"/", b"a\0b", b"x" * 4096])
def test_a_path_that_leads_elsewhere_is_refused(path: bytes) -> None:
    with pytest.raises(InvalidNameError):
        split_path(path)


@given(st.binary(max_size=300))
def test_no_path_yields_a_name_that_climbs(path: bytes) -> None:
    try:
        names = split_path(path)
    except InvalidNameError:
        return
    assert all(name not in (b"", b".", b"..") and b"/" not in name and b"\0" not in name for name in names)
