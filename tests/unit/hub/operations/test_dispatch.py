"""Reading calls: JSON, fields, NUL characters, failures."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lyceum_hub.errors import HubError
from lyceum_hub.operations import REGISTRY
from lyceum_hub.operations.dispatch import _field_with_nul, _input, check_who, decode, find
from lyceum_hub.operations.registry import Who
from lyceum_hub.services.caller import Caller

PROJECT = "6f2bd1a7-4f0a-4d5e-9a43-1f0d5b2f7c11"


def failure(function: Any, *arguments: Any) -> tuple[str, str | None, str]:
    with pytest.raises(HubError) as raised:
        function(*arguments)
    return raised.value.code, raised.value.field, raised.value.message


@pytest.mark.parametrize("body", ["", "{", "nan", '{"a": 1}}', '"\\ud800"', "[" * 50_000, b"\xff", "{'a': 1}"])
def test_what_is_not_json_is_malformed(body: str | bytes) -> None:
    assert failure(decode, body)[0] == "malformed"


@given(st.binary())
def test_any_bytes_are_an_object_or_an_error(body: bytes) -> None:
    try:
        fields = decode(body)
    except HubError as error:
        refused = error.code
    else:
        refused = None
        assert isinstance(fields, dict)
    assert refused in {None, "malformed", "invalid"}


@pytest.mark.parametrize(
    ("event", "fields", "field"),
    [
        ("create_project", {}, "title"),
        ("create_project", {"title": None}, "title"),
        ("create_project", {"title": "x", "start": "yes"}, "start"),
        ("create_project", {"title": "x", "colour": 1}, "colour"),
        ("start_project", {"project_id": PROJECT, "wait": -1}, "wait"),
        ("start_project", {"project_id": PROJECT, "wait": 601}, "wait"),
        ("project_exec", {"project_id": PROJECT, "command": "id", "args": [1]}, "args[0]"),
        ("project_exec", {"project_id": PROJECT, "command": "id", "timeout": 0}, "timeout"),
        (
            "write_text_file",
            {"project_id": PROJECT, "path": "a", "content": "", "unmodified_since": "x"},
            "unmodified_since",
        ),
        ("invite_collaborator", {"project_id": PROJECT, "role": "king"}, "role"),
        ("create_project", {"title": "a\0b"}, "title"),
        ("project_exec", {"project_id": PROJECT, "command": "id", "args": ["a", "\0"]}, "args"),
    ],
)
def test_an_invalid_field_is_named(event: str, fields: dict[str, Any], field: str) -> None:
    code, named, message = failure(_input, REGISTRY[event], fields)
    assert (code, named) == ("invalid", field)
    assert field in message


def test_a_nul_is_found_in_any_depth() -> None:
    assert _field_with_nul({"a": [{"b": ["x", {"c\0": 1}]}]}) == "a"
    assert _field_with_nul({"\0": 1}) == "?"
    assert _field_with_nul({"a": "x", "b": [1, None, 2.5, True]}) is None


def test_who_may_call_what() -> None:
    nobody, person = None, Caller(account_id=None, email_address="", administrator=False, token_hash=b"")  # type: ignore[arg-type]
    assert failure(check_who, find("get_projects"), nobody)[0] == "not_signed_in"
    assert failure(check_who, find("set_quotas"), nobody)[0] == "not_signed_in"
    assert failure(check_who, find("set_quotas"), person)[0] == "forbidden"
    check_who(find("get_site"), nobody)
    check_who(find("start_project"), person)  # whether the project is theirs is asked with its id
    assert failure(find, "x" * 1000)[0] == "unknown_event"


def test_the_operations_and_who_may_call_them_are_these() -> None:
    found = {who: sorted(name for name, operation in REGISTRY.items() if operation.who is who) for who in Who}
    assert found == {
        Who.ANYBODY: ["create_account", "get_site", "sign_in"],
        Who.ADMINISTRATOR: [
            "decline_quotas", "get_hosts", "get_quota_requests", "kill_all", "set_draining", "set_quotas", "stop_all",
        ],
        Who.SIGNED_IN: [
            "add_ssh_key", "change_password", "create_api_key", "create_project", "delete_api_key", "delete_ssh_key",
            "get_account", "get_projects", "list_api_keys", "list_ssh_keys", "sign_out",
        ],
        Who.PEOPLE: [
            "copy_path", "delete_path", "empty_trash", "get_usage", "get_usage_history", "invite_collaborator",
            "kill_project", "list_directory", "list_ports", "list_snapshot_directory", "list_snapshots", "list_trash", "make_directory",
            "move_path",            "project_exec", "read_snapshot_file", "read_text_file", "remove_collaborator", "rename_path", "request_quotas", "restart_project",
            "restore_from_trash", "restore_path", "save_project", "start_project", "stop_project", "unpack_archive",
            "update_project", "write_text_file",
        ],
    }  # fmt: skip
