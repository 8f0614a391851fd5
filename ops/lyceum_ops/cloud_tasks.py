"""The commands of the family `cloud` as a person calls them."""

from __future__ import annotations

from invoke.context import Context
from invoke.tasks import task

from lyceum_ops.commands.session import session

STACK = "the stack's name: small, medium, large, or that of a Pulumi.NAME.yaml of your own in stacks/"
STATE = "where the engine keeps its state: gs://BUCKET or a folder; only needed once"
VERBOSE = "show everything, not only the names of steps"

# Imports stand within the commands: most commands need none of this.


@task(name="preview", positional=["stack"], help={"stack": STACK, "state": STATE, "verbose": VERBOSE})
def cloud_preview(_: Context, stack: str, state: str = "", verbose: bool = False) -> None:
    """Check settings, project and quota, and show what `up` would make. Makes nothing.

    Example: ./lyceum cloud preview medium --state gs://campus-lyceum-state
    """
    from lyceum_ops.commands import cloud

    with session("cloud-preview", verbose=verbose) as progress:
        cloud.preview(stack, state=state, progress=progress)


@task(
    name="up",
    positional=["stack"],
    help={"stack": STACK, "state": STATE, "yes": "do not ask", "verbose": VERBOSE},
)
def cloud_up(_: Context, stack: str, state: str = "", yes: bool = False, verbose: bool = False) -> None:
    """Make the network, machines, disks and buckets of a stack on Google Cloud, or change what differs.

    Settings, project, billing and quota are checked first; then it shows what it would do, and asks.
    """
    from lyceum_ops.commands import cloud

    with session("cloud-up", verbose=verbose) as progress:
        cloud.up(stack, state=state, sure=yes, progress=progress)


@task(
    name="destroy",
    positional=["stack"],
    help={"stack": STACK, "state": STATE, "yes": "do not ask", "verbose": VERBOSE},
)
def cloud_destroy(_: Context, stack: str, state: str = "", yes: bool = False, verbose: bool = False) -> None:
    """Delete a stack with all that is on its machines; refused while the stack is protected."""
    from lyceum_ops.commands import cloud

    with session("cloud-destroy", verbose=verbose) as progress:
        cloud.destroy(stack, state=state, sure=yes, progress=progress)


@task(name="host-keys", help={"inventory": "an inventory of a stack, such as inventories/gcp"})
def cloud_host_keys(_: Context, inventory: str) -> None:
    """Learn the SSH host keys of a stack's machines, as these told Google, so that SSH knows them."""
    from lyceum_ops.commands import cloud

    with session("cloud-host-keys") as progress:
        cloud.host_keys(inventory, progress)


@task(
    name="inventory",
    positional=["name", "folder"],
    help={
        "name": "a stack; with --on-premises also a size",
        "folder": "the new inventory, such as inventories/campus",
        "on-premises": "for machines of your own of this size, instead of the cloud's",
        "outputs": "a file with what `pulumi stack output --json` said (- for standard input), instead of asking",
    },
)
def cloud_inventory(_: Context, name: str, folder: str, on_premises: bool = False, outputs: str = "") -> None:
    """Write an inventory for a stack, or for machines of your own that do the same.

    Example: ./lyceum cloud inventory medium inventories/campus --on-premises
    """
    from lyceum_ops.commands import cloud

    with session("cloud-inventory") as progress:
        cloud.inventory(name, folder, on_premises=on_premises, outputs=outputs, progress=progress)


FAMILY = (cloud_preview, cloud_up, cloud_destroy, cloud_host_keys, cloud_inventory)
