"""The commands as a person calls them. Each only reads its options; the work is done by the module it names."""

from __future__ import annotations

from invoke.collection import Collection
from invoke.context import Context
from invoke.tasks import task

from lyceum_ops.commands import deploy as deploy_command
from lyceum_ops.commands import lab as lab_commands
from lyceum_ops.commands import up as up_command
from lyceum_ops.commands.session import session

NAME_HELP = "the lab's name (a second lab beside the first has another name, and --port)"
PORT_HELP = "publish at 127.0.0.1:PORT (HTTPS), PORT-363 (HTTP) and PORT-421 (projects' SSH)"
VERBOSE_HELP = "show everything, not only the names of steps"


@task(
    name="boot",
    iterable=["machine"],
    help={
        "name": NAME_HELP,
        "machine": "a machine and its groups, as NAME=GROUP,GROUP; may be given several times (default: all seven)",
        "port": PORT_HELP + "; without it nothing is published",
        "disk": "size of each data disk in GB (they are sparse files; default 20)",
        "verbose": VERBOSE_HELP,
    },
)
def lab_boot(
    _: Context, machine: list[str], name: str = "lab", port: int = 0, disk: int = 0, verbose: bool = False
) -> None:
    """Boot bare machines and write their inventory; nothing is deployed.

    What is up stays up: a machine that is not yet there is added.
    Example: ./lyceum lab boot --name try --machine web1=edge --machine c1=compute
    """
    with session("lab-boot", verbose=verbose) as progress:
        lab_commands.boot(name, machine, port=port or None, disk_gigabytes=disk or None, progress=progress)


@task(
    help={
        "single": "put everything on one machine instead of seven",
        "name": NAME_HELP,
        "port": PORT_HELP + " (default 8443, so 8080 and 8022)",
        "disk": "size of each data disk in GB (they are sparse files; default 20)",
        "verbose": VERBOSE_HELP,
    }
)
def up(
    _: Context, single: bool = False, name: str = "lab", port: int = 0, disk: int = 0, verbose: bool = False
) -> None:
    """Bring a local lab up, with an instance of Lyceum in it, from whatever is there.

    Installs what this host lacks, builds image, wheels and web client, boots the machines, deploys,
    and prints the address and the administrator's first password. Run again, it changes nothing.
    """
    with session("up", verbose=verbose) as progress:
        up_command.run(name, single=single, port=port or None, disk_gigabytes=disk or None, progress=progress)


@task(
    help={
        "inventory": "the inventory's folder, for example inventories/cluster",
        "limit": "only these machines or groups (Ansible's pattern)",
        "check": "tell what would change, and change nothing",
        "verbose": VERBOSE_HELP,
    }
)
def deploy(_: Context, inventory: str, limit: str = "", check: bool = False, verbose: bool = False) -> None:
    """Deploy Lyceum on the machines of an inventory.

    Example: ./lyceum deploy -i inventories/cluster --limit compute2 --check
    """
    with session("deploy", verbose=verbose) as progress:
        deploy_command.run(inventory, limit=limit, check=check, progress=progress)


@task(help={"name": NAME_HELP, "verbose": VERBOSE_HELP})
def down(_: Context, name: str = "lab", verbose: bool = False) -> None:
    """Shut the lab down; machines' disks, settings and secrets stay.

    Nothing else is left behind: no process, mount, loop device, network namespace or control group.
    """
    with session("down", verbose=verbose) as progress:
        lab_commands.down(name, progress)


@task(help={"name": NAME_HELP, "yes": "do not ask", "verbose": VERBOSE_HELP})
def destroy(_: Context, name: str = "lab", yes: bool = False, verbose: bool = False) -> None:
    """Shut the lab down and delete its machines with all that is on them."""
    with session("destroy", verbose=verbose) as progress:
        lab_commands.destroy(name, sure=yes, progress=progress)


@task(name="ssh", positional=["machine"], help={"machine": "the machine's name, as status shows it", "name": NAME_HELP})
def ssh_(_: Context, machine: str, name: str = "lab") -> None:
    """Open a shell on a machine of the lab, as root."""
    with session("ssh"):
        lab_commands.ssh(name, machine)


def namespace() -> Collection:
    """All commands."""
    root = Collection()
    for command in (up, deploy, down, destroy, ssh_):
        root.add_task(command)
    lab = Collection("lab")
    lab.add_task(lab_boot)
    root.add_collection(lab)
    return root
