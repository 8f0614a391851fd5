"""Machines: alone, from a template, and in groups."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import ROUND_CEILING, Decimal
from typing import Any

import msgspec

from lyceum_stacks.cost import machines
from lyceum_stacks.cost.pricing import Pricing, Sustained, charge
from lyceum_stacks.cost.report import Line
from lyceum_stacks.cost.resources import NotPriceable, Resource, known, last_part, opened, unknown
from lyceum_stacks.cost.rules.disks import FREE_REGIONS, disk_lines, image_size
from lyceum_stacks.cost.sustained import Use
from lyceum_stacks.prices.table import Price

INSTANCE = "gcp:compute/instance:Instance"
FROM_TEMPLATE = "gcp:compute/instanceFromTemplate:InstanceFromTemplate"
TEMPLATES = (
    "gcp:compute/instanceTemplate:InstanceTemplate",
    "gcp:compute/regionInstanceTemplate:RegionInstanceTemplate",
)
ZONAL_GROUP = "gcp:compute/instanceGroupManager:InstanceGroupManager"
REGIONAL_GROUP = "gcp:compute/regionInstanceGroupManager:RegionInstanceGroupManager"
GROUPS = (ZONAL_GROUP, REGIONAL_GROUP)
AUTOSCALERS = ("gcp:compute/autoscaler:Autoscaler", "gcp:compute/regionAutoscaler:RegionAutoscaler")
ADDRESSES = ("gcp:compute/address:Address",)

STOPPED = frozenset({"TERMINATED"})
LICENSED = ("windows", "rhel", "sles", "sap", "sql-")
LOCAL_SSD_GIB = Decimal(375)
COMPUTE = "compute"
ROLE_LABELS = frozenset({"lyceum-component", "role"})
FREE_MACHINE = "e2-micro"
CONFIDENTIAL = ("enableConfidentialCompute", "confidentialInstanceType")
STANDBY = ("targetStoppedSize", "targetSuspendedSize")
# What a machine from a template may say otherwise than the template.
REPLACED = ("machineType", "scheduling", "networkInterfaces", "guestAccelerators", "labels")
OWN_DISKS = ("bootDisk", "scratchDisks")


class Fleet(msgspec.Struct, frozen=True):
    """`count` equal machines that run so many hours a month.

    `resource` is what usage is said of; `described` has the machine's type and scheduling: the same, or a template.
    """

    resource: Resource
    described: Resource
    region: str
    count: Decimal
    hours: Decimal


def instance(pricing: Pricing, resource: Resource) -> list[Line]:
    """A machine: what runs, its own disks, its external addresses."""
    refuse_extras(resource)
    region = pricing.region(resource)
    fleet = Fleet(resource, resource, region, Decimal(1), running_hours(pricing, resource))
    found = machine_lines(pricing, fleet)
    boot = resource.get("bootDisk")
    if isinstance(boot, Mapping) and not boot.get("source"):
        found += _boot_disk(pricing, resource, region)
    for number, _ in enumerate(_listed(resource.get("scratchDisks"))):
        size = resource.number("scratchDisks", number, "size") or LOCAL_SSD_GIB
        found += disk_lines(pricing, f"local SSD {number + 1}", "local-ssd", size, region)
    return found + address_lines(pricing, fleet)


def from_template(pricing: Pricing, resource: Resource) -> list[Line]:
    """A machine made from a template, some of whose settings it may replace."""
    return _of_template(pricing, resource, _described(pricing, resource), pricing.region(resource), Decimal(1))


def group(pricing: Pricing, resource: Resource) -> list[Line]:
    """A group of machines: its size times its template."""
    region = pricing.region(resource)
    if any(resource.number(name) for name in STANDBY):
        raise NotPriceable("it keeps stopped or suspended machines ready, which are not priced here")
    return [
        line
        for template, count in _versions(pricing, resource)
        for line in _of_template(pricing, resource, template, region, count)
    ]


def template(_: Pricing, resource: Resource) -> list[Line]:
    """A template costs nothing itself; the groups that use it do."""
    del resource
    return []


def machine_lines(pricing: Pricing, fleet: Fleet) -> list[Line]:
    """What the vCPUs and memory of some machines cost."""
    resource, described, region, count, hours = fleet.resource, fleet.described, fleet.region, fleet.count, fleet.hours
    name = last_part(described.text("machineType"))
    if not name:
        raise NotPriceable("it does not say its machine type")
    machine = machines.read(name)
    said = pricing.usage_of(resource)
    spot_share = Decimal(1) if is_spot(described) else _preemptible_share(pricing, resource, described)
    commitment = said.commitment or pricing.usage.commitment
    steady = count * (1 - spot_share)
    found: list[Line] = []
    if spot_share:
        found += _lines(
            machines.parts(machine, pricing.table, region, "spot"), "spot", count * spot_share * hours, region
        )
    if not steady:
        return found
    if commitment != "none" and hours:
        model: machines.Model = "commitment-1y" if commitment == "1y" else "commitment-3y"
        words = f"commitment of {commitment[0]} year{'s' if commitment == '3y' else ''}"
        return found + _lines(
            machines.parts(machine, pricing.table, region, model), words, steady * pricing.usage.month_hours, region
        )
    parts = machines.parts(machine, pricing.table, region, "on-demand")
    lines = _lines(parts, "on demand", _beyond_free(pricing, machine.name, region, steady * hours), region)
    fraction = min(Decimal(1), hours / pricing.usage.month_hours)
    pricing.sustained.append(
        Sustained(
            resource.urn, machine.series, region,
            Use(machine.cores, steady, fraction), Use(machine.memory, steady, fraction),
            [(line, part.core_share) for line, part in zip(lines, parts, strict=True)],
        )
    )  # fmt: skip
    return found + lines


def is_spot(described: Resource) -> bool:
    """Whether a machine is bought at the spot price."""
    model = known(described.get("scheduling", "provisioningModel"), "scheduling.provisioningModel")
    return model == "SPOT" or known(described.get("scheduling", "preemptible"), "scheduling.preemptible") in {
        True,
        "true",
    }


def machine_count(pricing: Pricing, resource: Resource) -> Decimal:
    """How many machines a resource stands for."""
    return _group_size(pricing, resource) if resource.type in GROUPS else Decimal(1)


def has_external_address(pricing: Pricing, resource: Resource) -> bool:
    """Whether a machine, or those of a group, are reached from outside without NAT."""
    described = [resource]
    if resource.type in GROUPS:
        described = [template for template, _ in _versions(pricing, resource)]
    elif resource.type == FROM_TEMPLATE:
        described = [_described(pricing, resource)]
    return any(
        _listed(opened(interface).get("accessConfigs"))
        for one in described
        for interface in _listed(one.get("networkInterfaces"))
        if isinstance(opened(interface), Mapping)
    )


def _of_template(pricing: Pricing, resource: Resource, described: Resource, region: str, count: Decimal) -> list[Line]:
    refuse_extras(described)
    fleet = Fleet(resource, described, region, count, running_hours(pricing, resource))
    found = machine_lines(pricing, fleet)
    for number, disk in enumerate(_listed(described.get("disks"))):
        values = opened(disk)
        if not isinstance(values, Mapping) or values.get("source"):
            continue
        scratch = values.get("type") == "SCRATCH"
        kind = described.text("disks", number, "diskType") or ("local-ssd" if scratch else "pd-standard")
        size = described.number("disks", number, "diskSizeGb")
        if size is None:
            size = LOCAL_SSD_GIB if scratch else image_size(pricing, described, "disks", number, "sourceImage")
        _refuse_licence(described.get("disks", number, "sourceImage"))
        found += disk_lines(
            pricing, f"disk {number + 1}", last_part(kind), size, region, count=count,
            iops=described.number("disks", number, "provisionedIops"),
            throughput=described.number("disks", number, "provisionedThroughput"),
        )  # fmt: skip
    return found + address_lines(pricing, fleet)


def _boot_disk(pricing: Pricing, resource: Resource, region: str) -> list[Line]:
    path = ("bootDisk", "initializeParams")
    size = resource.number(*path, "size")
    if size is None:
        size = image_size(pricing, resource, *path, "image")
    _refuse_licence(resource.get(*path, "image"))
    kind = last_part(resource.text(*path, "type") or "pd-standard")
    return disk_lines(
        pricing, "boot disk", kind, size, region,
        iops=resource.number(*path, "provisionedIops"),
        throughput=resource.number(*path, "provisionedThroughput"),
    )  # fmt: skip


def address_lines(pricing: Pricing, fleet: Fleet) -> list[Line]:
    """External addresses that a machine takes while it runs. A reserved one is charged where it is reserved."""
    described, region = fleet.described, fleet.region
    taken = Decimal(0)
    for interface in _listed(described.get("networkInterfaces")):
        for access in _listed(
            opened(interface).get("accessConfigs") if isinstance(opened(interface), Mapping) else None
        ):
            if not (isinstance(opened(access), Mapping) and _reserved(pricing, described, opened(access).get("natIp"))):
                taken += 1
    if not taken:
        return []
    item = "address/in-use-spot" if is_spot(described) else "address/in-use"
    return [pricing.line("external address in use", taken * fleet.count * fleet.hours, item, region)]


def _reserved(pricing: Pricing, described: Resource, given: Any) -> bool:
    return bool(given) and bool(pricing.referred(described, "networkInterfaces", ADDRESSES))


def _lines(parts: Sequence[machines.Part], how: str, hours: Decimal, region: str) -> list[Line]:
    return [charge(f"{part.what}, {how}", part.units * hours, _price(part, region), region=region) for part in parts]


def _price(part: machines.Part, region: str) -> Price:
    return Price(part.what, region, part.unit, Decimal(0), part.price, part.day, part.source)


def running_hours(pricing: Pricing, resource: Resource) -> Decimal:
    """How many hours of a month a machine runs."""
    status = resource.text("desiredStatus")
    if status == "SUSPENDED":
        raise NotPriceable("a suspended machine is charged for its memory, which the table has no price of")
    if status in STOPPED:
        return Decimal(0)
    said = pricing.usage_of(resource).hours
    return pricing.usage.running if said is None else min(said, pricing.usage.month_hours)


def _beyond_free(pricing: Pricing, name: str, region: str, hours: Decimal) -> Decimal:
    """Hours that are paid, where the account's free machine is to be counted."""
    if not pricing.usage.free_tier or name != FREE_MACHINE or region not in FREE_REGIONS:
        return hours
    return max(Decimal(0), hours - max(Decimal(0), pricing.usage.month_hours - pricing.count("free machine", hours)))


