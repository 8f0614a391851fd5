"""A size written down as an inventory of one's own machines, and as a list of what to buy. Knows no cloud."""

from __future__ import annotations

import ipaddress
from pathlib import Path

import jinja2

from lyceum_stacks import fleet
from lyceum_stacks.errors import StackError
from lyceum_stacks.sizes import GROUPS, Size

DEVICE = "/dev/disk/by-id/{}"
# Documentation addresses (RFC 5737), and where these are too few those for benchmarks (RFC 2544): surely not in use.
_FEW, _MANY = ipaddress.IPv4Address("192.0.2.11"), ipaddress.IPv4Address("198.18.0.11")
_TEMPLATES = jinja2.Environment(
    loader=jinja2.PackageLoader(__package__, "data/on-premises"),
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
    autoescape=False,  # noqa: S701 - YAML and Markdown of our own numbers and names
)


def write(size: Size, folder: Path) -> None:
    """Write the inventory into a new folder; raises StackError if that cannot be written."""
    texts = {"hosts.yml": hosts(size), "group_vars/all/main.yml": settings(size), "README.md": readme(size)}
    try:
        for name, text in texts.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise StackError(f"cannot write {folder}: {error.strerror}") from None


def hosts(size: Size) -> str:
    """The text of `hosts.yml`."""
    machines = _machines(size)
    first = _FEW if len(machines) <= 200 else _MANY
    addresses = {machine.name: str(first + number) for number, machine in enumerate(machines)}
    groups = {
        group: [machine for machine in machines if machine.group == group] for group in GROUPS if group != "admin"
    }
    return _filled("hosts.yml.j2", size=size, machines=machines, addresses=addresses, groups=groups)


def settings(size: Size) -> str:
    """The text of `group_vars/all/main.yml`."""
    return _filled("main.yml.j2", variables=fleet.variables(size))


def readme(size: Size) -> str:
    """The text of `README.md`: what each machine must have."""
    groups = {name: group for name, group in size.groups.items() if name != "admin"}
    return _filled("README.md.j2", size=size, groups=groups)


def _machines(size: Size) -> list[fleet.Machine]:
    """All but the admin machine: the control machine is a person's own."""
    return [machine for machine in fleet.machines(size, device=DEVICE) if machine.group != "admin"]


def _filled(name: str, **values: object) -> str:
    return _TEMPLATES.get_template(name).render(values)
