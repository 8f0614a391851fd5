"""The cloud under an instance, from its preview to its end, and inventories of what is there or is to be bought."""

from __future__ import annotations

import json
import shlex
import sys
from pathlib import Path

from lyceum_stacks import configuration, onpremises, sizes
from lyceum_stacks.settings import Settings

from lyceum_ops import checkout, deploy
from lyceum_ops.cloud import engine, google
from lyceum_ops.errors import UsageFailure, die
from lyceum_ops.inventory import stack as stacks
from lyceum_ops.progress import Progress


def preview(stack: str, *, state: str, progress: Progress) -> None:
    """See `lyceum cloud preview --help`."""
    _prepare(stack, state, progress)
    engine.run("preview", stack, progress)


def up(stack: str, *, state: str, sure: bool, progress: Progress) -> None:
    """See `lyceum cloud up --help`."""
    settings = _prepare(stack, state, progress)
    engine.run("preview", stack, progress)
    if settings.backups.lock:
        days = f"{settings.backups.offsite_retention_days} and {settings.backups.archive_retention_days} days"
        progress.say(f"The buckets' retention ({days}) is locked when they are made, and cannot be taken back.")
    _confirm(f"From here on the project {settings.project} is billed (./lyceum cost {stack}).", stack, sure=sure)
    engine.run("up", stack, progress, "--yes", "--skip-preview")
    progress.say(
        f"\nNext: name the stack in inventories/gcp/hosts.yml (`stack: {stack}`), then\n"
        "  ./lyceum cloud host-keys -i inventories/gcp\n  ./lyceum deploy -i inventories/gcp"
    )


def destroy(stack: str, *, state: str, sure: bool, progress: Progress) -> None:
    """See `lyceum cloud destroy --help`."""
    settings = configuration.from_file(stack)
    if settings.deletion_protection:
        die(
            f"The stack {stack} holds data and is protected. Nothing was changed.",
            hint="To end it: set lyceum:deletion_protection to false, ./lyceum cloud up, then destroy again.",
        )
    engine.check()
    progress.line(f"State: {engine.use_state(state)}")
    engine.select(stack)
    _confirm(
        f"This deletes every machine and disk of {stack} in the project {settings.project}, with all data.",
        stack,
        sure=sure,
    )
    engine.run("destroy", stack, progress, "--yes", "--skip-preview")


def host_keys(inventory: str, progress: Progress) -> None:
    """See `lyceum cloud host-keys --help`."""
    path = deploy.check_inventory(Path(inventory))
    if not stacks.is_description(path / stacks.HOSTS):
        raise UsageFailure(
            f"{inventory} is no inventory of a stack.",
            hint="Such as inventories/gcp: its hosts.yml says `plugin: lyceum_stack`.",
        )
    lines, silent = [], []
    for name, place in stacks.places(path / stacks.HOSTS).items():
        keys = google.host_keys(place.instance, zone=place.zone, project=place.project)
        lines += [f"{place.instance} {key}" for key in keys]
        if not keys:
            silent.append(name)
    known = path / stacks.KNOWN_HOSTS
    if lines:
        known.write_text("\n".join(lines) + "\n", encoding="utf-8")
        progress.line(f"{len(lines)} host keys, as the machines told Google: {known}")
    if silent:
        die(
            f"No host key yet of {', '.join(silent)}.",
            hint="A machine publishes it when it has started; try again in a minute.",
        )


def inventory(name: str, folder: str, *, on_premises: bool, outputs: str, progress: Progress) -> None:
    """See `lyceum cloud inventory --help`."""
    target = Path(folder)
    if target.exists():
        raise UsageFailure(
            f"{folder} is there already. Nothing was changed.", hint="Name a new folder, such as inventories/campus."
        )
    if on_premises:
        size = sizes.load(name) if name in sizes.NAMES else configuration.from_file(name).size
        onpremises.write(size, target)
        progress.line(f"{target}: for {size.weekly_users:,} weekly users. Its README.md says what machines it takes.")
        return
    _from_stack(name, target, outputs)
    progress.line(f"{target}: edit group_vars/all/main.yml, then ./lyceum deploy -i {shlex.quote(folder)}")


def _from_stack(name: str, target: Path, outputs: str) -> None:
    """A copy of inventories/gcp for a stack, or for its saved outputs."""
    example = checkout.ROOT / "inventories" / "gcp"
    text = (example / stacks.HOSTS).read_text(encoding="utf-8")
    if outputs:
        saved = sys.stdin.read() if outputs == "-" else stacks.read(Path(outputs))
        try:
            stacks.build(json.loads(saved), source=outputs, folder=target)
        except json.JSONDecodeError as error:
            die(
                f"{outputs}: it is no JSON ({error.msg} in line {error.lineno}).",
                hint="pulumi stack output --json writes it.",
            )
        text = text.replace("stack: medium\n", "outputs: outputs.json\n")
    else:
        configuration.from_file(name)
        text = text.replace("stack: medium\n", f"stack: {name}\n")
    (target / "group_vars" / "all").mkdir(parents=True)
    for part in ("group_vars/all/main.yml", "README.md"):
        (target / part).write_text((example / part).read_text(encoding="utf-8"), encoding="utf-8")
    (target / stacks.HOSTS).write_text(text, encoding="utf-8")
    if outputs:
        (target / "outputs.json").write_text(saved, encoding="utf-8")


def _prepare(stack: str, state: str, progress: Progress) -> Settings:
    """All that is checked before anything is spent."""
    settings = configuration.from_file(stack)
    version = engine.check()
    configuration.refuse_examples(settings)
    place = engine.use_state(state)
    made = engine.ensure_passphrase()
    progress.line(f"Pulumi {version}; state: {place}")
    if made:
        progress.line(f"Made {engine.PASSPHRASE}: it protects secrets in the state. Keep a copy in a safe place.")
    engine.select(stack)
    for found in google.check_project(settings, new=not engine.exists(stack)):
        progress.line(found)
    return settings


def _confirm(what: str, stack: str, *, sure: bool) -> None:
    """Ask before money is spent or data are lost."""
    if sure:
        return
    if not sys.stdin.isatty():
        die(f"{what} Nothing was done.", hint="Nobody can be asked here; add --yes to mean it.")
    if input(f"{what} Type the stack's name to go on: ").strip() != stack:
        die("Nothing was done.")
