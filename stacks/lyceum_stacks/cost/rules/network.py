"""Addresses, NAT, forwarding rules and tunnels."""

from __future__ import annotations

from decimal import Decimal

from lyceum_stacks.cost.pricing import Pricing
from lyceum_stacks.cost.report import Line
from lyceum_stacks.cost.resources import NotPriceable, Resource
from lyceum_stacks.cost.rules import machines

ADDRESS = "gcp:compute/address:Address"
GLOBAL_ADDRESS = "gcp:compute/globalAddress:GlobalAddress"
NAT = "gcp:compute/routerNat:RouterNat"
RULE = "gcp:compute/forwardingRule:ForwardingRule"
GLOBAL_RULE = "gcp:compute/globalForwardingRule:GlobalForwardingRule"

FORWARDERS = (RULE, GLOBAL_RULE)
MACHINES = (machines.INSTANCE, machines.FROM_TEMPLATE, *machines.TEMPLATES)
FIRST_RULES = 5
LARGE_NAT = 32


def address(pricing: Pricing, resource: Resource) -> list[Line]:
    """A reserved address: dearer while nothing uses it; free inside the network, and in front of a load balancer."""
    if resource.text("addressType") == "INTERNAL" or resource.text("ipVersion") == "IPV6":
        return []
    region = "global" if resource.type == GLOBAL_ADDRESS else pricing.region(resource)
    month = pricing.usage.month_hours
    users = pricing.users(resource)
    if any(user.type in FORWARDERS for user in users):
        return []
    if any(user.type == NAT for user in users):
        return [pricing.line("external address of a NAT gateway", month, "nat/address", region)]
    taker = next((user for user in users if user.type in MACHINES), None)
    if taker is None:
        return [pricing.line("external address, reserved and unused", month, "address/unused", region)]
    running = machines.running_hours(pricing, taker)
    item = "address/in-use-spot" if machines.is_spot(taker) else "address/in-use"
    found = [pricing.line("external address in use", running, item, region)]
    if running < month:
        found.append(
            pricing.line("external address while its machine is stopped", month - running, "address/unused", region)
        )
    return found


def nat(pricing: Pricing, resource: Resource) -> list[Line]:
    """A NAT gateway: by the machines that use it, by its addresses, by what passes."""
    region = pricing.region(resource)
    month = pricing.usage.month_hours
    said = pricing.usage_of(resource)
    count = _behind(pricing, region) if said.machines is None else said.machines
    found = []
    if count > LARGE_NAT:
        found.append(pricing.line(f"gateway, for more than {LARGE_NAT} machines", month, "nat/gateway-large", region))
    else:
        found.append(pricing.line(f"gateway, {count:f} machines", count * month, "nat/gateway", region))
    given = resource.get("natIps")
    if said.addresses is not None or not given:
        addresses = Decimal(1) if said.addresses is None else said.addresses
        found.append(pricing.line("external address of the gateway", addresses * month, "nat/address", region))
    if said.data_gib is not None:
        passing = said.data_gib
    else:
        gateways = sum(1 for other in pricing.everything.values() if other.type == NAT)
        passing = (pricing.usage.nat_gib + pricing.per_user("nat_gib")) / gateways
    found.append(pricing.line("data through the gateway", passing, "nat/data", region, "usage"))
    return found


def forwarding_rule(pricing: Pricing, resource: Resource) -> list[Line]:
    """A load balancer's rule: the first five of a region cost together what one does."""
    region = "global" if resource.type == GLOBAL_RULE else pricing.region(resource)
    if "PSC" in resource.text("loadBalancingScheme") or resource.text("target").find("serviceAttachments") >= 0:
        raise NotPriceable("the table has no price of Private Service Connect")
    month = pricing.usage.month_hours
    before = pricing.count(f"rules in {region}", Decimal(1))
    if before >= FIRST_RULES:
        found = [pricing.line("further forwarding rule", month, "load-balancer/further-rule", region)]
    elif before:
        pricing.tiers("load-balancer/first-five-rules", region)
        found = []
    else:
        found = [pricing.line("forwarding rules, the first five", month, "load-balancer/first-five-rules", region)]
    data = pricing.usage_of(resource).data_gib
    return (
        found
        if data is None
        else [*found, pricing.line("data through the load balancer", data, "load-balancer/data", region, "usage")]
    )


def tunnel(pricing: Pricing, resource: Resource) -> list[Line]:
    """A VPN tunnel."""
    return [pricing.line("tunnel", pricing.usage.month_hours, "vpn/tunnel", pricing.region(resource))]


def _behind(pricing: Pricing, region: str) -> Decimal:
    """How many machines of a region have no address of their own, and so go through NAT."""
    kinds = (machines.INSTANCE, machines.FROM_TEMPLATE, *machines.GROUPS)
    total = Decimal(0)
    for resource in pricing.everything.values():
        if resource.type not in kinds:
            continue
        try:
            if pricing.region(resource) == region and not machines.has_external_address(pricing, resource):
                total += machines.machine_count(pricing, resource)
        except NotPriceable:
            continue  # it is told as such itself
    return total


RULES = {
    ADDRESS: address,
    GLOBAL_ADDRESS: address,
    NAT: nat,
    RULE: forwarding_rule,
    GLOBAL_RULE: forwarding_rule,
    "gcp:compute/vPNTunnel:VPNTunnel": tunnel,
}
