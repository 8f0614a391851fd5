"""The lab's Ansible inventory: machines anew each time, settings and secrets only when they are missing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from lyceum_ops.errors import die
from lyceum_ops.lab import ssh
from lyceum_ops.lab.definition import GROUPS, HTTP_OFFSET, SSH_OFFSET, Lab, Machine, write_file

HEADER = "# Written by ./lyceum for the lab {name}; {fate}\n---\n"


def link_of(checkout: Path, lab: str) -> Path:
    """Where a checkout shows a lab's inventory."""
    return checkout / "inventories" / ("lab" if lab == "lab" else f"lab-{lab}")


def write(lab: Lab, checkout: Path) -> Path:
    """Write the inventory and link it into the checkout; returns the link."""
    settings = ssh.write_settings(lab)
    folder = lab.places.inventory
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    control = lab.places.runtime / "ssh"
    control.mkdir(mode=0o700, parents=True, exist_ok=True)
    hosts = {
        "all": {
            "vars": {
                "ansible_user": "root",
                "ansible_ssh_common_args": f"-F {settings}",
                # Labs share one range of addresses, so each needs a folder of its own for open connections.
                "ansible_control_path_dir": str(control),
            },
            "hosts": {machine.name: _host(machine) for machine in lab.machines},
            "children": {group: {"hosts": {machine.name: None for machine in lab.in_group(group)}} for group in GROUPS},
        }
    }
    text = HEADER.format(name=lab.name, fate="written anew at each start.") + _yaml(hosts)
    write_file(folder / "hosts.yml", text, mode=0o600)
    _write_ports(lab)
    main = folder / "group_vars" / "all" / "main.yml"
    if not main.exists():
        text = HEADER.format(name=lab.name, fate="made once: change what you like.")
        write_file(main, text + _yaml(_settings(lab)))
    return _link(link_of(checkout, lab.name), folder)


def settings_of(lab: Lab) -> dict[str, Any]:
    """Read the settings that a lab's instance has."""
    path = lab.places.inventory / "group_vars" / "all" / "main.yml"
    loaded = yaml.safe_load(path.read_text(encoding="utf-8")) if path.is_file() else None
    return loaded if isinstance(loaded, dict) else {}


def _host(machine: Machine) -> dict[str, str]:
    variables = {"ansible_host": machine.address}
    if "compute" in machine.groups:
        variables["compute__data_device"] = "/dev/lyceum-projects"
    if "storage" in machine.groups:
        variables["storage__data_device"] = "/dev/lyceum-storage"
    return variables


def _settings(lab: Lab) -> dict[str, Any]:
    """The instance's first settings; ports stand in a file of their own, since they follow the lab's."""
    return {
        "lyceum__site_name": "Lyceum lab" if lab.name == "lab" else f"Lyceum lab {lab.name}",
        "lyceum__names": ["localhost", "127.0.0.1"],
        "lyceum__project_domain": "projects.localhost",
        "lyceum__administrator_email": "administrator@localhost.localdomain",
        "lyceum__sign_up": "open",
    }


def _write_ports(lab: Lab) -> None:
    """Tell the instance at which ports browsers see it."""
    ports = (
        {}
        if lab.port is None
        else {
            "lyceum__https_port": lab.port,
            "lyceum__http_port": lab.port - HTTP_OFFSET,
            "lyceum__ssh_port": lab.port - SSH_OFFSET,
        }
    )
    text = HEADER.format(name=lab.name, fate="written anew at each start.") + _yaml(ports)
    write_file(lab.places.inventory / "group_vars" / "all" / "ports.yml", text)


def _yaml(content: dict[str, Any]) -> str:
    return yaml.safe_dump(content, sort_keys=False) if content else "{}\n"


def _link(link: Path, target: Path) -> Path:
    if link.is_symlink():
        if link.readlink() == target:
            return link
        link.unlink()
    elif link.exists():
        die(f"{link} is in the way: a lab's inventory is linked there.", hint="Move it elsewhere.")
    link.parent.mkdir(parents=True, exist_ok=True)
    link.symlink_to(target)
    return link
