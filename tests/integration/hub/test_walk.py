"""The main job, through both hubs."""

from __future__ import annotations

from .site import Person


def test_from_sign_up_to_a_file_in_a_project_through_both_hubs(ada: Person) -> None:
    project_id = ada.project(title="Prime numbers", description="for class")
    started = ada.ok("start_project", hub=1, project_id=project_id, wait=10)
    assert started["state"] == "running"
    done = ada.ok("project_exec", project_id=project_id, command="id")
    assert done["stdout"] == "ran id"
    ada.ok("write_text_file", hub=1, project_id=project_id, path="a b/ü.txt", content="hello")
    assert ada.ok("read_text_file", project_id=project_id, path="a b/ü.txt")["content"] == "hello"
    saved = ada.ok("save_project", hub=1, project_id=project_id, wait=10)
    assert saved["snapshot"]
    assert len(ada.ok("list_snapshots", project_id=project_id)["snapshots"]) == 2
    restored = ada.ok("restore_path", hub=1, project_id=project_id, snapshot="x", path="a b")
    assert restored == {"restored": ["a b"], "set_aside": []}
    (row,) = ada.ok("get_projects")["projects"]
    assert (row["title"], row["state"], row["host"]) == ("Prime numbers", "running", row["host"])
    assert row["last_saved"] is not None
    assert [user["role"] for user in row["users"]] == ["owner"]
    assert ada.ok("stop_project", project_id=project_id, wait=10)["state"] == "opened"
    assert ada.refused("project_exec", 409, "not_running", project_id=project_id, command="id")
