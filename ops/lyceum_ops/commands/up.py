"""From a bare host to an instance that answers."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import msgspec

from lyceum_ops import build, checkout, deploy, preflight
from lyceum_ops.commands.lab import ensure_image
from lyceum_ops.errors import die
from lyceum_ops.inventory.secrets import administrator_password
from lyceum_ops.lab import definition, inventory, manager, mirror
from lyceum_ops.lab.definition import DEFAULT_MACHINES, SINGLE_MACHINE, Lab
from lyceum_ops.lab.machines import running
from lyceum_ops.progress import Progress

DEFAULT_PORT = 8443


def run(name: str, *, single: bool, port: int | None, disk_gigabytes: int | None, progress: Progress) -> bool:
    """Bring a lab up with an instance in it; returns whether anything had to be changed.

    See `lyceum up --help`.
    """
    definition.check_name(name)
    preflight.check_host()
    with manager.locked(name):
        existing = definition.load(name)
        lab = _wanted(name, existing, single=single, port=port)
        preflight.check_ports(lab, present=existing is not None)
        wanted = machines(single=single) if existing is None else lab.machines
        preflight.make_room_for_watches(len(wanted) - len(running(name)), progress)
        changed = preflight.install_packages(progress)
        source = mirror.find()
        lab = manager.define(
            lab, [] if existing else machines(single=single), disk_gigabytes=disk_gigabytes, source=source
        )
        changed |= _prepare(lab, source, progress)
        changed |= bool(manager.boot(lab, source, checkout.ROOT, progress))
        with progress.step("Deploy") as step:
            outcome = deploy.site(inventory.link_of(checkout.ROOT, name), progress)
            step.note = f"{outcome.changes} changes" if outcome.changes else "nothing changed"
    changed |= bool(outcome.changes)
    _tell(lab, changed=changed, progress=progress)
    return changed


def machines(*, single: bool) -> list[tuple[str, tuple[str, ...]]]:
    """The machines of a new lab."""
    return list(SINGLE_MACHINE if single else DEFAULT_MACHINES)


def _wanted(name: str, existing: Lab | None, *, single: bool, port: int | None) -> Lab:
    """The lab as asked for, as far as it can be known before anything is changed."""
    if existing is None:
        return Lab(name, port=definition.check_port(port or DEFAULT_PORT))
    is_single = [machine.name for machine in existing.machines] == [SINGLE_MACHINE[0][0]]
    if single and not is_single:
        die(
            f"The lab {name} has several machines: {', '.join(machine.name for machine in existing.machines)}.",
            hint=f"./lyceum destroy --name {name} first, or beside it: ./lyceum up --single --name one --port 9443",
        )
    wanted = port or existing.port or DEFAULT_PORT
    return msgspec.structs.replace(existing, port=definition.check_port(wanted))


def _prepare(lab: Lab, source: mirror.Mirror, progress: Progress) -> bool:
    """Build the image, the wheels and the web client side by side; returns whether one of them had to be."""

    def build_part(title: str, part: Callable[[], bool]) -> bool:
        with progress.step(title) as step:
            built = part()
            step.note = "" if built else "unchanged"
        return built

    jobs = [*build.parts().items(), ("Build the Debian image", lambda: ensure_image(lab, source))]
    with ThreadPoolExecutor() as pool:
        return any(list(pool.map(lambda job: build_part(*job), jobs)))


def _tell(lab: Lab, *, changed: bool, progress: Progress) -> None:
    """Say where the instance is and how to get in."""
    settings = inventory.settings_of(lab)
    email = settings.get("lyceum__administrator_email", "")
    progress.line("Done." if changed else "Nothing changed: everything was in place.")
    with_log = progress.log_file
    password = administrator_password(lab.places.inventory)
    print(
        f"""
  Lyceum:         https://localhost:{lab.port}
  Administrator:  {email}
  Password:       {password}   (the first one; ./lyceum account password makes a new one)
  Authority:      {lab.places.inventory / "pki" / "ca.crt"}   (let your browser trust it, or accept its warning)
  Log:            {with_log}
"""
    )
