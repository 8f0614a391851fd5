"""What must hold of every stack, whatever its settings: each test is a rule that nobody may break by mistake."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from tests.unit.stacks.cloud import Cloud, Resource, settings, whole

SIZES = ("small", "medium", "large")
DISKS = ("compute/disk:Disk", "compute/regionDisk:RegionDisk")
BUCKET, INSTANCE, FIREWALL = "storage/bucket:Bucket", "compute/instance:Instance", "compute/firewall:Firewall"
WITH_LABELS = frozenset(
    {
        INSTANCE, BUCKET, *DISKS, "compute/address:Address", "compute/forwardingRule:ForwardingRule", "kms/cryptoKey:CryptoKey",
        "secretmanager/secret:Secret", "dns/managedZone:ManagedZone",
    }
)  # fmt: skip
IAP = "35.235.240.0/20"


@pytest.fixture(
    params=[(size, preview) for size in SIZES for preview in (False, True)],
    ids=lambda found: f"{found[0]}{'-preview' * found[1]}",
)
def cloud(request: pytest.FixtureRequest) -> Cloud:
    size, preview = request.param
    return whole(size, preview=preview)


def _disks(cloud: Cloud) -> dict[str, Resource]:
    return {name: disk for kind in DISKS for name, disk in cloud.of(kind).items()}


def _open_to_all(rule: Mapping[str, Any]) -> bool:
    return "0.0.0.0/0" in rule.get("sourceRanges", []) or "::/0" in rule.get("sourceRanges", [])


def test_no_bucket_is_public(cloud: Cloud) -> None:
    for bucket in cloud.of(BUCKET).values():
        assert bucket.inputs["publicAccessPrevention"] == "enforced"
        assert bucket.inputs["uniformBucketLevelAccess"] is True
    for grant in cloud.of("storage/bucketIAMMember:BucketIAMMember").values():
        assert grant.inputs.get("member") not in {"allUsers", "allAuthenticatedUsers"}


def test_only_web_and_project_ssh_are_open_and_only_on_edges(cloud: Cloud) -> None:
    open_rules = [rule.inputs for rule in cloud.of(FIREWALL).values() if _open_to_all(rule.inputs)]
    assert [rule["targetTags"] for rule in open_rules] == [["lyceum-edge"]]
    assert [rule["allows"] for rule in open_rules] == [[{"protocol": "tcp", "ports": ["80", "443", "22022"]}]]


def test_administration_comes_through_the_proxy_alone(cloud: Cloud) -> None:
    """SSH (22) is let in from Google's proxy, from the admin machine, and from machines that send copies."""
    ssh = [rule.inputs for rule in cloud.of(FIREWALL).values() if "22" in rule.inputs["allows"][0]["ports"]]
    assert sorted((rule.get("sourceRanges", []), rule.get("sourceTags", [])) for rule in ssh) == [
        ([], ["lyceum-admin"]),
        ([], ["lyceum-compute", "lyceum-database"]),
        ([IAP], []),
    ]


def test_every_rule_names_who_and_where(cloud: Cloud) -> None:
    for rule in cloud.of(FIREWALL).values():
        assert rule.inputs["targetTags"]
        assert rule.inputs.get("sourceTags") or rule.inputs.get("sourceRanges")
        assert all(allowed["protocol"] == "tcp" and allowed["ports"] for allowed in rule.inputs["allows"])


def test_no_machine_has_a_public_address_but_a_single_edge(cloud: Cloud) -> None:
    public = {
        name
        for name, machine in cloud.of(INSTANCE).items()
        if any("accessConfigs" in interface for interface in machine.inputs["networkInterfaces"])
    }
    edges = {name for name in cloud.of(INSTANCE) if name.startswith("edge")}
    assert public == (edges if len(edges) == 1 else set())


