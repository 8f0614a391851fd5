"""Keys made beforehand, so that the first connection already knows each machine; and ssh's settings to reach them."""

from __future__ import annotations

import os
import uuid
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from lyceum_ops import programs
from lyceum_ops.lab.definition import Lab, Machine, write_file


def key_pair(private: Path) -> str:
    """Make an ed25519 key unless it is there; returns the public one as ssh writes it."""
    public = private.with_suffix(".pub")
    if not (private.is_file() and public.is_file()):
        key = Ed25519PrivateKey.generate()
        text = key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()).decode()
        line = key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()
        write_file(private, text, mode=0o600)
        write_file(public, f"{line}\n")
    return public.read_text(encoding="utf-8").strip()


def prepare_machine(lab: Lab, machine: Machine, upper: Path) -> None:
    """Write into a machine's own layer what tells it from others: name, keys, machine id."""
    host_key = lab.places.ssh / "hosts" / machine.name
    public = key_pair(host_key)
    for folder, mode in (("etc", 0o755), ("etc/ssh", 0o755), ("root", 0o700), ("root/.ssh", 0o700)):
        if not (upper / folder).is_dir():
            (upper / folder).mkdir(mode=mode)
            (upper / folder).chmod(mode)
    write_file(upper / "etc/ssh/ssh_host_ed25519_key", host_key.read_text(encoding="utf-8"), mode=0o600)
    write_file(upper / "etc/ssh/ssh_host_ed25519_key.pub", f"{public}\n")
    _write_once(upper / "etc/hostname", f"{machine.name}\n")
    _write_once(upper / "etc/machine-id", f"{uuid.uuid4().hex}\n", mode=0o444)
    _write_once(upper / "root/.ssh/authorized_keys", f"{key_pair(lab.places.ssh / 'id_ed25519')}\n", mode=0o600)


def write_settings(lab: Lab) -> Path:
    """Write the known hosts and ssh's settings for all machines of a lab; returns the settings' path."""
    places = lab.places
    key_pair(places.ssh / "id_ed25519")
    known = [
        f"{machine.name},{machine.address} {key_pair(places.ssh / 'hosts' / machine.name)}" for machine in lab.machines
    ]
    write_file(places.ssh / "known_hosts", "".join(f"{line}\n" for line in known))
    nsenter = programs.find("nsenter") or "/usr/bin/nsenter"
    lines = [f"# How to reach the machines of the lab {lab.name}: ssh -F {places.ssh / 'config'} MACHINE"]
    for machine in lab.machines:
        lines += [f"Host {machine.name} {machine.address}", f"  HostName {machine.address}"]
    lines += [
        "Host *",
        "  User root",
        f"  IdentityFile {places.ssh / 'id_ed25519'}",
        "  IdentitiesOnly yes",
        f"  UserKnownHostsFile {places.ssh / 'known_hosts'}",
        "  GlobalKnownHostsFile /dev/null",
        "  StrictHostKeyChecking yes",
        "  HostKeyAlgorithms ssh-ed25519",
        f"  ProxyCommand {nsenter} --net=/run/netns/{places.switch} socat - TCP:%h:%p",
    ]
    settings = places.ssh / "config"
    write_file(settings, "\n".join(lines) + "\n")
    return settings


def _write_once(path: Path, text: str, *, mode: int = 0o644) -> None:
    """Write what a machine may later change itself."""
    if not os.path.lexists(path):
        write_file(path, text, mode=mode)
