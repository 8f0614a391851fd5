"""The commands as a person calls them. Each only reads its options; the work is done by the module it names."""

from __future__ import annotations

from invoke.collection import Collection
from invoke.context import Context
from invoke.tasks import task

from lyceum_ops import cloud_tasks, host_tasks, preflight
from lyceum_ops.commands import lab as lab_commands
from lyceum_ops.commands.session import session
from lyceum_ops.cost_tasks import bench_cost, cost, plan, prices_check, prices_refresh

NAME = "the lab's name (a second lab beside the first has another name, and --port)"
PORT = "publish at 127.0.0.1:PORT (HTTPS), PORT-363 (HTTP) and PORT-421 (projects' SSH)"
DISK = "size of each data disk in GB (they are sparse files; default 20)"
VERBOSE = "show everything, not only the names of steps"
INVENTORY = "another inventory's folder instead of the lab's, for example inventories/cluster"
EMAIL = "the account's e-mail address"
ASK = "ask for the password (or read it from a pipe) instead of making one"

# Imports stand within the commands: reading Ansible's libraries takes longer than most commands do.


@task(
    help={
        "single": "put everything on one machine instead of seven",
        "name": NAME,
        "port": PORT + " (default 8443, so 8080 and 8022)",
        "disk": DISK,
        "verbose": VERBOSE,
    }
)
def up(
    _: Context, single: bool = False, name: str = "lab", port: int = 0, disk: int = 0, verbose: bool = False
) -> None:
    """Bring a local lab up, with an instance of Lyceum in it, from whatever is there.

    Installs what this host lacks, builds image, wheels and web client, boots the machines, deploys,
    and prints the address and the administrator's first password. Run again, it changes nothing.
    """
    preflight.check_root()  # Ansible's libraries want a home to write to, which nobody (say) has not
    from lyceum_ops.commands import up as command

    with session("up", verbose=verbose) as progress:
        command.run(name, single=single, port=port or None, disk_gigabytes=disk or None, progress=progress)


@task(help={"name": NAME, "verbose": VERBOSE})
def down(_: Context, name: str = "lab", verbose: bool = False) -> None:
    """Shut the lab down; machines' disks, settings and secrets stay.

    Nothing else is left behind: no process, mount, loop device, network namespace or control group.
    """
    with session("down", verbose=verbose) as progress:
        lab_commands.down(name, progress)


@task(help={"name": NAME, "yes": "do not ask", "verbose": VERBOSE})
def destroy(_: Context, name: str = "lab", yes: bool = False, verbose: bool = False) -> None:
    """Shut the lab down and delete its machines with all that is on them."""
    with session("destroy", verbose=verbose) as progress:
        lab_commands.destroy(name, sure=yes, progress=progress)


@task(help={"name": NAME, "json": "for programs: one JSON object"})
def status(_: Context, name: str = "lab", json: bool = False) -> None:
    """Show the lab's machines and services, and whether the instance answers."""
    from lyceum_ops.commands import status as command

    with session("status"):
        command.show(command.look(name), as_json=json)


@task(
    help={
        "inventory": "the inventory's folder, for example inventories/cluster",
        "limit": "only these machines or groups (Ansible's pattern)",
        "check": "tell what would change, and change nothing",
        "verbose": VERBOSE,
    }
)
def deploy(_: Context, inventory: str, limit: str = "", check: bool = False, verbose: bool = False) -> None:
    """Deploy Lyceum on the machines of an inventory.

    Example: ./lyceum deploy -i inventories/cluster --limit compute2 --check
    """
    from lyceum_ops.commands import deploy as command

    with session("deploy", verbose=verbose) as progress:
        command.run(inventory, limit=limit, check=check, progress=progress)


@task(
    name="administrator",
    positional=["email"],
    help={"email": EMAIL, "ask": ASK, "name": NAME, "inventory": INVENTORY},
)
def account_administrator(_: Context, email: str, ask: bool = False, name: str = "lab", inventory: str = "") -> None:
    """Make an administrator: a new account, or one that is there (which keeps its password).

    Example: ./lyceum account administrator ada@example.org -i inventories/cluster
    """
    from lyceum_ops import remote
    from lyceum_ops.commands import account

    with session("account"):
        account.administrator(remote.choose(lab=name, given=inventory), email, ask=ask)


