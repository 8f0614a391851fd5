from decimal import Decimal

import pytest
from lyceum_stacks.errors import StackError, WrongUse

UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
TEMPLATE = "compute/instanceTemplate:InstanceTemplate"
TWO = {"old": "e2-medium", "new": "e2-standard-2"}
GROUP = "compute/instanceGroupManager:InstanceGroupManager"


def a_template(stack, called="template", machine_type="e2-medium", **inputs):
    disks = [{"boot": True, "sourceImage": "debian-cloud/debian-13", "diskSizeGb": 20, "diskType": "pd-balanced"}]
    return stack.add(TEMPLATE, called, machineType=machine_type, disks=disks, **inputs)


def a_group(stack, template, size=3, name="group", **inputs):
    return stack.add(
        GROUP, name, zone="us-central1-a", targetSize=size, versions=[{"instanceTemplate": UNKNOWN}],
        uses={"versions": [template]}, **inputs,
    )  # fmt: skip


def test_a_group_costs_its_size_times_its_template_and_the_template_nothing(stack):
    a_group(stack, a_template(stack))
    report = stack.price()
    monthly = {item.name: item.monthly for item in report.resources}
    assert monthly == {"template": 0, "group": Decimal("73.377505") + 6}


def test_a_group_of_unknown_size_or_template_is_not_priced(stack):
    template = a_template(stack)
    a_group(stack, template, size=UNKNOWN)
    assert "targetSize is not known" in stack.why_not()


def test_a_group_whose_template_is_elsewhere_is_not_priced(stack):
    stack.add(GROUP, zone="us-central1-a", targetSize=3, versions=[{"instanceTemplate": UNKNOWN}])
    assert "what one machine of it is" in stack.why_not()


def test_a_known_template_is_found_by_its_link(stack):
    stack.add(TEMPLATE, "template", name="workers-1", machineType="e2-medium", disks=[])
    link = "https://www.googleapis.com/compute/v1/projects/x/global/instanceTemplates/workers-1"
    stack.add(GROUP, "group", zone="us-central1-a", targetSize=2, versions=[{"instanceTemplate": link}])
    assert stack.total() == Decimal("48.918337")


SHARES = [
    ({"fixed": 2}, None, (2, 3)),
    ({"percent": 30}, None, (2, 3)),
    (None, {"percent": 20}, (4, 1)),
    ({"fixed": 9}, None, (5, 0)),
]


@pytest.mark.parametrize(("first", "second", "counts"), SHARES)
def test_a_group_with_two_templates_has_as_many_of_each_as_it_says(stack, first, second, counts):
    """The new template is not known yet; the old one is, by its link."""
    old, new = (a_template(stack, name, machine, name=name) for name, machine in TWO.items())
    versions = [{"instanceTemplate": "global/instanceTemplates/old?uniqueId=1"}, {"instanceTemplate": UNKNOWN}]
    for version, share in zip(versions, (first, second), strict=True):
        version.update({"targetSize": share} if share else {})
    uses = {"versions": [old, new]}
    stack.add(GROUP, "group", zone="us-central1-a", targetSize=5, versions=versions, uses=uses)
    hourly = Decimal("0.03350571") * counts[0] + Decimal("0.06701142") * counts[1]
    assert abs(stack.total() - (hourly * 730 + 2 * sum(counts))) < Decimal("0.00001")


def test_a_group_with_two_templates_that_are_both_unknown_is_not_priced(stack):
    templates = [a_template(stack, name, machine) for name, machine in TWO.items()]
    versions = [{"instanceTemplate": UNKNOWN}, {"instanceTemplate": UNKNOWN, "targetSize": {"fixed": 1}}]
    uses = {"versions": templates}
    stack.add(GROUP, "group", zone="us-central1-a", targetSize=5, versions=versions, uses=uses)
    assert "which of its 2 versions" in stack.why_not()


def test_a_machine_from_a_template_may_say_some_things_otherwise(stack):
    template = a_template(stack, machine_type="e2-medium")
    uses = {"sourceInstanceTemplate": [template]}
    kind = "compute/instanceFromTemplate:InstanceFromTemplate"
    stack.add(kind, "vm", zone="us-central1-a", machineType="e2-small", uses=uses, sourceInstanceTemplate=UNKNOWN)
    assert stack.total() == Decimal("14.229584")


def test_a_disk_without_a_size_is_as_large_as_what_it_is_made_from(stack):
    disk = stack.add("compute/disk:Disk", "disk", zone="us-central1-a", size=100, type="pd-ssd")
    snapshot = stack.add("compute/snapshot:Snapshot", "snap", sourceDisk=UNKNOWN, uses={"sourceDisk": [disk]})
    image = stack.add(
        "compute/image:Image", "image", sourceSnapshot=UNKNOWN, uses={"sourceSnapshot": [snapshot], "project": [disk]}
    )
    stack.add("compute/disk:Disk", "copy", zone="us-central1-a", image=UNKNOWN, uses={"image": [image]})
    stack.add("compute/disk:Disk", "again", zone="us-central1-a", snapshot=UNKNOWN, uses={"snapshot": [snapshot]})
    boot = {"initializeParams": {"image": UNKNOWN}}
    stack.add(
        "compute/instance:Instance", "vm", zone="us-central1-a", machineType="e2-micro", bootDisk=boot,
        uses={"bootDisk": [image]},
    )  # fmt: skip
    monthly = {item.name: item.monthly for item in stack.price(config={"gcp:region": "us-central1"}).resources}
    assert {name: monthly[name] for name in ("image", "copy", "again")} == {"image": 5, "copy": 4, "again": 4}
    assert monthly["vm"] == Decimal("10.114792")


