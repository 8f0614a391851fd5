"""Where people come in: one address that stays, the edges behind it, and the names that lead to it.

A single edge has the address itself. Several stand behind a load balancer that passes TCP through as it is: TLS still
ends on the edges, and they see who calls.
"""

from __future__ import annotations

from collections.abc import Mapping

import pulumi
from pulumi_gcp import compute, dns

from lyceum_stacks import flows
from lyceum_stacks.components.base import Component, labels
from lyceum_stacks.components.network import Network
from lyceum_stacks.components.services import Services
from lyceum_stacks.settings import Settings

TTL = 300  # seconds


class Address(Component):
    """The public address, made before the edges that may carry it."""

    def __init__(self, settings: Settings, services: Services) -> None:
        super().__init__("Address", settings)
        self.address = compute.Address(
            "public-address",
            region=settings.region,
            address_type="EXTERNAL",
            network_tier="PREMIUM",
            labels=labels(settings, "entry"),
            opts=self.child(after=services.enabled, protect=settings.deletion_protection),
        )
        self.register_outputs({})


class Balancer(Component):
    """Spreads connections over the edges, and leaves out those that do not answer."""

    def __init__(
        self,
        settings: Settings,
        address: Address,
        network: Network,
        edges: Mapping[str, compute.Instance],
        zones: list[str],
    ) -> None:
        super().__init__("Balancer", settings)
        groups = [self._group(zone, edges, zones, network) for zone in sorted(set(zones))]
        check = compute.RegionHealthCheck(
            "edge-answers", region=settings.region, check_interval_sec=5, timeout_sec=5, healthy_threshold=2,
            unhealthy_threshold=2, tcp_health_check={"port": int(flows.HTTPS)}, opts=self.child(),
        )  # fmt: skip
        service = compute.RegionBackendService(
            "edges",
            region=settings.region,
            load_balancing_scheme="EXTERNAL",
            protocol="TCP",
            health_checks=check.self_link,
            session_affinity="NONE",
            connection_draining_timeout_sec=300,
            backends=[{"group": group.self_link, "balancing_mode": "CONNECTION"} for group in groups],
            opts=self.child(),
        )
        compute.ForwardingRule(
            "public",
            region=settings.region,
            load_balancing_scheme="EXTERNAL",
            network_tier="PREMIUM",
            ip_address=address.address.self_link,
            ip_protocol="TCP",
            ports=list(flows.public_ports(settings)),
            backend_service=service.self_link,
            labels=labels(settings, "entry"),
            opts=self.child(),
        )
        self.register_outputs({})

    def _group(
        self, zone: str, edges: Mapping[str, compute.Instance], zones: list[str], network: Network
    ) -> compute.InstanceGroup:
        """The edges of one zone."""
        there = [edge.self_link for edge, its_zone in zip(edges.values(), zones, strict=True) if its_zone == zone]
        return compute.InstanceGroup(
            f"edges-{zone}", zone=zone, network=network.network.id, instances=there, opts=self.child()
        )


class Names(Component):
    """The zone in Cloud DNS; its name servers are entered where the domain above is kept."""

    def __init__(self, settings: Settings, services: Services, address: Address) -> None:
        super().__init__("Names", settings)
        zone = dns.ManagedZone(
            "zone",
            dns_name=f"{settings.domain}.",
            description=f"Lyceum instance {settings.stack}",
            visibility="public",
            dnssec_config={"state": "on"},
            force_destroy=False,
            labels=labels(settings, "entry"),
            opts=self.child(after=services.enabled, protect=settings.deletion_protection),
        )
        for name, domain in records(settings).items():
            dns.RecordSet(
                name, managed_zone=zone.name, name=f"{domain}.", type="A", ttl=TTL,
                rrdatas=[address.address.address], opts=self.child(),
            )  # fmt: skip
        self.name_servers: pulumi.Output[list[str]] = zone.name_servers
        self.register_outputs({})


def records(settings: Settings) -> dict[str, str]:
    """The names that must lead to the public address, by what they are for."""
    return {"instance": settings.domain, "projects": f"*.{settings.project_domain}"}
