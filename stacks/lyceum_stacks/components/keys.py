"""The keys that disks and buckets are encrypted with: the institution's own, changed every 90 days.

Who takes a key away makes what it encrypts unreadable, snapshots and copies included; so the keys cannot be deleted
by this program. A key ring stays in a project for ever (that is Google's rule), and costs nothing.
"""

from __future__ import annotations

import pulumi
from pulumi_gcp import kms

from lyceum_stacks import regions
from lyceum_stacks.components.base import Component, labels
from lyceum_stacks.components.services import Services
from lyceum_stacks.settings import Settings

ROTATION = f"{90 * 86400}s"
_USES = "roles/cloudkms.cryptoKeyEncrypterDecrypter"
# The account with which Compute Engine uses a key; by the project's number.
DISKS = "service-{}@compute-system.iam.gserviceaccount.com"


class Keys(Component):
    """One key for the disks, in their region, and one for the buckets, where these are."""

    def __init__(self, settings: Settings, services: Services) -> None:
        super().__init__("Keys", settings)
        self._services = services
        compute = services.project_number.apply(DISKS.format)
        self.disks, self.disks_ready = self._key("disks", settings.region, compute)
        self.buckets, self.buckets_ready = self._key(
            "buckets", regions.key_location(settings.backups.location), services.buckets_account
        )
        self.register_outputs({})

    def _key(self, name: str, location: str, account: pulumi.Output[str]) -> tuple[pulumi.Output[str], pulumi.Resource]:
        """A key and the grant without which nothing can be encrypted with it."""
        ring = kms.KeyRing(f"{name}-ring", location=location, opts=self.child(after=self._services.enabled))
        key = kms.CryptoKey(
            f"{name}-key", key_ring=ring.id, purpose="ENCRYPT_DECRYPT", rotation_period=ROTATION,
            labels=labels(self.settings, "keys"), opts=self.child(protect=self.settings.deletion_protection),
        )  # fmt: skip
        member = account.apply(lambda email: f"serviceAccount:{email}")
        grant = kms.CryptoKeyIAMMember(
            f"{name}-key-use", crypto_key_id=key.id, role=_USES, member=member, opts=self.child()
        )
        return key.id, grant
