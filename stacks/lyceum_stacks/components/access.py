"""What administrators may do: reach SSH of the machines through the Identity-Aware Proxy, and become root there.

Nothing else in the project: whoever runs this program has rights of their own.
"""

from __future__ import annotations

from pulumi_gcp import projects, serviceaccount

from lyceum_stacks.components.base import Component
from lyceum_stacks.components.identities import Identities
from lyceum_stacks.components.services import Services
from lyceum_stacks.settings import Settings

TUNNEL = "roles/iap.tunnelResourceAccessor"
LOOK = "roles/compute.viewer"
LOGIN = "roles/compute.osAdminLogin"


def roles(settings: Settings) -> tuple[str, ...]:
    """The project's roles that administrators get."""
    return (TUNNEL, LOOK, LOGIN) if settings.os_login else (TUNNEL, LOOK)


class Access(Component):
    """Grants for each administrator."""

    def __init__(self, settings: Settings, services: Services, identities: Identities) -> None:
        super().__init__("Access", settings)
        for number, member in enumerate(settings.administrators):
            for role in roles(settings):
                projects.IAMMember(
                    f"administrator-{number}-{role.rsplit('.', maxsplit=1)[-1]}", project=settings.project, role=role,
                    member=member, opts=self.child(after=services.enabled),
                )  # fmt: skip
            # Being root on a machine is acting as its account; OS Login asks for that right.
            for group, account in identities.accounts.items():
                serviceaccount.IAMMember(
                    f"administrator-{number}-as-{group}", service_account_id=account.name,
                    role="roles/iam.serviceAccountUser", member=member, opts=self.child(),
                )  # fmt: skip
        self.register_outputs({})
