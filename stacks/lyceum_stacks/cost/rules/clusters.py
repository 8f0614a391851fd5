"""Clusters of Google Kubernetes Engine: a fee for each, and the machines of its node pools."""

from __future__ import annotations

from decimal import Decimal

import msgspec

from lyceum_stacks.cost.pricing import Pricing, zone_region
from lyceum_stacks.cost.report import Line
from lyceum_stacks.cost.resources import NotPriceable, Resource, last_part
from lyceum_stacks.cost.rules import machines
from lyceum_stacks.cost.rules.disks import disk_lines

CLUSTER = "gcp:container/cluster:Cluster"
POOL = "gcp:container/nodePool:NodePool"
# What a node is that does not say it, and in how many zones a cluster stands that is in a whole region
# (cloud.google.com/kubernetes-engine/docs/concepts/node-pools, .../regional-clusters).
MACHINE, DISK, GIB, ZONES = "e2-medium", "pd-balanced", Decimal(100), 3
PARTS_OF_A_ZONE = 3
PRIVATE = (("privateClusterConfig", "enablePrivateNodes"), ("networkConfig", "enablePrivateNodes"))

Path = tuple[str | int, ...]


def cluster(pricing: Pricing, resource: Resource) -> list[Line]:
    """A cluster: its management, and the nodes that it declares itself."""
    found = [pricing.line("cluster management", pricing.usage.month_hours, "cluster/management", "all")]
    if resource.get("enableAutopilot") is True:
        pricing.notes.append(f"{resource.name} is charged for what its pods ask for, too, which is not in the sum.")
        return found
    zones = _zones_of_cluster(resource)
    pools = resource.get("nodePools")
    for number, _ in enumerate(pools if isinstance(pools, list) else []):
        found += _nodes(pricing, resource, resource, ("nodePools", number), zones)
    if not pools and resource.get("removeDefaultNodePool") is not True:
        found += _nodes(pricing, resource, resource, (), zones)
    return found


def pool(pricing: Pricing, resource: Resource) -> list[Line]:
    """The nodes of a pool, in each zone of its cluster or in those that it names."""
    owners = pricing.referred(resource, "cluster", (CLUSTER,))
    owner = owners[0] if len(owners) == 1 else resource
    if owner is resource and not resource.text("location"):
        raise NotPriceable("it stands where its cluster does, which this stack does not tell")
    return _nodes(pricing, resource, owner, (), _zones_of_cluster(owner))


def _nodes(pricing: Pricing, resource: Resource, owner: Resource, at: Path, zones: int) -> list[Line]:
    """The nodes that are described at a place of a resource's inputs, and stand where `owner` does."""
    described = _described(resource, owner, at)
    machines.refuse_extras(described)
    own_zones = resource.get(*at, "nodeLocations") if at or resource.type == POOL else None
    count = _each_zone(pricing, resource, at) * (len(own_zones) if isinstance(own_zones, list) else zones)
    region = pricing.instead(_region(owner.text("location"))) if owner.get("location") else pricing.region(owner)
    fleet = machines.Fleet(resource, described, region, count, machines.running_hours(pricing, resource))
    config = (*at, "nodeConfig")
    found = machines.machine_lines(pricing, fleet)
    found += disk_lines(
        pricing, "node disk", last_part(resource.text(*config, "diskType") or DISK),
        resource.number(*config, "diskSizeGb") or GIB, region, count=count,
    )  # fmt: skip
    if ssds := resource.number(*config, "localSsdCount"):
        found += disk_lines(pricing, "local SSD", "local-ssd", machines.LOCAL_SSD_GIB, region, count=count * ssds)
    return found + machines.address_lines(pricing, fleet)


def _described(resource: Resource, owner: Resource, at: Path) -> Resource:
    """A node as a machine's inputs would have it."""
    config = (*at, "nodeConfig")
    spot = any(resource.get(*config, name) is True for name in ("spot", "preemptible"))
    places = ((resource, at), (owner, ()))
    hidden = any(one.get(*place, *path) is True for one, place in places for path in PRIVATE)
    inputs = {
        "machineType": resource.get(*config, "machineType") or MACHINE,
        "scheduling": {"provisioningModel": "SPOT" if spot else "STANDARD"},
        "guestAccelerators": resource.get(*config, "guestAccelerators"),
        "labels": resource.get(*config, "labels"),
        "networkInterfaces": [{"accessConfigs": [] if hidden else [{}]}],
    }
    return msgspec.structs.replace(resource, inputs=inputs, property_dependencies={})


def _each_zone(pricing: Pricing, resource: Resource, at: Path) -> Decimal:
    """How many nodes a pool has in each zone: the fewest, where an autoscaler decides."""
    said = pricing.usage_of(resource).machines
    if said is not None:
        return said
    for path in (("nodeCount",), ("initialNodeCount",), ("autoscaling", "minNodeCount")):
        if (count := resource.number(*at, *path)) is not None:
            return count
    if resource.get(*at, "autoscaling") is not None:
        raise NotPriceable("its autoscaler does not say how few nodes it keeps in each zone")
    return Decimal(1)


def _zones_of_cluster(resource: Resource) -> int:
    location = resource.text("location")
    others = resource.get("nodeLocations")
    named = {str(zone) for zone in others} if isinstance(others, list) else set()
    if location.count("-") + 1 == PARTS_OF_A_ZONE:
        return len(named | {location})
    return len(named) or ZONES


def _region(location: str) -> str:
    return zone_region(location) if location.count("-") + 1 == PARTS_OF_A_ZONE else location


RULES = {CLUSTER: cluster, POOL: pool}
