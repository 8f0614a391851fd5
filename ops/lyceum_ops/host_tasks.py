"""The commands about compute hosts."""

from __future__ import annotations

from invoke.context import Context
from invoke.tasks import task

from lyceum_ops.commands.session import session

HOST = "the compute host, as the inventory names it"
NAME = "lab (default: lab)"
INVENTORY = "inventory, for an instance that is no lab"


@task(name="list", help={"name": NAME, "inventory": INVENTORY})
def host_list(_: Context, name: str = "lab", inventory: str = "") -> None:
    """List the compute hosts: what runs there, how much room is left, which are being emptied."""
    from lyceum_ops import remote
    from lyceum_ops.commands import host

    with session("host"):
        host.show(remote.choose(lab=name, given=inventory))


@task(
    name="drain",
    positional=["host"],
    help={"host": HOST, "stop": "also stop and save what runs there", "name": NAME, "inventory": INVENTORY},
)
def host_drain(_: Context, host: str, stop: bool = False, name: str = "lab", inventory: str = "") -> None:
    """Empty a compute host before work on it: it takes no projects, and those that rest move to others.

    What runs moves once it is stopped. `./lyceum host list` shows how many projects are left.
    Example: ./lyceum host drain compute1 --stop -i inventories/cluster
    """
    from lyceum_ops import remote
    from lyceum_ops.commands import host as command

    with session("host"):
        command.drain(remote.choose(lab=name, given=inventory), host, stop=stop)


@task(name="resume", positional=["host"], help={"host": HOST, "name": NAME, "inventory": INVENTORY})
def host_resume(_: Context, host: str, name: str = "lab", inventory: str = "") -> None:
    """Let a compute host take projects again."""
    from lyceum_ops import remote
    from lyceum_ops.commands import host as command

    with session("host"):
        command.resume(remote.choose(lab=name, given=inventory), host)


FAMILY = (host_list, host_drain, host_resume)
