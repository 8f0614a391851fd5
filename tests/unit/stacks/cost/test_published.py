"""Totals that others publish: Google's own examples and pages, and the expected totals of infracost's tests."""

from decimal import Decimal

import pytest

SPOT = {"scheduling": {"preemptible": True, "provisioningModel": "SPOT", "automaticRestart": False}}
DISK = Decimal("0.40")  # a boot disk of 10 GiB pd-standard in us-central1


@pytest.mark.parametrize(
    ("machine_type", "monthly"),
    [
        ("n2-standard-8", "226.87"),
        ("n2-custom-6-20480", "168.26"),
        ("n1-custom-6-20480", "147.21"),
        ("custom-6-20480", "147.21"),
        ("n1-custom-2-15360-ext", "73.21"),
        ("n1-standard-16", "388.36"),
        ("e2-medium", "24.46"),
        ("e2-custom-4-8192", "84.80"),
        ("c3-standard-4", "147.17"),
        ("t2d-standard-2", "61.68"),
    ],
)
def test_a_machine_that_runs_all_month(stack, near, machine_type, monthly):
    stack.machine(machine_type=machine_type)
    assert near(stack.total() - DISK, monthly)


def test_a_machine_that_runs_a_hundred_hours(stack, near):
    stack.machine(machine_type="n1-standard-16")
    assert near(stack.total({"hours": 100}) - DISK, "76.00")


@pytest.mark.parametrize(
    ("share", "multiplier"), [("0.25", "1"), ("0.5", "0.9339"), ("0.75", "0.8669"), ("1", "0.8002")]
)
def test_sustained_use_by_quarter_of_the_month(stack, near, share, multiplier):
    stack.machine(machine_type="n2-standard-4")
    hours = Decimal(730) * Decimal(share)
    full = Decimal("0.194236") * hours
    assert near(stack.total({"hours": float(hours)}) - DISK, full * Decimal(multiplier))


def test_two_machines_of_half_a_month_are_one_of_a_whole(stack, near):
    for name in ("first", "second"):
        stack.machine(name, machine_type="n1-standard-4")
    full = Decimal("0.189999") * 730
    assert near(stack.total({"hours": 365}) - 2 * DISK, full * Decimal("0.7"))
    assert near(stack.total({"hours": 365, "sustained_use": "machine"}) - 2 * DISK, full * Decimal("0.9"))
    assert near(stack.total({"hours": 365, "sustained_use": "none"}) - 2 * DISK, full)


def test_a_small_machine_then_a_large_one_share_their_first_vcpus(stack, near):
    """The example of Google's page: 4 vCPUs for the first half of the month, 16 for the second."""
    stack.machine("first", machine_type="n1-standard-4")
    stack.machine("second", machine_type="n1-standard-16")
    price = Decimal("0.0474999")  # of a vCPU with its 3.75 GiB
    whole, half = 4 * 730 * price * Decimal("0.7"), 12 * 365 * price * Decimal("0.9")
    assert near(stack.total({"hours": 365}) - 2 * DISK, whole + half)


@pytest.mark.parametrize(
    ("commitment", "machine_type", "hourly"),
    [
        ("1y", "e2-medium", "0.021108593"),
        ("3y", "e2-medium", "0.015077567"),
        ("1y", "n2-standard-8", "0.244728"),
        ("3y", "n2d-standard-8", "0.152096"),
        ("1y", "c3-standard-8", "0.254032"),
    ],
)
def test_a_commitment_replaces_the_discount(stack, near, commitment, machine_type, hourly):
    stack.machine(machine_type=machine_type)
    assert near(stack.total({"commitment": commitment}) - DISK, Decimal(hourly) * 730)


def test_a_commitment_is_paid_whether_the_machine_runs_or_not(stack):
    stack.machine(machine_type="e2-medium")
    assert stack.total({"commitment": "1y", "hours": 100}) == stack.total({"commitment": "1y"})


def test_a_custom_machine_under_commitment_costs_five_percent_more_than_its_parts(stack, near):
    stack.machine(machine_type="n2-custom-8-32768")
    assert near(stack.total({"commitment": "1y"}) - DISK, Decimal("0.244728") * Decimal("1.05") * 730)