def _preemptible_share(pricing: Pricing, resource: Resource, described: Resource) -> Decimal:
    said = pricing.usage_of(resource).preemptible_share
    if said is not None:
        return said
    share = pricing.usage.preemptible_share
    role = _role(described) or _role(resource)
    return share if share and role in {"", COMPUTE} else Decimal(0)


def _role(resource: Resource) -> str:
    """What a machine is for, by its labels; only compute hosts are ever taken for preemptible."""
    labels = resource.get("labels")
    values = labels if isinstance(labels, Mapping) else {}
    return next((str(value) for name, value in values.items() if name in ROLE_LABELS), "")


def _group_size(pricing: Pricing, resource: Resource) -> Decimal:
    said = pricing.usage_of(resource).machines
    if said is not None:
        return said
    scalers = [user for user in pricing.users(resource) if user.type in AUTOSCALERS]
    size = resource.number("targetSize")
    if scalers and size is None:
        least, most = (scalers[0].number("autoscalingPolicy", name) for name in ("minReplicas", "maxReplicas"))
        if least is None:
            raise NotPriceable("its autoscaler does not say how few machines it keeps")
        pricing.notes.append(
            f"{resource.name} is priced with the fewest machines its autoscaler keeps, {least}; it may have {most}."
        )
        return least
    return size or Decimal(0)


