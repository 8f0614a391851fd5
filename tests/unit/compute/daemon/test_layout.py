from __future__ import annotations

from pathlib import Path

import pytest
from lyceum_compute.daemon import layout
from lyceum_compute.protocol.errors import FaultError

ID = "c2b6ca5e-8f33-4b8a-b1c6-4b1a5e0c2f11"


def test_a_project_s_places() -> None:
    project = layout.Layout(Path("/projects"), ID)
    assert project.name == "c2b6ca5e8f334b8ab1c64b1a5e0c2f11"
    assert project.home == Path(f"/projects/{ID}/home")
    assert project.unit == "lyceum-project@c2b6ca5e8f334b8ab1c64b1a5e0c2f11.service"
    assert project.slice == "lyceum-projects-c2b6ca5e8f334b8ab1c64b1a5e0c2f11.slice"
    assert layout.id_of_name(project.name) == ID


@pytest.mark.parametrize(
    "project_id", ["", "..", "../x", ID.upper(), ID + "\n", ID.replace("-", ""), "/" + ID, ID + "/x", ID[:-1]]
)
def test_what_is_no_id_is_refused(project_id: str) -> None:
    with pytest.raises(FaultError) as caught:
        layout.check_id(project_id)
    assert caught.value.code == "invalid"


@pytest.mark.parametrize("uid", [-1, 0, 1000, 65534, 99_999, 2**32])
def test_users_of_the_system_are_no_projects(uid: int) -> None:
    with pytest.raises(FaultError):
        layout.check_uid(uid)