def test_spot(stack, near):
    stack.machine(machine_type="c3-standard-4", **SPOT)
    assert near(stack.total() - DISK, Decimal("0.0494") * 730)


@pytest.mark.parametrize(
    ("inputs", "monthly"),
    [
        ({"type": "pd-standard", "size": 20}, "0.80"),
        ({"type": "pd-ssd", "size": 40}, "6.80"),
        ({"type": "pd-ssd"}, "17.00"),
        ({}, "20.00"),
        ({"type": "pd-extreme", "size": 1000}, "6625.00"),
        ({"type": "pd-extreme", "size": 40, "provisionedIops": 5000}, "330.00"),
        ({"type": "hyperdisk-extreme", "size": 128, "provisionedIops": 20000}, "656.00"),
        ({"type": "hyperdisk-balanced", "size": 100, "provisionedIops": 3000, "provisionedThroughput": 140}, "8.00"),
        ({"type": "hyperdisk-balanced", "size": 100, "provisionedIops": 5000, "provisionedThroughput": 240}, "22.00"),
        ({"type": "pd-balanced", "size": 200}, "20.00"),
    ],
)
def test_a_disk(stack, near, inputs, monthly):
    stack.add("compute/disk:Disk", zone="us-central1-a", **inputs)
    assert near(stack.total(), monthly)


def test_a_regional_disk_costs_twice_as_much(stack, near):
    stack.add("compute/regionDisk:RegionDisk", region="us-central1", type="pd-ssd", size=100)
    assert near(stack.total(), "34.00")


def test_two_local_ssds(stack, near):
    stack.machine(machine_type="e2-medium", scratchDisks=[{"interface": "SCSI"}, {"interface": "NVME"}])
    assert near(stack.total() - DISK, "84.46")


def test_reserved_addresses(stack, near):
    used, spot = (stack.add("compute/address:Address", name, region="us-central1") for name in ("used", "spot"))
    stack.add("compute/address:Address", "idle", region="us-central1")
    stack.add("compute/globalAddress:GlobalAddress", "idle-global")
    stack.add("compute/address:Address", "inside", region="us-central1", addressType="INTERNAL")
    interface = [{"accessConfigs": [{"natIp": "04da6b54-80e4-46f7-96ec-b56ff0331ba9"}]}]
    stack.machine("vm", "e2-micro", networkInterfaces=interface, uses={"networkInterfaces": [used]})
    stack.machine("spot-vm", "e2-micro", networkInterfaces=interface, uses={"networkInterfaces": [spot]}, **SPOT)
    monthly = {item.name: item.monthly for item in stack.price().resources if "ddress" in item.type}
    assert near(monthly["used"], "3.65")
    assert near(monthly["spot"], "1.83")
    assert near(monthly["idle"], "7.30")
    assert near(monthly["idle-global"], "7.30")
    assert monthly["inside"] == 0


@pytest.mark.parametrize(("machines", "gib", "monthly"), [(4, 1000, "49.09"), (2, 500, "24.54")])
def test_nat(stack, near, machines, gib, monthly):
    stack.add("compute/routerNat:RouterNat", "nat", region="us-central1", natIps=["reserved elsewhere"])
    assert near(stack.total({"resources": {"nat": {"machines": machines, "data_gib": gib}}}), monthly)


def test_nat_for_a_month_of_720_hours_and_more_than_32_machines(stack, near):
    """By Google's page: 0.044 an hour, 0.045 for each GiB, 0.005 an hour for the address."""
    stack.add("compute/routerNat:RouterNat", "nat", region="us-central1", natIpAllocateOption="AUTO_ONLY")
    usage = {"month_hours": 720, "resources": {"nat": {"machines": 50, "data_gib": 1024}}}
    assert near(stack.total(usage), 720 * Decimal("0.049") + 1024 * Decimal("0.045"))


@pytest.mark.parametrize(
    ("gib", "there", "monthly"),
    [
        (1024, "worldwide", "122.88"),
        (12500, "worldwide", "1317.44"),
        (1500, "europe", "175.24"),
        (12500, "europe", "1328.74"),
        (50, "china", "11.50"),
        (250, "australia", "47.50"),
    ],
)
def test_egress_by_tier_and_destination(stack, near, gib, there, monthly):
    stack.add("compute/disk:Disk", zone="us-central1-a", size=10)
    assert near(stack.total({"egress_gib": {there: gib}}) - DISK, monthly)


