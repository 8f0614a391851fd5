"""Who may connect to whom, as docs/architecture.md describes it: all that the firewall lets through.

What is not here is dropped: a VPC lets nothing in by itself. Connections within one machine pass no firewall.
"""

from __future__ import annotations

from dataclasses import dataclass

from lyceum_stacks.fleet import variables
from lyceum_stacks.settings import Settings
from lyceum_stacks.sizes import GroupName

INTERNET = "0.0.0.0/0"
HTTP, HTTPS, PROJECT_SSH, SSH = "80", "443", "22022", "22"
EVERY_GROUP: tuple[GroupName, ...] = ("edge", "hub", "database", "compute", "storage", "admin")


@dataclass(frozen=True)
class Flow:
    """TCP connections that are let in: to machines of these groups, from groups or from ranges of addresses."""

    name: str
    to: tuple[GroupName, ...]
    ports: tuple[str, ...]
    why: str
    groups: tuple[GroupName, ...] = ()
    ranges: tuple[str, ...] = ()


def public_ports(settings: Settings) -> tuple[str, ...]:
    """The ports of the edges that the whole internet reaches."""
    return (HTTP, HTTPS, PROJECT_SSH) if settings.project_ssh else (HTTP, HTTPS)


def flows(settings: Settings) -> tuple[Flow, ...]:
    """Everything that is let in."""
    hubs = variables(settings.size)["lyceum__hub_processes"]
    hub_ports = ("5001", *(str(5000 + 2 * number) for number in range(hubs)))
    return (
        Flow("public", ("edge",), public_ports(settings), "browsers and projects' SSH", ranges=(INTERNET,)),
        Flow(
            "administration", EVERY_GROUP, (SSH,), "administrators, through the Identity-Aware Proxy",
            ranges=settings.administration_ranges,
        ),
        Flow("deployment", EVERY_GROUP, (SSH,), "Ansible from the admin machine", groups=("admin",)),
        Flow("hub", ("hub",), hub_ports, "HAProxy to hubs and hub proxies", groups=("edge",)),
        Flow("database", ("database",), ("5432",), "SQL over TLS", groups=("hub", "storage")),
        Flow("compute", ("compute",), ("6000", "6001"), "hubs to daemons, hub proxies to gateways", groups=("hub",)),
        Flow("storage", ("storage",), ("6002",), "calls to the storage daemon", groups=("hub", "compute")),
        Flow("copies", ("storage",), (SSH,), "copies, dumps of the database", groups=("compute", "database")),
    )  # fmt: skip
