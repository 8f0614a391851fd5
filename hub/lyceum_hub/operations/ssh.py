"""Operations on SSH keys."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from lyceum_hub.db.ssh_keys import SshKey
from lyceum_hub.services.ssh_format import line_of, spoken

from .registry import Call, Done, Input, Output, Who, operation


class AddSshKey(Input, frozen=True):
    """``key``: a line of OpenSSH's format. With ``project_id``, it opens that project alone.

    Without ``title``, the key's comment is taken.
    """

    key: str
    title: str = ""
    project_id: UUID | None = None


class ListSshKeys(Input, frozen=True):
    """With ``project_id``, that project's own keys."""

    project_id: UUID | None = None


class DeleteSshKey(Input, frozen=True):
    """Which."""

    ssh_key_id: UUID


class SshKeyView(Output, frozen=True):
    """A public key. ``account_id``: whose it is; for a project's key, who added it (null: an administrator)."""

    ssh_key_id: UUID
    account_id: UUID | None
    project_id: UUID | None
    title: str
    key: str
    fingerprint: str
    """As OpenSSH writes it (``SHA256:...``)."""
    created: datetime
    used: datetime | None


class SshKeys(Output, frozen=True):
    """Keys, oldest first."""

    ssh_keys: list[SshKeyView]


@operation(Who.SIGNED_IN)
async def add_ssh_key(call: Call, asked: AddSshKey) -> SshKeyView:
    """Add a public key: to the caller's account, for all its projects, or to one project, by any of its people."""
    added = await call.services.ssh.add(call.by, title=asked.title, key=asked.key, project_id=asked.project_id)
    return _view(added)


@operation(Who.SIGNED_IN)
async def list_ssh_keys(call: Call, asked: ListSshKeys) -> SshKeys:
    """Return the caller's own SSH keys, or a project's, oldest first."""
    return SshKeys(ssh_keys=[_view(key) for key in await call.services.ssh.listed(call.by, asked.project_id)])


@operation(Who.SIGNED_IN)
async def delete_ssh_key(call: Call, asked: DeleteSshKey) -> Done:
    """Take an SSH key away; what was opened with it ends within seconds."""
    await call.services.ssh.delete(call.by, asked.ssh_key_id)
    return Done()


def _view(key: SshKey) -> SshKeyView:
    return SshKeyView(
        ssh_key_id=key.ssh_key_id,
        account_id=key.account_id,
        project_id=key.project_id,
        title=key.title,
        key=line_of(key.algorithm, key.blob),
        fingerprint=spoken(key.fingerprint),
        created=key.created,
        used=key.used,
    )
