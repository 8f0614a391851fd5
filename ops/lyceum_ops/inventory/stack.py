"""An inventory made of what a Pulumi stack put out: its machines, with the way to them.

`hosts.yml` of such an inventory names the stack, or a file with what `pulumi stack output --json` said. The shape of
the output stands in `stacks/lyceum_stacks/outputs.py`. Names that come from it end up in a command line of ssh, so
they are checked.
"""

from __future__ import annotations

import ipaddress
import json
import os
import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from lyceum_ops import checkout, programs
from lyceum_ops.errors import Failure
from lyceum_ops.inventory import InventoryError
from lyceum_ops.inventory.specs import nearest

PLUGIN = "lyceum_stack"
OUTPUT = "lyceum"
VERSION = 1
GROUPS = ("edge", "hub", "database", "compute", "storage")
HOSTS = "hosts.yml"
KNOWN_HOSTS = "known_hosts"
STACKS = checkout.ROOT / "stacks"
NO_ENGINE = "Pulumi's engine is not installed here"
GET_ENGINE = "www.pulumi.com/docs/install says how to get it (one archive, no root needed)"
WAYS = ("proxy", "direct")
_OPTIONS = ("plugin", "stack", "outputs", "ssh")
_NAME = re.compile(r"[a-z]([a-z0-9-]{0,61}[a-z0-9])?")
_VARIABLE = re.compile(r"[a-z][a-z0-9_]*__[a-z0-9_]+")


@dataclass(frozen=True)
class Description:
    """What `hosts.yml` says: where the output is to be had, and how machines are reached."""

    path: Path
    stack: str = ""
    outputs: Path | None = None
    ssh: str = "proxy"


@dataclass(frozen=True)
class Place:
    """Where a machine is at Google."""

    instance: str
    zone: str
    project: str


@dataclass(frozen=True)
class Found:
    """An inventory: variables of all machines, and of each by name with its group."""

    variables: Mapping[str, Any]
    machines: Mapping[str, tuple[str, Mapping[str, Any]]] = field(default_factory=dict)


def is_description(path: Path) -> bool:
    """Whether a file is a description of this kind."""
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError):
        return False
    return isinstance(content, dict) and content.get("plugin") == PLUGIN


def describe(path: Path) -> Description:
    """Read a description; raises InventoryError."""
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    for key in content:
        if key not in _OPTIONS:
            raise InventoryError(f"{path}: there is no setting {key}; {nearest(str(key), _OPTIONS)}".rstrip("; "))
    stack, outputs, ssh = (str(content.get(key) or "") for key in ("stack", "outputs", "ssh"))
    if bool(stack) == bool(outputs):
        raise InventoryError(f"{path}: give either stack (its name) or outputs (a file)")
    if ssh and ssh not in WAYS:
        raise InventoryError(f"{path}: ssh must be one of {', '.join(WAYS)}, not {ssh!r}")
    return Description(path, stack, path.parent / outputs if outputs else None, ssh or "proxy")


def load(path: Path) -> Found:
    """The inventory of a description; raises InventoryError."""
    description = describe(path)
    content, source = _content(description)
    return build(content, source=source, folder=path.parent, ssh=description.ssh)


def places(path: Path) -> dict[str, Place]:
    """Where the machines of a description are at Google, by their names here; raises InventoryError."""
    content, source = _content(describe(path))
    build(content, source=source, folder=path.parent)
    output = content[OUTPUT]
    return {
        name: Place(machine["instance"], machine["zone"], output["project"])
        for name, machine in output["machines"].items()
        if machine["group"] in GROUPS
    }


def _content(description: Description) -> tuple[Any, str]:
    """The outputs, and how to call where they come from."""
    text = _ask_engine(description) if description.outputs is None else read(description.outputs)
    source = str(description.outputs or f"the stack {description.stack}")
    try:
        return json.loads(text), source
    except json.JSONDecodeError as error:
        raise InventoryError(
            f"{source}: it is no JSON ({error.msg} in line {error.lineno})",
            hint="write it anew: pulumi stack output --json",
        ) from None


def build(content: object, *, source: str, folder: Path, ssh: str = "proxy") -> Found:
    """Make an inventory of a stack's outputs. source: how to call them in messages; folder: the inventory's."""
    output = content.get(OUTPUT) if isinstance(content, Mapping) else None
    if not isinstance(output, Mapping):
        raise InventoryError(
            f"{source}: there is no output {OUTPUT}, of which inventories are made",
            hint="the stack must be up: ./lyceum cloud up STACK",
        )
    if output.get("version") != VERSION:
        raise InventoryError(
            f"{source}: the output {OUTPUT} has version {output.get('version')!r}; this Lyceum reads {VERSION}",
            hint="bring the stack up with the same version of Lyceum",
        )
    try:
        return _inventory(output, folder, ssh)
    except (KeyError, AttributeError, TypeError) as error:
        raise InventoryError(f"{source}: the output {OUTPUT} is incomplete ({error!r})") from None
    except ValueError as error:
        raise InventoryError(f"{source}: {error}", hint="was the last `up` broken off? Run it again") from None