def _described(pricing: Pricing, resource: Resource) -> Resource:
    """The template of a machine, with what the machine says otherwise."""
    template = _template(pricing, resource, "sourceInstanceTemplate")
    if any(resource.get(name) for name in OWN_DISKS):
        raise NotPriceable("its disks are not those of its template")
    given = {name: resource.inputs[name] for name in REPLACED if resource.get(name)}
    uses = {name: resource.property_dependencies.get(name, ()) for name in given}
    return msgspec.structs.replace(
        template,
        inputs={**template.inputs, **given},
        property_dependencies={**template.property_dependencies, **uses},
    )


def _versions(pricing: Pricing, resource: Resource) -> list[tuple[Resource, Decimal]]:
    """The templates of a group, and how many of its machines are of each: one version may have the rest."""
    size = _group_size(pricing, resource)
    versions = resource.get("versions")
    if not isinstance(versions, list) or len(versions) < 2:
        return [(_template(pricing, resource, "versions"), size)]
    templates = _templates(pricing, resource, len(versions))
    counts: list[Decimal | None] = []
    for number in range(len(versions)):
        fixed, percent = (resource.number("versions", number, "targetSize", how) for how in ("fixed", "percent"))
        share = None if percent is None else (size * percent / 100).to_integral_value(ROUND_CEILING)
        counts.append(share if fixed is None else min(fixed, size))
    rest = max(Decimal(0), size - sum((count for count in counts if count is not None), Decimal(0)))
    return [(one, rest if count is None else count) for one, count in zip(templates, counts, strict=True)]