def test_egress_of_the_standard_tier_begins_after_200_gib(stack, near):
    stack.add("compute/disk:Disk", zone="us-central1-a", size=10)
    assert near(stack.total({"egress_gib": 1200, "egress_tier": "standard"}) - DISK, "85.00")
    assert near(stack.total({"egress_gib": 100, "egress_tier": "standard"}) - DISK, "0.00")


def test_the_standard_tier_costs_the_same_wherever_traffic_goes(stack, near):
    stack.add("compute/disk:Disk", zone="us-central1-a", size=10)
    there = {"worldwide": 150, "china": 150, "europe": 900}
    assert near(stack.total({"egress_gib": there, "egress_tier": "standard"}) - DISK, "85.00")


def test_a_bucket_with_operations_retrieval_and_transfer(stack, near):
    stack.add("storage/bucket:Bucket", "cold", location="ASIA", storageClass="COLDLINE")
    used = {"storage_gib": 150, "retrieval_gib": 250, "class_a_operations": 40000, "class_b_operations": 20000}
    # 1.31 + 5.00, and operations at the prices of a bucket in several regions: 40 x 0.04, 20 x 0.01
    assert near(stack.total({"resources": {"cold": used}}), "8.11")


@pytest.mark.parametrize(("location", "monthly"), [("US-EAST1", "1.19"), ("US", "1.54")])
def test_the_simple_example_of_the_price_page_of_cloud_storage(stack, near, location, monthly):
    """50 GB, 10,000 and 50,000 operations, 1 GB to the internet; as the page has it, and in several regions."""
    stack.add("storage/bucket:Bucket", "us", location=location)
    used = {"storage_gib": 50, "class_a_operations": 10_000, "class_b_operations": 50_000, "egress_gib": 1}
    assert near(stack.total({"resources": {"us": used}}), monthly)


def test_a_bucket_in_europe(stack, near):
    stack.add("storage/bucket:Bucket", "eu", location="EU")
    used = {"storage_gib": 150, "transfer_gib": {"europe": 550}}
    assert near(stack.total({"resources": {"eu": used}}), "14.90")


@pytest.mark.parametrize(("kind", "monthly"), [("STANDARD", "1.30"), ("ARCHIVE", "0.48")])
def test_a_snapshot_goes_to_the_near_multi_region(stack, near, kind, monthly):
    disk = stack.add("compute/disk:Disk", "disk", zone="us-central1-a", size=20)
    stack.add("compute/snapshot:Snapshot", "snap", snapshotType=kind, uses={"sourceDisk": [disk]}, sourceDisk="x")
    total = stack.total({"resources": {"snap": {"storage_gib": 20}}})
    assert near(total - Decimal("0.80"), monthly)


def test_names_are_cheaper_by_the_dozen(stack, near):
    for number in range(30):
        stack.add("dns/managedZone:ManagedZone", f"zone{number}")
    assert near(stack.total(), "5.50")


def test_queries_of_names(stack, near):
    stack.add("dns/managedZone:ManagedZone", "zone")
    usage = {"resources": {"zone": {"queries": 1_500_000_000, "routing_queries": 1_000_000}}}
    assert near(stack.total(usage), "500.90")


def test_secrets(stack, near):
    auto = stack.add("secretmanager/secret:Secret", "auto", replication={"auto": {}})
    places = {"userManaged": {"replicas": [{"location": "europe-west1"}, {"location": "europe-west4"}]}}
    two = stack.add("secretmanager/secret:Secret", "two", replication=places, rotation={"rotationPeriod": "86400s"})
    stack.add("secretmanager/secretVersion:SecretVersion", "v1", uses={"secret": [auto]}, enabled=False)
    stack.add("secretmanager/secretVersion:SecretVersion", "v2", uses={"secret": [two]})
    usage = {"resources": {"v1": {"accesses": 20000}}}
    assert near(stack.total(usage), Decimal("0.06") + Decimal("0.12") + Decimal("0.06") + Decimal("0.05") * 730 / 24)


