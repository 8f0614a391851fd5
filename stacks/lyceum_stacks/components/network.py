"""The private network: subnets by trust, one way out, and a firewall that follows `flows.py`.

No machine has an address of its own on the internet, but a single edge. Deliberately not here: flow logs (they cost
more than most machines), VPNs and peerings (they belong to the institution's network).
"""

from __future__ import annotations

import ipaddress

from pulumi_gcp import compute

from lyceum_stacks import flows
from lyceum_stacks.components.base import Component, labels
from lyceum_stacks.components.services import Services
from lyceum_stacks.settings import Settings
from lyceum_stacks.sizes import GroupName

SUBNETS: dict[str, tuple[GroupName, ...]] = {
    "front": ("edge",),
    "core": ("hub", "database", "storage", "admin"),
    "compute": ("compute",),
}


def ranges(network: str) -> dict[str, str]:
    """The subnets' addresses: a quarter of the network each; the last quarter stays free."""
    quarters = ipaddress.IPv4Network(network).subnets(prefixlen_diff=2)
    return {name: str(quarter) for name, quarter in zip(SUBNETS, quarters, strict=False)}


class Network(Component):
    """Network, subnets, NAT and firewall."""

    def __init__(self, settings: Settings, services: Services) -> None:
        super().__init__("Network", settings)
        self.network = compute.Network(
            "network", auto_create_subnetworks=False, routing_mode="REGIONAL",
            description=f"Lyceum instance {settings.stack}", opts=self.child(after=services.enabled),
        )  # fmt: skip
        self.subnets = {
            name: compute.Subnetwork(
                name, network=self.network.id, region=settings.region, ip_cidr_range=addresses,
                private_ip_google_access=True, opts=self.child(),
            )
            for name, addresses in ranges(settings.network).items()
        }  # fmt: skip
        self._way_out(settings)
        for flow in flows.flows(settings):
            self._let_in(flow)
        self.register_outputs({})

    def subnet_of(self, group: GroupName) -> compute.Subnetwork:
        """The subnet of a group's machines."""
        return next(self.subnets[name] for name, groups in SUBNETS.items() if group in groups)

    def _way_out(self, settings: Settings) -> None:
        """NAT behind an address that stays, so that others can let it in."""
        router = compute.Router("router", network=self.network.id, region=settings.region, opts=self.child())
        address = compute.Address(
            "nat-address", region=settings.region, address_type="EXTERNAL", network_tier="PREMIUM",
            labels=labels(settings, "network"), opts=self.child(),
        )  # fmt: skip
        compute.RouterNat(
            "nat",
            router=router.name,
            region=settings.region,
            nat_ip_allocate_option="MANUAL_ONLY",
            nat_ips=[address.self_link],
            source_subnetwork_ip_ranges_to_nat="LIST_OF_SUBNETWORKS",
            subnetworks=[
                {"name": subnet.id, "source_ip_ranges_to_nats": ["ALL_IP_RANGES"]} for subnet in self.subnets.values()
            ],
            # Many connections of one machine are fine (a course that installs packages), for as long as ports last.
            enable_dynamic_port_allocation=True,
            enable_endpoint_independent_mapping=False,
            min_ports_per_vm=64,
            max_ports_per_vm=8192,
            log_config={"enable": True, "filter": "ERRORS_ONLY"},
            opts=self.child(),
        )

    def _let_in(self, flow: flows.Flow) -> None:
        compute.Firewall(
            f"allow-{flow.name}",
            network=self.network.id,
            description=flow.why,
            direction="INGRESS",
            priority=1000,
            allows=[{"protocol": "tcp", "ports": list(flow.ports)}],
            source_ranges=list(flow.ranges) or None,
            source_tags=[tag(group) for group in flow.groups] or None,
            target_tags=[tag(group) for group in flow.to],
            opts=self.child(),
        )


def tag(group: GroupName) -> str:
    """The network tag of a group's machines."""
    return f"lyceum-{group}"