def test_a_disk_that_is_made_from_itself_is_not_priced(stack):
    link = "projects/x/zones/us-central1-a/disks/round"
    stack.add("compute/disk:Disk", "round", zone="us-central1-a", name="round", sourceDisk=link)
    assert "of a shape that is not known" in stack.why_not()


def test_a_group_that_an_autoscaler_sizes_has_its_fewest_machines(stack):
    group = a_group(stack, a_template(stack), size=None)
    policy = {"minReplicas": 2, "maxReplicas": 9}
    stack.add(
        "compute/autoscaler:Autoscaler", "scaler", autoscalingPolicy=policy, target=UNKNOWN, uses={"target": [group]}
    )
    report = stack.price()
    assert report.total == Decimal("52.918337")
    assert "it may have 9" in report.notes[0]
    assert stack.price({"resources": {"group": {"machines": 9}}}).total > report.total


def test_a_stopped_machine_costs_its_disks_and_its_address(stack):
    address = stack.add("compute/address:Address", "ip", region="us-central1")
    interface = [{"accessConfigs": [{"natIp": UNKNOWN}]}]
    stack.machine(desiredStatus="TERMINATED", networkInterfaces=interface, uses={"networkInterfaces": [address]})
    monthly = {item.name: item.monthly for item in stack.price().resources}
    assert monthly == {"ip": Decimal("7.3"), "vm": Decimal("0.4")}


@pytest.mark.parametrize(
    ("inputs", "why"),
    [
        ({"machine_type": "n2-standard-5"}, "no machine type n2-standard-5; n2-standard-"),
        ({"machine_type": "m3-ultramem-32"}, "no prices of m3 machines"),
        ({"machine_type": "c3-standard-8-lssd"}, "no prices of c3 lssd machines"),
        ({"machine_type": "n2-custom-2-40960"}, "needs -ext"),
        ({"machine_type": "n2-custom-2-40960-ext"}, "no price of the extended memory of n2"),
        ({"machine_type": UNKNOWN}, "machineType is not known"),
        ({"machine_type": ""}, "does not say its machine type"),
        ({"zone": "europe-west9-a"}, "in europe-west9"),
        ({"guestAccelerators": [{"type": "nvidia-tesla-t4", "count": 1}]}, "accelerators"),
        ({"confidentialInstanceConfig": {"enableConfidentialCompute": True}}, "confidential"),
        ({"confidentialInstanceConfig": {"confidentialInstanceType": "TDX"}}, "confidential"),
        ({"desiredStatus": "SUSPENDED"}, "suspended"),
        ({"scratchDisks": [{"size": -1}]}, "cannot be -1"),
        ({"networkInterfaces": UNKNOWN}, "not known"),
    ],
)
def test_a_machine_without_a_price_says_why(stack, inputs, why):
    stack.machine(**inputs)
    assert why in stack.why_not()


def test_licences_of_operating_systems_have_no_price(stack):
    boot = {"initializeParams": {"image": "windows-cloud/windows-2022", "size": 50}}
    stack.add("compute/instance:Instance", machineType="e2-medium", zone="us-central1-a", bootDisk=boot)
    assert "licences" in stack.why_not()


@pytest.mark.parametrize(
    ("kind", "inputs", "why"),
    [
        (
            "compute/disk:Disk",
            {"zone": "us-central1-a", "type": "hyperdisk-ml", "size": 10},
            "no price of disk/hyperdisk-ml",
        ),
        ("compute/disk:Disk", {"zone": "europe-west4-a", "type": "pd-extreme", "size": 500}, "iops in europe-west4"),
        ("compute/disk:Disk", {"zone": "us-central1-a", "size": 10**7}, "cannot have 10000000 GiB"),
        ("storage/bucket:Bucket", {"location": "MARS"}, "no price of bucket/standard/storage in mars"),
        ("storage/bucket:Bucket", {"location": "US", "storageClass": "WARM"}, "no storage class WARM"),
        ("secretmanager/secret:Secret", {"rotation": {"rotationPeriod": "weekly"}}, "not a number of seconds"),
        ("kms/cryptoKey:CryptoKey", {"versionTemplate": {"protectionLevel": "HSM"}}, "HSM"),
    ],
)
def test_what_has_no_price_says_why(stack, kind, inputs, why):
    stack.add(kind, **inputs)
    assert why in stack.why_not()