def _inventory(output: Mapping[str, Any], folder: Path, ssh: str) -> Found:
    project = _checked(output["project"], "project")
    machines = {}
    for name, machine in output["machines"].items():
        if machine["group"] in GROUPS:
            machines[_checked(name, "machine")] = (machine["group"], _variables(name, machine, project, folder, ssh))
    if not machines:
        raise ValueError("it has no machine")
    common = {**_ours(output["variables"]), "ansible_become": True}
    if user := output.get("ssh_user"):
        common["ansible_user"] = _checked(user, "ssh_user")
    return Found(common, machines)


def _variables(name: str, machine: Mapping[str, Any], project: str, folder: Path, ssh: str) -> dict[str, Any]:
    instance, zone = (_checked(machine[key], f"{key} of {name}") for key in ("instance", "zone"))
    address = machine["address"]
    try:
        ipaddress.ip_address(address)
    except ValueError:
        raise ValueError(f"{name} has no address yet, but {address!r}") from None
    return {
        "ansible_host": address,
        "ansible_ssh_common_args": ssh_arguments(instance, zone=zone, project=project, folder=folder, way=ssh),
        **_ours(machine["variables"]),
    }


def ssh_arguments(instance: str, *, zone: str, project: str, folder: Path, way: str) -> str:
    """Options of ssh that lead to a machine: by its name at Google, whose host key `known_hosts` of the folder has.

    way: `proxy` goes through Google's Identity-Aware Proxy, by gcloud; `direct` is for a control machine that is in the
    network itself.
    """
    options = [f"HostKeyAlias={instance}", f'UserKnownHostsFile="{folder.resolve() / KNOWN_HOSTS}" ~/.ssh/known_hosts']
    if way == "proxy":
        tunnel = ["gcloud", "compute", "start-iap-tunnel", instance, "%p", "--listen-on-stdin"]
        options.append(
            f"ProxyCommand={shlex.join([*tunnel, f'--project={project}', f'--zone={zone}', '--verbosity=error'])}"
        )
    return shlex.join([word for option in options for word in ("-o", option)])


def _ours(variables: Mapping[str, Any]) -> dict[str, Any]:
    """Variables of roles, and nothing else: no output decides how Ansible connects."""
    for name in variables:
        if not _VARIABLE.fullmatch(name):
            raise ValueError(f"{name!r} is no variable of a role")
    # Ansible takes what stands in an inventory for templates; what a stack put out is none.
    if any(mark in json.dumps(variables) for mark in ("{{", "{%", "{#")):
        raise ValueError("a variable holds a template")
    return dict(variables)


def _checked(text: object, what: str) -> str:
    if not isinstance(text, str) or not _NAME.fullmatch(text):
        raise ValueError(f"{what}: {text!r} is no name")
    return text


def read(path: Path) -> str:
    """The text of a file with outputs; raises InventoryError."""
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        said = error.strerror if isinstance(error, OSError) else "it is no text"
        raise InventoryError(
            f"cannot read {path}: {said}",
            hint=f"write it: pulumi stack output --json --stack STACK --cwd {STACKS} > {path}",
        ) from None


def _ask_engine(description: Description) -> str:
    if programs.find("pulumi") is None:
        raise InventoryError(
            f"{description.path} needs the outputs of the stack {description.stack}, but {NO_ENGINE}",
            hint=f"{GET_ENGINE}; or save the outputs where it is installed, and write `outputs: FILE` for `stack:`",
        )
    try:
        asked = programs.run(
            [
                "pulumi",
                "stack",
                "output",
                "--json",
                "--stack",
                description.stack,
                "--non-interactive",
                "--cwd",
                str(STACKS),
            ],
            extra_environment=engine_environment(),
            timeout=120,
        )
    except Failure as failure:
        raise InventoryError(
            f"the outputs of the stack {description.stack} cannot be had: {failure}",
            hint=f"is it up? ./lyceum cloud up {description.stack}",
        ) from None
    return asked.stdout


def engine_environment() -> dict[str, str]:
    """What the engine and Google's tools read from the environment, and the passphrase's file if there is one."""
    passed = ("PULUMI_", "GOOGLE_", "CLOUDSDK_", "GCLOUD_")
    made = {name: value for name, value in os.environ.items() if name.startswith(passed)}
    given = {"PULUMI_CONFIG_PASSPHRASE", "PULUMI_CONFIG_PASSPHRASE_FILE"} & made.keys()
    own = STACKS / ".passphrase"
    if not given and own.is_file():
        made["PULUMI_CONFIG_PASSPHRASE_FILE"] = str(own)
    return {**made, "PULUMI_SKIP_UPDATE_CHECK": "true"}
