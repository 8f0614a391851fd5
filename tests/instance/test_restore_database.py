"""The database comes back from a dump. These tests run alone: they stop the hubs."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from testinfra.host import Host

from tests.deployment import ROOT, Deployment
from tests.instance.client import PASSWORD, Client, refused
from tests.instance.conftest import ClientMaker

pytestmark = pytest.mark.faults


def restore(deployment: Deployment, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the playbook."""
    environment = dict(os.environ)
    key = deployment.inventory / ".vault-password"
    if key.exists():
        environment["ANSIBLE_VAULT_PASSWORD_FILE"] = str(key)
    command = [ROOT / ".venv/bin/ansible-playbook", "-i", deployment.inventory, ROOT / "playbooks/restore-database.yml"]
    return subprocess.run(  # noqa: S603 - our own playbook
        [*command, *arguments], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=600, check=False
    )


def dumps(database: Host) -> list[dict[str, Any]]:
    """The dumps, oldest first."""
    found: list[dict[str, Any]] = json.loads(database.check_output("lyceum-dump list"))
    return found


def ask(database: Host, statement: str) -> str:
    return str(database.check_output("runuser -u postgres -- psql -d lyceum -qtAc %s", statement))


@contextmanager
def without_what_was_kept(database: Host) -> Iterator[None]:
    """Remove afterwards the databases that a restoration keeps."""
    try:
        yield
    finally:
        names = ask(database, "select datname from pg_database where datname like 'lyceum_before_%'").split()
        for name in names:
            database.check_output("runuser -u postgres -- dropdb %s", name)


def test_an_account_that_was_deleted_is_back(deployment: Deployment, client: Client, new_client: ClientMaker) -> None:
    database = deployment.host(deployment.groups["database"][0])
    project_id = client.call("create_project", title="Lost and found")["project_id"]
    before = len(dumps(database))
    database.check_output("systemctl start lyceum-dump")
    assert len(dumps(database)) > min(before, 14)
    late = new_client()
    late.create_account("Late")
    uid = int(ask(database, "select max(uid) from projects"))
    ask(database, "delete from projects where title = 'Lost and found'")
    ask(database, "delete from accounts where first_name = 'Ada'")

    with without_what_was_kept(database):
        done = restore(deployment, "-e", "dump=latest")
        assert done.returncode == 0, done.stdout[-3000:]

        back = new_client()
        back.call("sign_in", email_address=client.email_address, password=PASSWORD)
        assert [found["project_id"] for found in back.call("get_projects")["projects"]] == [project_id]
        with refused(401, "wrong_credentials"):
            new_client().call("sign_in", email_address=late.email_address, password=PASSWORD)
        back.call("create_project", title="After")
        assert int(ask(database, "select max(uid) from projects where title = 'After'")) > uid


@pytest.mark.parametrize("dump", ["2020-01-01T00:00:00Z", "latest; id"])
def test_an_unknown_dump_is_refused_and_nothing_stops(deployment: Deployment, shared_client: Client, dump: str) -> None:
    done = restore(deployment, "-e", json.dumps({"dump": dump}))
    assert done.returncode != 0
    assert "there is no dump" in done.stdout or "Say which dump is to be restored" in done.stdout
    assert "Stop the hubs" not in done.stdout
    assert shared_client.call("get_projects")["projects"] == []
