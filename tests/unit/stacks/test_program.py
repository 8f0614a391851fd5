"""What the program declares for settings that differ from the three sizes' own."""

from __future__ import annotations

import json

import pytest

from tests.unit.stacks.cloud import run, settings, whole

FIREWALL, INSTANCE = "compute/firewall:Firewall", "compute/instance:Instance"


def _flows(**changes: object) -> set[tuple[str, str, str]]:
    """All that the firewall lets in, as (from, to, port)."""
    found = set()
    for rule in run(settings("small", **changes), preview=True).of(FIREWALL).values():
        sources = [*rule.inputs.get("sourceRanges", []), *rule.inputs.get("sourceTags", [])]
        ports = [port for allowed in rule.inputs["allows"] for port in allowed["ports"]]
        found |= {
            (source, target, port) for source in sources for target in rule.inputs["targetTags"] for port in ports
        }
    return {(source.removeprefix("lyceum-"), target.removeprefix("lyceum-"), port) for source, target, port in found}


def test_firewall_lets_in_what_the_architecture_names_and_nothing_else() -> None:
    iap, everybody = "35.235.240.0/20", "0.0.0.0/0"
    groups = ("edge", "hub", "database", "compute", "storage", "admin")
    assert _flows() == {
        *((everybody, "edge", port) for port in ("80", "443", "22022")),
        *((source, group, "22") for source in (iap, "admin") for group in groups),
        *(("edge", "hub", port) for port in ("5000", "5001", "5002")),
        *((source, "database", "5432") for source in ("hub", "storage")),
        *(("hub", "compute", port) for port in ("6000", "6001")),
        *((source, "storage", "6002") for source in ("hub", "compute")),
        *((source, "storage", "22") for source in ("compute", "database")),
    }


def test_each_hub_process_has_its_port() -> None:
    hub = {"hub": {"machine_type": "e2-standard-4"}}
    assert {port for source, target, port in _flows(groups=hub) if (source, target) == ("edge", "hub")} == {
        "5000",
        "5001",
        "5002",
        "5004",
        "5006",
    }


def test_project_ssh_can_be_closed() -> None:
    assert {port for source, _, port in _flows(project_ssh=False) if source == "0.0.0.0/0"} == {"80", "443"}


def test_single_edge_carries_the_address_itself() -> None:
    cloud = whole("small")
    (interface,) = cloud.inputs(INSTANCE, "edge1")["networkInterfaces"]
    assert interface["accessConfigs"] == [{"natIp": "203.0.113.7", "networkTier": "PREMIUM"}]
    assert not cloud.of("compute/forwardingRule:ForwardingRule")


def test_several_edges_stand_behind_one_address() -> None:
    cloud = whole("large")
    rule = cloud.inputs("compute/forwardingRule:ForwardingRule", "public")
    assert rule["ports"] == ["80", "443", "22022"]
    backends = cloud.inputs("compute/regionBackendService:RegionBackendService", "edges")["backends"]
    assert len(backends) == 3
    members = [group.inputs["instances"] for group in cloud.of("compute/instanceGroup:InstanceGroup").values()]
    assert sorted(members) == [["https://cloud/edge1"], ["https://cloud/edge2"], ["https://cloud/edge3"]]


def test_names_lead_to_the_address() -> None:
    records = whole("medium").of("dns/recordSet:RecordSet").values()
    assert sorted((record.inputs["name"], tuple(record.inputs["rrdatas"])) for record in records) == [
        ("*.projects.lyceum.campus.edu.", ("203.0.113.7",)),
        ("lyceum.campus.edu.", ("203.0.113.7",)),
    ]


def test_without_dns_the_outputs_say_which_names_to_set() -> None:
    cloud = run(settings("small", dns=False))
    assert not cloud.of("dns/managedZone:ManagedZone")
    assert cloud.outputs["names_to_set"] == ["lyceum.campus.edu", "*.projects.lyceum.campus.edu"]


def test_keys_instead_of_os_login() -> None:
    key = "ada:ssh-ed25519 AAAAC3Nz ada@campus"
    cloud = run(settings("small", os_login=False, ssh_keys=[key]))
    metadata = cloud.inputs(INSTANCE, "hub1")["metadata"]
    assert (metadata["enable-oslogin"], metadata["ssh-keys"]) == ("FALSE", key)
    assert cloud.outputs["lyceum"]["ssh_user"] == "ada"
    roles = {grant.inputs["role"] for grant in cloud.of("projects/iAMMember:IAMMember").values()}
    assert "roles/compute.osAdminLogin" not in roles


def test_protection_can_be_taken_off_before_the_end() -> None:
    cloud = run(settings("small", deletion_protection=False))
    assert not any(found.protected for found in cloud.resources)
    assert not any(machine.inputs["deletionProtection"] for machine in cloud.of(INSTANCE).values())


def test_readers_of_copies_may_read_both_buckets() -> None:
    cloud = run(settings("small", backups={"readers": ["group:auditors@campus.edu"]}), preview=True)
    grants = [grant.inputs for grant in cloud.of("storage/bucketIAMMember:BucketIAMMember").values()]
    assert [grant["role"] for grant in grants if grant.get("member") == "group:auditors@campus.edu"] == [
        "roles/storage.objectViewer"
    ] * 2


def test_key_lies_where_the_bucket_lies() -> None:
    cloud = run(settings("small", backups={"location": "eu"}), preview=True)
    assert cloud.inputs("kms/keyRing:KeyRing", "buckets-ring")["location"] == "europe"
    assert cloud.inputs("storage/bucket:Bucket", "offsite-copies")["location"] == "EU"


def test_google_may_use_the_keys_with_its_own_accounts_alone() -> None:
    grants = whole("medium").of("kms/cryptoKeyIAMMember:CryptoKeyIAMMember").values()
    assert {(grant.inputs["cryptoKeyId"], grant.inputs["member"]) for grant in grants} == {
        ("disks-key-id", "serviceAccount:service-4711@compute-system.iam.gserviceaccount.com"),
        ("buckets-key-id", "serviceAccount:service-4711@gs"),
    }


def test_database_disk_is_mounted_before_anything_uses_it() -> None:
    script = whole("medium").inputs(INSTANCE, "db1")["metadata"]["startup-script"]
    assert "@" not in script
    assert "device=/dev/disk/by-id/google-lyceum-database" in script
    assert "mount=/srv/database" in script


@pytest.mark.parametrize("size", ["small", "medium", "large"])
def test_outputs_are_whole_and_plain(size: str) -> None:
    outputs = json.loads(json.dumps(whole(size).outputs["lyceum"]))
    assert outputs["version"] == 1
    assert len(outputs["machines"]) == settings(size).size.instances
    assert all(machine["address"] for machine in outputs["machines"].values())
    assert outputs["variables"]["lyceum__names"] == ["lyceum.campus.edu"]


@pytest.mark.parametrize("size", ["small", "medium", "large"])
def test_preview_declares_what_up_makes(size: str) -> None:
    """A value that is not known yet must not hide a resource: what is shown beforehand is what will be billed."""
    assert {(found.type, found.name) for found in whole(size, preview=True).resources} == {
        (found.type, found.name) for found in whole(size).resources
    }