def test_forwarding_rules_cost_together_up_to_five(stack, near):
    for number in range(6):
        stack.add("compute/globalForwardingRule:GlobalForwardingRule", f"rule{number}")
    assert near(stack.total(), Decimal("0.035") * 730)


@pytest.mark.parametrize(
    ("rules", "gib", "monthly"), [(1, 0, "20.44"), (5, 0, "20.44"), (6, 0, "28.47"), (6, 500, "32.97")]
)
def test_forwarding_rules_in_the_netherlands(stack, near, rules, gib, monthly):
    for number in range(rules):
        stack.add("compute/forwardingRule:ForwardingRule", f"rule{number}", region="europe-west4")
    assert near(stack.total({"resources": {"rule0": {"data_gib": gib}}}), monthly)


@pytest.mark.parametrize(
    ("machine_type", "commitment", "monthly"),
    [
        ("n1-standard-8", "none", "213.77"),
        ("n1-standard-8", "1y", "192.38"),
        ("n1-standard-8", "3y", "137.43"),
        ("n1-standard-16", "3y", "274.86"),
    ],
)
def test_machines_in_the_netherlands(stack, near, machine_type, commitment, monthly):
    stack.machine(machine_type=machine_type, zone="europe-west4-a")
    assert near(stack.total({"commitment": commitment}) - Decimal("0.44"), monthly)


def test_a_tunnel_and_a_key(stack, near):
    stack.add("compute/vPNTunnel:VPNTunnel", "tunnel", region="asia-southeast1")
    stack.add("kms/cryptoKey:CryptoKey", "key")
    assert near(stack.total(), "40.21")


def test_the_free_tier_is_counted_only_when_asked_for(stack, near):
    stack.machine(machine_type="e2-micro")
    stack.add("storage/bucket:Bucket", "bucket", location="US-CENTRAL1")
    usage = {"egress_gib": 2, "resources": {"bucket": {"storage_gib": 6}}}
    assert near(stack.total(usage), "6.87")
    assert near(stack.total({**usage, "free_tier": True}), "0.14")


CLUSTER, POOL = "container/cluster:Cluster", "container/nodePool:NodePool"


@pytest.mark.parametrize(
    ("inputs", "nodes"),
    [
        ({"location": "us-central1-a", "initialNodeCount": 3}, 3),
        ({"location": "us-central1-a", "nodeLocations": ["us-central1-b"], "initialNodeCount": 3}, 6),
        ({"location": "us-central1", "initialNodeCount": 3}, 9),
        ({"location": "us-central1", "nodeLocations": ["us-central1-a", "us-central1-b"]}, 2),
        ({"location": "us-central1", "removeDefaultNodePool": True, "initialNodeCount": 1}, 0),
        ({"location": "us-central1", "enableAutopilot": True}, 0),
    ],
)
def test_a_cluster_costs_its_fee_and_its_nodes(stack, near, inputs, nodes):
    private = {"privateClusterConfig": {"enablePrivateNodes": True}}
    disks = {"diskType": "pd-standard", "diskSizeGb": 100}
    stack.add(CLUSTER, "cluster", **inputs, **private, nodeConfig=disks)
    assert near(stack.total(), Decimal("73.00") + nodes * (Decimal("24.459") + 4))


def test_a_pool_of_nodes_stands_where_its_cluster_does(stack, near):
    cluster = stack.add(CLUSTER, "cluster", location="us-central1", removeDefaultNodePool=True)
    config = {"machineType": "n2-standard-4", "spot": True, "diskSizeGb": 50, "localSsdCount": 1}
    stack.add(POOL, "pool", cluster="x", uses={"cluster": [cluster]}, nodeCount=2, nodeConfig=config)
    each = (Decimal("0.09212") + Decimal("0.0025")) * 730 + 5 + 30  # with its address, as no node is private
    assert near(stack.total(), 73 + 6 * each)
    assert near(stack.total({"resources": {"pool": {"machines": 1}}}), 73 + 3 * each)


def test_a_pool_of_a_cluster_elsewhere_is_not_priced(stack):
    stack.add(POOL, "pool", cluster="04da6b54-80e4-46f7-96ec-b56ff0331ba9", nodeCount=2)
    assert "where its cluster does" in stack.why_not()
