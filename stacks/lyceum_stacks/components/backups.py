"""Buckets for what must survive the machines, their region and whoever broke into them.

Retention is locked: until it is over, nobody can delete or overwrite an object, the institution's owner included. So
whatever writes here gives each object a name of its own (with its time); what rewrites files of its own, as a live
repository of pgBackRest does, copies them here and does not work in here. Versioning is off, since Google allows it
in no bucket with a retention.
"""

from __future__ import annotations

from pulumi_gcp import serviceaccount, storage

from lyceum_stacks.components.base import Component, labels
from lyceum_stacks.components.identities import Identities
from lyceum_stacks.components.keys import Keys
from lyceum_stacks.settings import Settings
from lyceum_stacks.sizes import GroupName

_DAY = 86400


class Backups(Component):
    """A bucket for copies of projects and one for archives of the database."""

    def __init__(self, settings: Settings, keys: Keys, identities: Identities) -> None:
        super().__init__("Backups", settings)
        self._keys = keys
        backups = settings.backups
        self.offsite = self._bucket("offsite", backups.offsite_retention_days, backups.offsite_keep_days)
        self.archive = self._bucket("archive", backups.archive_retention_days, backups.archive_keep_days)
        self._let_write(self.offsite, "offsite", "storage", identities.accounts.get("storage"))
        self._let_write(self.archive, "archive", "database", identities.accounts.get("database"))
        for number, reader in enumerate(backups.readers):
            for name, bucket in (("offsite", self.offsite), ("archive", self.archive)):
                self._grant(f"{name}-reader-{number}", bucket, "roles/storage.objectViewer", reader)
        self.register_outputs({})

    def _bucket(self, name: str, retention: int, keep: int) -> storage.Bucket:
        """A closed bucket: cheaper classes as objects age, then the end of them."""
        settings = self.settings
        return storage.Bucket(
            f"{name}-copies",
            name=f"{settings.project}-{settings.stack}-{name}",
            location=settings.backups.location.upper(),
            storage_class="NEARLINE",
            uniform_bucket_level_access=True,
            public_access_prevention="enforced",
            force_destroy=False,
            encryption={"default_kms_key_name": self._keys.buckets},
            retention_policy={"retention_period": str(retention * _DAY), "is_locked": settings.backups.lock},
            lifecycle_rules=[
                *_colder(keep),
                {"action": {"type": "Delete"}, "condition": {"age": keep}},
                {"action": {"type": "AbortIncompleteMultipartUpload"}, "condition": {"age": 7}},
            ],
            labels=labels(settings, "backups"),
            opts=self.child(after=[self._keys.buckets_ready], protect=settings.deletion_protection, replace_first=True),
        )

    def _let_write(
        self, bucket: storage.Bucket, name: str, group: GroupName, account: serviceaccount.Account | None
    ) -> None:
        """Let a group's machines add objects and read them; deleting is the lifecycle's work alone."""
        if account is None:
            return
        for right in ("objectCreator", "objectViewer"):
            member = account.email.apply(lambda email: f"serviceAccount:{email}")
            self._grant(f"{name}-{group}-{right}", bucket, f"roles/storage.{right}", member)

    def _grant(self, name: str, bucket: storage.Bucket, role: str, member: object) -> None:
        storage.BucketIAMMember(name, bucket=bucket.name, role=role, member=member, opts=self.child())


def _colder(keep: int) -> list[dict[str, object]]:
    """Coldline after 90 days, where copies live long enough for it to pay (it bills at least 90 days more)."""
    if keep < 180:
        return []
    return [{"action": {"type": "SetStorageClass", "storage_class": "COLDLINE"}, "condition": {"age": 90}}]
