"""The stack's output `lyceum`, of which inventories are made (`ops/lyceum_ops/inventory/stack.py` reads it).

`{"version": 1, "stack", "project", "region", "ssh_user", "variables": {name: value},
"machines": {name: {"group", "instance", "zone", "address", "variables": {name: value}}}}`

`instance` is a machine's name in the cloud, `address` its private address. A reader refuses a version that it does
not know.
"""

from __future__ import annotations

from typing import Any

from lyceum_stacks import fleet
from lyceum_stacks.settings import Settings

VERSION = 1


def instance(settings: Settings) -> dict[str, Any]:
    """What holds for all machines."""
    return {
        "version": VERSION,
        "stack": settings.stack,
        "project": settings.project,
        "region": settings.region,
        # With OS Login everybody has a name of their own.
        "ssh_user": "" if settings.os_login else settings.ssh_keys[0].split(":", maxsplit=1)[0],
        "variables": {
            "lyceum__names": [settings.domain],
            "lyceum__project_domain": settings.project_domain,
            **fleet.variables(settings.size),
        },
    }


def machine(planned: fleet.Machine, name: str, address: object) -> dict[str, Any]:
    """What holds for one machine. name: what the cloud calls it."""
    return {
        "group": planned.group,
        "instance": name,
        "zone": planned.zone,
        "address": address,
        "variables": dict(planned.variables),
    }