@task(
    name="password",
    positional=["email"],
    help={"email": EMAIL, "ask": ASK, "name": NAME, "inventory": INVENTORY},
)
def account_password(_: Context, email: str, ask: bool = False, name: str = "lab", inventory: str = "") -> None:
    """Give an account a new password; all its sessions end."""
    from lyceum_ops import remote
    from lyceum_ops.commands import account

    with session("account"):
        account.new_password(remote.choose(lab=name, given=inventory), email, ask=ask)


@task(name="disable", positional=["email"], help={"email": EMAIL, "name": NAME, "inventory": INVENTORY})
def account_disable(_: Context, email: str, name: str = "lab", inventory: str = "") -> None:
    """Let an account sign in no more; all its sessions end."""
    from lyceum_ops import remote
    from lyceum_ops.commands import account

    with session("account"):
        account.change(remote.choose(lab=name, given=inventory), "disable", email)


@task(name="enable", positional=["email"], help={"email": EMAIL, "name": NAME, "inventory": INVENTORY})
def account_enable(_: Context, email: str, name: str = "lab", inventory: str = "") -> None:
    """Let a disabled account sign in again."""
    from lyceum_ops import remote
    from lyceum_ops.commands import account

    with session("account"):
        account.change(remote.choose(lab=name, given=inventory), "enable", email)


@task(name="list", help={"name": NAME, "inventory": INVENTORY})
def account_list(_: Context, name: str = "lab", inventory: str = "") -> None:
    """List all accounts."""
    from lyceum_ops import remote
    from lyceum_ops.commands import account

    with session("account"):
        account.show(remote.choose(lab=name, given=inventory))


@task(
    name="ssh",
    positional=["machine"],
    help={"machine": "the machine's name, as status shows it", "name": NAME, "inventory": INVENTORY},
)
def ssh_(_: Context, machine: str, name: str = "lab", inventory: str = "") -> None:
    """Open a shell on a machine, as root.

    Example: ./lyceum ssh compute1
    """
    from lyceum_ops import remote
    from lyceum_ops.commands import machine as command

    with session("ssh"):
        command.shell(remote.choose(lab=name, given=inventory), machine)


@task(
    positional=["machine"],
    help={
        "machine": "the machine's name, as status shows it",
        "unit": "only this unit's; may also follow the machine's name as a second word",
        "lines": "how many of the latest lines",
        "follow": "go on showing new lines",
        "name": NAME,
        "inventory": INVENTORY,
    },
)
def logs(
    _: Context,
    machine: str,
    unit: str = "",
    lines: int = 200,
    follow: bool = False,
    name: str = "lab",
    inventory: str = "",
) -> None:
    """Show a machine's journal, or that of one unit.

    Example: ./lyceum logs hub1 lyceum-hub@0 --follow
    """
    from lyceum_ops import remote
    from lyceum_ops.commands import machine as command

    with session("logs"):
        command.logs(remote.choose(lab=name, given=inventory), machine, unit, lines=lines, follow=follow)


@task(
    positional=[], iterable=["only"], help={"only": "only this check; may be given several times", "verbose": VERBOSE}
)
def check(_: Context, only: list[str], verbose: bool = False) -> None:
    """Run every check that needs no lab: lint, types, unit tests. Names of checks may follow.

    Example: ./lyceum check mypy unit-tests
    """
    from lyceum_ops import checks

    with session("check", verbose=verbose) as progress:
        checks.run(only, progress)


@task(
    positional=[],
    iterable=["only"],
    help={
        "only": "only this group: checks, cluster or single; may be given several times",
        "keep": "leave the labs up afterwards, to look at what failed",
        "verbose": VERBOSE,
    },
)
def test(_: Context, only: list[str], keep: bool = False, verbose: bool = False) -> None:
    """Run everything: the checks, then a cluster and a single machine from nothing to a browser.

    It uses labs of its own (test, testsingle), beside those that people use.
    """
    from lyceum_ops import testing

    with session("test", verbose=verbose) as progress:
        testing.run(progress, keep=keep, only=only)