def test_all_disks_and_buckets_are_encrypted_with_our_keys() -> None:
    for size in SIZES:
        cloud = whole(size)
        for disk in cloud.of(DISKS[0]).values():
            assert disk.inputs["diskEncryptionKey"] == {"kmsKeySelfLink": "disks-key-id"}
        for disk in cloud.of(DISKS[1]).values():
            assert disk.inputs["diskEncryptionKey"] == {"kmsKeyName": "disks-key-id"}
        for machine in cloud.of(INSTANCE).values():
            assert machine.inputs["bootDisk"]["kmsKeySelfLink"] == "disks-key-id"
        for bucket in cloud.of(BUCKET).values():
            assert bucket.inputs["encryption"] == {"defaultKmsKeyName": "buckets-key-id"}


def test_nothing_is_encrypted_before_the_key_may_be_used(cloud: Cloud) -> None:
    for found in (*_disks(cloud).values(), *cloud.of(INSTANCE).values()):
        assert "disks-key-use" in found.depends_on
    for bucket in cloud.of(BUCKET).values():
        assert "buckets-key-use" in bucket.depends_on


def test_what_holds_data_cannot_be_deleted(cloud: Cloud) -> None:
    holders = [*_disks(cloud).values(), *cloud.of(BUCKET).values(), *cloud.of("kms/cryptoKey:CryptoKey").values()]
    holders += [*cloud.of("secretmanager/secret:Secret").values(), *cloud.of("dns/managedZone:ManagedZone").values()]
    assert all(found.protected for found in holders)
    assert all(bucket.inputs["forceDestroy"] is False for bucket in cloud.of(BUCKET).values())
    for machine in cloud.of(INSTANCE).values():
        assert machine.inputs["deletionProtection"] is bool(machine.inputs.get("attachedDisks"))


def test_data_is_on_disks_that_outlive_their_machines(cloud: Cloud) -> None:
    for name, machine in cloud.of(INSTANCE).items():
        attached = machine.inputs.get("attachedDisks", [])
        assert bool(attached) is name.startswith(("db", "compute", "storage"))
        assert all("scratch" not in disk.get("type", "") for disk in attached)


def test_everything_that_can_bear_labels_has_them(cloud: Cloud) -> None:
    for found in cloud.resources:
        if found.type.removeprefix("gcp:") in WITH_LABELS:
            assert {"lyceum-instance", "lyceum-component"} <= found.inputs["labels"].keys(), found.name
    for channel in cloud.of("monitoring/notificationChannel:NotificationChannel").values():
        assert "lyceum-component" in channel.inputs["userLabels"]
    for machine in cloud.of(INSTANCE).values():
        assert machine.inputs["bootDisk"]["initializeParams"]["labels"] == machine.inputs["labels"]


def test_machines_of_a_group_stand_in_several_zones(cloud: Cloud) -> None:
    """Nothing is in a single zone that need not be: a group of n machines is in min(n, zones) zones."""
    groups: dict[str, list[str]] = {}
    for name, machine in cloud.of(INSTANCE).items():
        groups.setdefault(name.rstrip("0123456789"), []).append(machine.inputs["zone"])
    zones = {zone for found in groups.values() for zone in found}
    for name, found in groups.items():
        assert len(set(found)) == min(len(found), len(zones)), name
    assert set(groups["storage"]) - set(groups["db"]), "copies must not burn with the database"


def test_disks_are_in_the_zone_of_their_machine(cloud: Cloud) -> None:
    for name, machine in cloud.of(INSTANCE).items():
        if single := cloud.of(DISKS[0]).get(f"{name}-data"):
            assert single.inputs["zone"] == machine.inputs["zone"]
        if double := cloud.of(DISKS[1]).get(f"{name}-data"):
            first, second = double.inputs["replicaZones"]
            assert first == machine.inputs["zone"] != second