def test_what_is_free_is_known_to_be_free(stack):
    for kind in (
        "compute/network:Network", "compute/firewall:Firewall", "compute/router:Router", "projects/iAMMember:IAMMember",
        "serviceaccount/account:Account", "billing/budget:Budget", "storage/bucketIAMMember:BucketIAMMember",
        "kms/cryptoKeyIAMMember:CryptoKeyIAMMember", "dns/recordSet:RecordSet", "random:index/randomId:RandomId",
    ):  # fmt: skip
        stack.add(kind, kind.replace("/", "-"))
    report = stack.price()
    assert (report.total, report.complete) == (0, True)
    assert all(item.free for item in report.resources)


def test_nat_counts_the_machines_behind_it(stack):
    stack.machine("inside")
    stack.machine("outside", networkInterfaces=[{"accessConfigs": [{}]}])
    a_group(stack, a_template(stack))
    stack.add("compute/routerNat:RouterNat", "nat", region="us-central1")
    (line, *_) = next(item.lines for item in stack.price().resources if item.name == "nat")
    assert line.quantity == 4 * 730


def test_snapshots_by_schedule_keep_what_is_used_and_what_changes(stack):
    disk = stack.add("compute/disk:Disk", "disk", zone="europe-west4-a", size=100)
    policy = stack.add("compute/resourcePolicy:ResourcePolicy", "daily", snapshotSchedulePolicy={"schedule": {}})
    kind = "compute/diskResourcePolicyAttachment:DiskResourcePolicyAttachment"
    stack.add(kind, "attached", zone="europe-west4-a", uses={"disk": [disk], "name": [policy]})
    kept = {item.name: item for item in stack.price({"disk_used": 0.5, "snapshot_growth": 0.2}).resources}["attached"]
    assert (kept.lines[0].quantity, kept.monthly) == (60, Decimal("4.5"))
    assert kept.lines[0].kind == "usage"


def test_a_share_of_preemptible_machines_is_of_compute_hosts_alone(stack):
    stack.machine("database", labels={"lyceum-component": "database"})
    stack.machine("compute", labels={"lyceum-component": "compute"})
    monthly = {item.name: item.monthly for item in stack.price({"preemptible_share": 1}).resources}
    assert monthly["compute"] < monthly["database"]


def test_usage_of_a_resource_by_pattern(stack):
    stack.machine("compute1", "e2-medium")
    stack.machine("compute2", "e2-medium")
    assert stack.total({"resources": {"compute*": {"hours": 0}}}) == Decimal("0.8")


def test_another_region_prices_everything_there(stack):
    stack.machine(machine_type="e2-medium")
    stack.add("storage/bucket:Bucket", "bucket", location="US", storageClass="COLDLINE")
    report = stack.price({"resources": {"bucket": {"storage_gib": 100}}}, region="asia-southeast1")
    assert report.total == Decimal("30.173141") + Decimal("0.44") + Decimal("0.875")


def test_a_region_that_has_no_prices_leaves_all_without(stack):
    stack.machine(machine_type="e2-medium")
    report = stack.price(region="europe-west9")
    assert (report.total, [missing.name for missing in report.not_priced]) == (0, ["vm"])


def test_another_currency_at_the_tables_rate_or_the_given(stack):
    stack.add("compute/disk:Disk", zone="us-central1-a", type="pd-balanced", size=100)
    report = stack.price(currency="EUR")
    assert (report.total, str(report.exchange.day)) == (Decimal("9.6256"), "2024-12-31")
    given = stack.price(currency="EUR", exchange_rate=Decimal("0.86"))
    assert (given.total, given.exchange.day) == (Decimal("8.6"), None)


def test_what_cannot_be_asked_for_is_refused(stack):
    stack.machine()
    with pytest.raises(WrongUse, match=r"no region 'europe-west44'\. Is europe-west4 meant"):
        stack.price(region="europe-west44")
    with pytest.raises(WrongUse, match="no exchange rate for 'XXX'"):
        stack.price(currency="XXX")
    with pytest.raises(StackError, match=r"a resource 'vmm', which the stack does not have\. Is vm meant"):
        stack.price({"resources": {"vmm": {"hours": 1}}})


@pytest.mark.parametrize(
    ("usage", "said"),
    [
        ({"hour": 1}, "no key hour. Is hours meant"),
        ({"resources": {"vm": {"comitment": "1y"}}}, "no key resources.vm.comitment. Is resources.vm.commitment meant"),
        ({"per_weekly_user": {"egres_gib": 1}}, "no key per_weekly_user.egres_gib"),
        ({"hours": -1}, "hours cannot be -1"),
        ({"hours": 10000}, "no month has more than 744 hours"),
        ({"hours": float("nan")}, "hours cannot be NaN"),
        ({"hours": "all"}, "hours:"),
        ({"preemptible_share": 1.5}, "a share from 0 to 1"),
        ({"commitment": "5y"}, "commitment is"),
        ({"egress_gib": {"moon": 1}}, "egress_gib"),
        ({"weekly_users": 0}, "cannot be 0"),
        (["hours"], "not a list of keys and values"),
    ],
)
def test_a_wrong_usage_file_names_the_key(stack, usage, said):
    with pytest.raises(StackError, match=r"^usage") as raised:
        stack.price(usage)
    assert said in raised.value.message