@task(
    name="deploy",
    help={
        "name": "name of the lab that is measured; it is made from nothing and removed, unless --existing",
        "port": PORT,
        "keep": "leave the lab up afterwards",
        "existing": "measure a lab that is up already",
        "verbose": VERBOSE,
    },
)
def bench_deploy(
    _: Context,
    name: str = "bench",
    port: int = 26443,
    keep: bool = False,
    existing: bool = False,
    verbose: bool = False,
) -> None:
    """Measure deploying: each stage of up, the second run of the site in pings, the share of each role."""
    from lyceum_ops.benchmarks import deploy

    with session("bench-deploy", verbose=verbose) as progress:
        deploy.run(progress, name=name, port=port, keep=keep, existing=existing)


@task(
    name="projects",
    help={
        "name": "name of the lab that is measured; it is made from nothing and removed, unless --existing",
        "port": PORT,
        "rounds": "how often each start is measured",
        "many": "instead: so many projects that run and idle on one compute machine, and what they cost it",
        "record": "with --many: put what was measured into the table that ./lyceum plan stands on",
        "keep": "leave the lab up afterwards",
        "existing": "measure a lab that is up already",
        "verbose": VERBOSE,
    },
)
def bench_projects(
    _: Context,
    name: str = "bench",
    port: int = 26443,
    rounds: int = 10,
    many: int = 0,
    record: bool = False,
    keep: bool = False,
    existing: bool = False,
    verbose: bool = False,
) -> None:
    """Measure projects beside JupyterHub: starting, notebooks, memory, twenty at once."""
    from lyceum_ops.benchmarks import crowd, projects

    with session("bench-projects", verbose=verbose) as progress:
        if many:
            crowd.run(progress, name=name, port=port, many=many, keep=keep, existing=existing, record_it=record)
        else:
            projects.run(progress, name=name, port=port, rounds=rounds, keep=keep, existing=existing)


@task(help={"upgrade": "take the newest versions that fit, instead of keeping those locked", "verbose": VERBOSE})
def lock(_: Context, upgrade: bool = False, verbose: bool = False) -> None:
    """Make the locks of Python packages in ops/lock anew, after a change of a pyproject.toml."""
    from lyceum_ops import locks

    with session("lock", verbose=verbose) as progress:
        locks.make(progress, upgrade=upgrade)


@task(
    name="boot",
    positional=[],
    iterable=["machine"],
    help={
        "name": NAME,
        "machine": "a machine and its groups, as NAME=GROUP,GROUP; may be given several times (default: all seven)",
        "port": PORT + "; without it nothing is published",
        "disk": DISK,
        "verbose": VERBOSE,
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


# In the order in which a newcomer needs them; the overview shows them so.
SECTIONS = {
    "An instance on this machine": (up, status, down, destroy),
    "An instance anywhere": (deploy, ssh_, logs),
    "A cloud for it": cloud_tasks.FAMILY,
    "Compute hosts": host_tasks.FAMILY,
    "Accounts": (account_administrator, account_password, account_disable, account_enable, account_list),
    "Costs": (cost, plan, prices_check, prices_refresh),
    "Work on Lyceum itself": (check, test, bench_deploy, bench_projects, bench_cost, lock, lab_boot),
}
FAMILIES = {
    "account": (account_administrator, account_password, account_disable, account_enable, account_list),
    "bench": (bench_deploy, bench_projects, bench_cost),
    "cloud": cloud_tasks.FAMILY,
    "host": host_tasks.FAMILY,
    "lab": (lab_boot,),
    "prices": (prices_check, prices_refresh),
}


def namespace() -> Collection:
    """All commands."""
    root = Collection()
    within = {command for commands in FAMILIES.values() for command in commands}
    for commands in SECTIONS.values():
        for command in commands:
            if command not in within:
                root.add_task(command)
    for family, commands in FAMILIES.items():
        collection = Collection(family)
        for command in commands:
            collection.add_task(command)
        root.add_collection(collection)
    return root
