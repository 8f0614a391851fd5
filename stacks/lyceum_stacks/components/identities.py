"""The cloud accounts of machines: only where a machine has to do something in the cloud, and only that.

Edges, hubs and compute machines have none at all. On compute machines strangers' programs run; what is not there
cannot be stolen from the metadata server.
"""

from __future__ import annotations

from collections.abc import Mapping

from pulumi_gcp import serviceaccount

from lyceum_stacks.components.base import Component
from lyceum_stacks.components.services import Services
from lyceum_stacks.settings import Settings
from lyceum_stacks.sizes import GroupName

_STORAGE = "https://www.googleapis.com/auth/devstorage.read_write"
_ALL = (
    "https://www.googleapis.com/auth/cloud-platform"  # its roles are the limit: Secret Manager has no scope of its own
)
SCOPES: Mapping[GroupName, str] = {"database": _STORAGE, "storage": _STORAGE, "admin": _ALL}
WORK: Mapping[GroupName, str] = {
    "database": "writes archives of the database",
    "storage": "writes off-site copies of projects",
    "admin": "reads the secrets of the deployment",
}


class Identities(Component):
    """One account for each group that needs one; what it may do is said where the thing is (buckets, secrets)."""

    def __init__(self, settings: Settings, services: Services) -> None:
        super().__init__("Identities", settings)
        self.accounts = {
            group: serviceaccount.Account(
                f"{group}-account",
                account_id=f"{settings.stack}-{group}",
                display_name=f"Lyceum {settings.stack}, {group}",
                description=f"Machines of the group {group}: {work}",
                opts=self.child(after=services.enabled),
            )
            for group, work in WORK.items()
            if settings.size.groups.get(group) and settings.size.groups[group].count
        }
        self.register_outputs({})
