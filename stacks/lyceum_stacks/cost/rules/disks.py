"""Disks, snapshots and images."""

from __future__ import annotations

from decimal import Decimal

from lyceum_stacks.cost.pricing import Pricing
from lyceum_stacks.cost.report import Line
from lyceum_stacks.cost.resources import NotPriceable, Resource, last_part

DISK = "gcp:compute/disk:Disk"
REGION_DISK = "gcp:compute/regionDisk:RegionDisk"
DISKS = (DISK, REGION_DISK)
POLICY = "gcp:compute/resourcePolicy:ResourcePolicy"
INSTANCE = "gcp:compute/instance:Instance"
SNAPSHOT = "gcp:compute/snapshot:Snapshot"
IMAGE = "gcp:compute/image:Image"
# What a disk or an image is made from, by the input that names it.
SOURCES = {
    "image": (IMAGE,), "sourceImage": (IMAGE,), "snapshot": (SNAPSHOT,), "sourceSnapshot": (SNAPSHOT,),
    "sourceDisk": DISKS,
}  # fmt: skip

# What a disk gets that is made without a size (cloud.google.com/compute/docs/disks).
DEFAULT_SIZES = {
    "pd-standard": 500, "pd-balanced": 100, "pd-ssd": 100, "pd-extreme": 1000,
    "hyperdisk-balanced": 100, "hyperdisk-extreme": 1000,
}  # fmt: skip
# GiB of the public images that a boot disk is made as large as.
IMAGE_SIZES = {"debian": 10, "ubuntu": 10, "cos": 10, "fedora-coreos": 10, "rocky-linux": 20, "centos": 20}
LARGEST_DISK = Decimal(65536)
# Where an account's free machine and disk are (cloud.google.com/free).
FREE_REGIONS = frozenset({"us-west1", "us-central1", "us-east1"})
FREE_GIB = Decimal(30)


def disk(pricing: Pricing, resource: Resource) -> list[Line]:
    """A disk: its provisioned size, whether it is attached or not."""
    if resource.get("enableConfidentialCompute"):
        raise NotPriceable("the table has no prices of disks in confidential mode")
    region = pricing.region(resource)
    regional = resource.type == REGION_DISK
    kind = last_part(resource.text("type") or "pd-standard")
    return disk_lines(
        pricing, "regional disk" if regional else "disk", f"regional-{kind}" if regional else kind,
        disk_size(pricing, resource), region,
        iops=resource.number("provisionedIops"), throughput=resource.number("provisionedThroughput"),
    )  # fmt: skip


def disk_lines(
    pricing: Pricing, label: str, kind: str, size: Decimal, region: str, *, count: Decimal = Decimal(1),
    iops: Decimal | None = None, throughput: Decimal | None = None,
) -> list[Line]:  # fmt: skip
    """What `count` disks of a kind and a size in GiB cost, with the IOPS and MiB/s that they are given."""
    if not 0 < size <= LARGEST_DISK:
        raise NotPriceable(f"a disk cannot have {size} GiB ({label})")
    charged = size * count
    if pricing.usage.free_tier and kind == "pd-standard" and region in FREE_REGIONS:
        charged = max(Decimal(0), charged - max(Decimal(0), FREE_GIB - pricing.count("free disk", charged)))
    found = [pricing.line(f"{label}, {kind}", charged, f"disk/{kind}", region)]
    if (None in {iops, throughput} and kind == "hyperdisk-balanced") or (iops is None and kind.endswith("-extreme")):
        pricing.notes.append(
            f"A {kind} disk of {size} GiB does not say its performance; it is priced with what Compute Engine gives it."
        )
    if kind == "hyperdisk-balanced":
        iops = min(3000 + 6 * size, Decimal(80000)) if iops is None else iops
        throughput = min(140 + size * 3 / 2, Decimal(1200)) if throughput is None else throughput
    elif kind in {"pd-extreme", "hyperdisk-extreme"} and iops is None:
        iops = Decimal(100000) if kind == "pd-extreme" else min(100 * size, Decimal(350000))
    for what, unit, amount in (("IOPS", "iops", iops), ("throughput", "throughput", throughput)):
        if amount is None or f"disk/{kind}/{unit}" not in pricing.table.items:
            continue  # what the disk's price includes
        included = pricing.tiers(f"disk/{kind}/{unit}", region)[0].start
        words = f"{label}, {what} above {included:,f}" if included else f"{label}, {what}"
        found.append(pricing.line(words, max(Decimal(0), amount - included) * count, f"disk/{kind}/{unit}", region))
    return found


def disk_size(pricing: Pricing, resource: Resource) -> Decimal:
    """The size of a disk in GiB: given, or that of what it is made from, or the default of its kind."""
    size = resource.number("size")
    if size is not None:
        return size
    if (size := _source_size(pricing, resource)) is not None:
        return size
    kind = last_part(resource.text("type") or "pd-standard")
    if kind not in DEFAULT_SIZES:
        raise NotPriceable(f"it does not say its size, and the default of {kind} is not known")
    return Decimal(DEFAULT_SIZES[kind])


