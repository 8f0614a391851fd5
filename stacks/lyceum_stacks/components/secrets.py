"""Places for the deployment's secrets, empty: their values never pass through this program or its state.

`vault-key` is for the key of the inventory's vault (`.vault-password`), so that it is neither lost nor in a
repository; `archive-passphrase` for the passphrase that the database's archives are encrypted with.
"""

from __future__ import annotations

from collections.abc import Mapping

from pulumi_gcp import secretmanager

from lyceum_stacks.components.base import Component, labels
from lyceum_stacks.components.identities import Identities
from lyceum_stacks.components.services import Services
from lyceum_stacks.settings import Settings
from lyceum_stacks.sizes import GroupName

READERS: Mapping[str, tuple[GroupName, ...]] = {"vault-key": ("admin",), "archive-passphrase": ("database",)}


class Secrets(Component):
    """Secrets of Secret Manager, and which machines may read which."""

    def __init__(self, settings: Settings, services: Services, identities: Identities) -> None:
        super().__init__("Secrets", settings)
        self.secrets = {name: self._secret(name, services) for name in READERS}
        for name, groups in READERS.items():
            for group in groups:
                if account := identities.accounts.get(group):
                    secretmanager.SecretIamMember(
                        f"{name}-{group}",
                        secret_id=self.secrets[name].id,
                        role="roles/secretmanager.secretAccessor",
                        member=account.email.apply(lambda email: f"serviceAccount:{email}"),
                        opts=self.child(),
                    )
        self.register_outputs({})

    def _secret(self, name: str, services: Services) -> secretmanager.Secret:
        settings = self.settings
        return secretmanager.Secret(
            name,
            secret_id=f"lyceum-{settings.stack}-{name}",
            replication={"user_managed": {"replicas": [{"location": settings.region}]}},
            deletion_protection=settings.deletion_protection,
            labels=labels(settings, "secrets"),
            opts=self.child(after=services.enabled, protect=settings.deletion_protection),
        )