def test_machines_come_up_ready_for_ansible(cloud: Cloud) -> None:
    for name, machine in cloud.of(INSTANCE).items():
        assert machine.inputs["hostname"].split(".")[0] == name
        assert machine.inputs["bootDisk"]["initializeParams"]["image"] == "debian-cloud/debian-13"
        metadata = machine.inputs["metadata"]
        assert metadata["enable-oslogin"] == "TRUE"
        assert metadata["block-project-ssh-keys"] == "TRUE"
        assert metadata["serial-port-enable"] == "FALSE"
        assert machine.inputs["shieldedInstanceConfig"]["enableSecureBoot"] is True
        for disk in machine.inputs.get("attachedDisks", []):
            assert disk["deviceName"].startswith("lyceum-")


def test_strangers_programs_run_on_machines_without_an_identity(cloud: Cloud) -> None:
    with_account = {
        name.rstrip("0123456789") for name, machine in cloud.of(INSTANCE).items() if "serviceAccount" in machine.inputs
    }
    assert with_account == {"db", "storage", "admin"}


def test_machines_may_write_copies_but_never_delete_them(cloud: Cloud) -> None:
    roles = {grant.inputs["role"] for grant in cloud.of("storage/bucketIAMMember:BucketIAMMember").values()}
    assert roles == {"roles/storage.objectCreator", "roles/storage.objectViewer"}


def test_no_grant_is_broad(cloud: Cloud) -> None:
    roles = {found.inputs["role"] for found in cloud.resources if "role" in found.inputs}
    assert not {
        role for role in roles if role in {"roles/owner", "roles/editor", "roles/viewer"} or role.endswith("admin")
    }


def test_copies_are_retained_locked_and_end(cloud: Cloud) -> None:
    for bucket in cloud.of(BUCKET).values():
        retention = bucket.inputs["retentionPolicy"]
        assert retention["isLocked"] is True
        ends = [
            rule["condition"]["age"] for rule in bucket.inputs["lifecycleRules"] if rule["action"]["type"] == "Delete"
        ]
        assert len(ends) == 1
        assert ends[0] * 86400 >= int(retention["retentionPeriod"])


def test_copies_are_in_another_region(cloud: Cloud) -> None:
    for bucket in cloud.of(BUCKET).values():
        assert bucket.inputs["location"] == "EUROPE-WEST1"
        assert bucket.inputs["location"].lower() != settings().region


def test_disks_of_the_database_and_of_copies_have_daily_snapshots(cloud: Cloud) -> None:
    kinds = (
        "compute/diskResourcePolicyAttachment:DiskResourcePolicyAttachment",
        "compute/regionDiskResourcePolicyAttachment:RegionDiskResourcePolicyAttachment",
    )
    attached = {name for kind in kinds for name in cloud.of(kind)}
    data = {name.removesuffix("-data") for name in _disks(cloud) if not name.startswith("compute")}
    assert attached == {f"{name}-snapshots" for name in data}


def test_somebody_is_told_before_the_budget_is_spent(cloud: Cloud) -> None:
    (budget,) = cloud.of("billing/budget:Budget").values()
    shares = [rule["thresholdPercent"] for rule in budget.inputs["thresholdRules"]]
    assert min(shares) < 1 <= max(shares)
    assert cloud.of("monitoring/notificationChannel:NotificationChannel")


def test_no_secret_value_passes_through_the_program(cloud: Cloud) -> None:
    assert cloud.of("secretmanager/secret:Secret")
    assert not cloud.of("secretmanager/secretVersion:SecretVersion")


def _names(value: object) -> list[str]:
    if isinstance(value, dict):
        return [*value, *(name for inner in value.values() for name in _names(inner))]
    return [name for inner in value for name in _names(inner)] if isinstance(value, list) else []


def test_every_input_has_a_name_that_google_knows(cloud: Cloud) -> None:
    """A name within an input that pulumi does not know stays as it is written, and nobody says so: the key of a
    replicated disk was called as that of another kind, and the disk would have been encrypted without it.
    """
    free = {"labels", "userLabels", "metadata"}
    for found in cloud.resources:
        if found.type.startswith("gcp:"):
            unknown = [
                name
                for name in _names({key: value for key, value in found.inputs.items() if key not in free})
                if "_" in name
            ]
            assert not unknown, found.name