def _templates(pricing: Pricing, resource: Resource, count: int) -> list[Resource]:
    """The template of each version: by its link where that is known, and the one that is left for one that is not."""
    links = [resource.get("versions", number, "instanceTemplate") for number in range(count)]
    named = [pricing.named(link, TEMPLATES) for link in links]
    taken = {one.urn for found in named for one in found}
    others = [one for one in pricing.referred(resource, "versions", TEMPLATES) if one.urn not in taken]
    found = [one or others for one in named]
    if any(len(one) != 1 for one in found):
        raise NotPriceable(f"which of its {count} versions is of which template is not known before the deployment")
    return [one[0] for one in found]


def _template(pricing: Pricing, resource: Resource, name: str) -> Resource:
    found = pricing.referred(resource, name, TEMPLATES)
    if len(found) == 1:
        return found[0]
    if not found:
        told = (
            "which is not known before the deployment"
            if unknown(_first_template(resource))
            else "which is not in this stack"
        )
        raise NotPriceable(f"its size is told, but not what one machine of it is: that says its template, {told}")
    raise NotPriceable(f"which of several templates it has is not told: {', '.join(sorted(one.name for one in found))}")


def _first_template(resource: Resource) -> Any:
    return resource.get("versions", 0, "instanceTemplate") or resource.get("sourceInstanceTemplate")


def refuse_extras(described: Resource) -> None:
    """What makes a machine dearer and has no price in the table."""
    accelerators = described.get("guestAccelerators")
    if unknown(accelerators) or any(
        described.number("guestAccelerators", number, "count") != 0 for number, _ in enumerate(_listed(accelerators))
    ):
        raise NotPriceable("the table has no prices of accelerators (GPUs)")
    if any(described.get("confidentialInstanceConfig", name) for name in CONFIDENTIAL):
        raise NotPriceable("the table has no prices of confidential machines")
    if described.get("networkPerformanceConfig", "totalEgressBandwidthTier") == "TIER_1":
        raise NotPriceable("the table has no price of Tier 1 network performance")
    if _listed(described.get("scheduling", "nodeAffinities")):
        raise NotPriceable("the table has no prices of sole-tenant nodes")


def _refuse_licence(image: Any) -> None:
    parts = str(image or "").lower().split("/")
    if any(part.startswith(LICENSED) for part in parts):
        raise NotPriceable(f"the table has no prices of licences of operating systems ({image})")


def _listed(value: Any) -> list[Any]:
    value = known(opened(value), "a part of it (its interfaces, disks or accelerators)")
    return value if isinstance(value, list) else []


RULES = {
    INSTANCE: instance,
    FROM_TEMPLATE: from_template,
    ZONAL_GROUP: group,
    REGIONAL_GROUP: group,
    **dict.fromkeys(TEMPLATES, template),
}
