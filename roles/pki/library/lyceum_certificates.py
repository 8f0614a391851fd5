#!/usr/bin/python3
"""The host's half of certificates: makes keys, installs certificates, and says what is there. The keys stay here."""

from __future__ import annotations

import grp
import os
import subprocess
import tempfile
from pathlib import Path

from ansible.module_utils.basic import AnsibleModule

DOCUMENTATION = """
module: lyceum_certificates
short_description: Keeps the keys and certificates of a host's services
description:
  - Makes keys that are missing, installs the certificates that it is given, and returns public keys and certificates.
  - The action plugin of the same name decides what is due, and signs.
options:
  folder: {description: Where keys and certificates lie., type: path, required: true}
  authority: {description: The authority's certificate in PEM form; empty if there is none., type: str, required: true}
  certificates:
    description: The services.
    type: list
    elements: dict
    required: true
    suboptions:
      service: {description: Name of the service and of its files., type: str, required: true}
      group: {description: The group that may read the key., type: str, required: true}
      certificate: {description: A new certificate in PEM form., type: str}
      key: {description: A key that an administrator supplies., type: str}
"""

OPENSSL = "/usr/bin/openssl"


class Folder:
    """Writes files in one step, and only those that differ; notes what changed."""

    def __init__(self, path: Path, *, check_mode: bool) -> None:
        self.path = path
        self.check_mode = check_mode
        self.changed: list[str] = []

    def prepare(self) -> None:
        for folder in (self.path.parent, self.path):
            if not folder.is_dir():
                self.changed.append(str(folder))
                if not self.check_mode:
                    folder.mkdir(mode=0o755)

    def read(self, name: str) -> str:
        try:
            return (self.path / name).read_text()
        except FileNotFoundError:
            return ""

    def keep(self, name: str, content: str, *, group: str = "root", mode: int = 0o644) -> None:
        """Let the file hold this content and be root's, with this group and mode."""
        path = self.path / name
        gid = self._gid(group)
        if self.read(name) != content:
            self.changed.append(name)
            if not self.check_mode:
                self._replace(path, content, gid, mode)
        elif (status := path.stat()) and (status.st_uid, status.st_gid, status.st_mode & 0o7777) != (0, gid, mode):
            self.changed.append(name)
            if not self.check_mode:
                os.chown(path, 0, gid)
                path.chmod(mode)

    def _gid(self, group: str) -> int:
        try:
            return grp.getgrnam(group).gr_gid
        except KeyError:
            if self.check_mode:
                return -1  # the package that brings it is not installed yet
            raise

    def _replace(self, path: Path, content: str, gid: int, mode: int) -> None:
        descriptor, temporary = tempfile.mkstemp(dir=self.path, prefix=f".{path.name}.")  # 0600
        with os.fdopen(descriptor, "w") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.chown(temporary, 0, gid)
        Path(temporary).chmod(mode)
        Path(temporary).replace(path)


def openssl(*arguments: str) -> str:
    return subprocess.run([OPENSSL, *arguments], check=True, capture_output=True, text=True, timeout=30).stdout


def keep_service(folder: Folder, wanted: dict[str, str | None]) -> dict[str, str]:
    """Bring one service's files in order; return what is there: public key and certificate."""
    service, group = str(wanted["service"]), str(wanted["group"])
    key = wanted["key"] or folder.read(f"{service}.key")
    if not key and not folder.check_mode:
        key = openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256")
    if key:
        folder.keep(f"{service}.key", key, group=group, mode=0o640)
    if wanted["certificate"]:
        folder.keep(f"{service}.crt", wanted["certificate"])
    there = (folder.path / f"{service}.key").exists()
    return {
        "public_key": openssl("pkey", "-in", str(folder.path / f"{service}.key"), "-pubout") if there else "",
        "certificate": folder.read(f"{service}.crt"),
    }


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "folder": {"type": "path", "required": True},
            "authority": {"type": "str", "required": True},
            "certificates": {
                "type": "list",
                "elements": "dict",
                "required": True,
                "options": {
                    "service": {"type": "str", "required": True},
                    "group": {"type": "str", "required": True},
                    "certificate": {"type": "str"},
                    "key": {"type": "str", "no_log": True},
                },
            },
        },
        supports_check_mode=True,
    )
    folder = Folder(Path(module.params["folder"]), check_mode=module.check_mode)
    try:
        folder.prepare()
        if module.params["authority"]:
            folder.keep("ca.crt", module.params["authority"])
        states = {wanted["service"]: keep_service(folder, wanted) for wanted in module.params["certificates"]}
    except KeyError as error:
        module.fail_json(
            msg=f"there is no group {error} that may read a key; the role must make it before it asks for a certificate"
        )
    except subprocess.CalledProcessError as error:
        module.fail_json(msg=f"openssl failed: {error.stderr.strip()}")
    except OSError as error:
        module.fail_json(msg=f"{error.filename}: {error.strerror}")
    module.exit_json(changed=bool(folder.changed), files=folder.changed, states=states)


if __name__ == "__main__":
    main()