def image_size(pricing: Pricing, resource: Resource, *path: str | int) -> Decimal:
    """The size that the image at `path`, a public one or one of this stack, gives to a disk without one of its own."""
    given = resource.get(*path)
    if isinstance(given, str) and (size := _public_size(given)) is not None:
        return size
    own = pricing.referred(resource, str(path[0]), (IMAGE,))
    if len(own) == 1:
        return _stored_size(pricing, own[0])
    named = resource.text(*path) or "that is not told either"
    raise NotPriceable(f"the size of its boot disk is not told, and depends on the image {named}")


def _public_size(image: str) -> Decimal | None:
    for part in image.lower().split("/"):
        for name, size in IMAGE_SIZES.items():
            if part.startswith(name):
                return Decimal(size)
    return None


def _source_size(pricing: Pricing, resource: Resource) -> Decimal | None:
    """The size of what a disk or an image is made from; None where it is made from nothing."""
    for name, kinds in SOURCES.items():
        if resource.get(name):
            if kinds == (IMAGE,):
                return image_size(pricing, resource, name)
            found = pricing.referred(resource, name, kinds)
            if len(found) != 1:
                raise NotPriceable(f"its size is that of its {name}, which this stack does not tell")
            return _stored_size(pricing, found[0])
    return None


def _stored_size(pricing: Pricing, source: Resource) -> Decimal:
    """The size of the disk that a disk, a snapshot, an image or a machine's boot disk is, or was taken from."""
    if source.type in DISKS:
        return disk_size(pricing, source)
    if source.type == INSTANCE:
        path = ("bootDisk", "initializeParams")
        size = source.number(*path, "size")
        return image_size(pricing, source, *path, "image") if size is None else size
    size = source.number("diskSizeGb")
    size = _source_size(pricing, source) if size is None else size
    if size is None:
        raise NotPriceable(f"the size of {source.name}, which it is made from, is not told")
    return size


def attachment(pricing: Pricing, resource: Resource) -> list[Line]:
    """Snapshots that a schedule takes of a disk: what is used of the disk, and what changes while they are kept."""
    policies = pricing.referred(resource, "name", (POLICY,))
    if policies and policies[0].get("snapshotSchedulePolicy") is None:
        return []
    sources = pricing.referred(resource, "disk", (*DISKS, INSTANCE))
    region = pricing.region(sources[0] if len(sources) == 1 else resource)
    places = policies[0].get("snapshotSchedulePolicy", "snapshotProperties", "storageLocations") if policies else None
    place = str(places[0]).lower() if isinstance(places, list) and places else pricing.multi_region(region)
    used = pricing.usage.disk_used
    said = pricing.usage_of(resource).storage_gib
    if said is not None and not isinstance(said, dict):
        stored = said
    elif not used:
        stored = Decimal(0)
    elif len(sources) != 1:
        raise NotPriceable("its snapshots are of a disk that this stack does not tell")
    else:
        stored = _stored_size(pricing, sources[0]) * used * (1 + pricing.usage.snapshot_growth)
    return [pricing.line("snapshots kept", stored, "snapshot/standard", pricing.moved(place), "usage")]


def snapshot(pricing: Pricing, resource: Resource) -> list[Line]:
    """A snapshot that is taken once."""
    sources = pricing.referred(resource, "sourceDisk", DISKS)
    places = resource.get("storageLocations")
    place = str(places[0]).lower() if isinstance(places, list) and places else ""
    if not place:
        place = pricing.multi_region(pricing.region(sources[0] if sources else resource))
    said = pricing.usage_of(resource).storage_gib
    stored = said if said is not None and not isinstance(said, dict) else Decimal(0)
    if said is None and pricing.usage.disk_used:
        if not sources:
            raise NotPriceable("it is of a disk that this stack does not tell")
        stored = disk_size(pricing, sources[0]) * pricing.usage.disk_used
    kind = "archive" if resource.text("snapshotType") == "ARCHIVE" else "standard"
    return [pricing.line("snapshot", stored, f"snapshot/{kind}", pricing.moved(place), "usage")]


def image(pricing: Pricing, resource: Resource) -> list[Line]:
    """An image of one's own: at most as large as the disk that it is made from."""
    said = pricing.usage_of(resource).storage_gib
    size = said if said is not None and not isinstance(said, dict) else resource.number("diskSizeGb")
    size = _source_size(pricing, resource) if size is None else size
    if size is None:
        raise NotPriceable("its size is not told; the usage file may, as storage_gib")
    sources = pricing.referred(resource, "sourceDisk", DISKS)
    return [pricing.line("image", size, "image/storage", pricing.region(sources[0] if sources else resource))]


RULES = {
    DISK: disk,
    REGION_DISK: disk,
    "gcp:compute/diskResourcePolicyAttachment:DiskResourcePolicyAttachment": attachment,
    "gcp:compute/regionDiskResourcePolicyAttachment:RegionDiskResourcePolicyAttachment": attachment,
    SNAPSHOT: snapshot,
    IMAGE: image,
}
