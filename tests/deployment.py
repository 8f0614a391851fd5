"""What the tests know of the instance under test: all of it read from its inventory, and from its lab how to reach it."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import testinfra
from testinfra.host import Host

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Deployment:
    """An instance, as its inventory describes it."""

    inventory: Path
    variables: dict[str, dict[str, Any]]
    groups: dict[str, list[str]]

    @classmethod
    def of(cls, inventory: Path) -> Deployment:
        """Read an inventory folder, its vault included."""
        environment = dict(os.environ)
        key = inventory / ".vault-password"
        if key.exists():
            environment["ANSIBLE_VAULT_PASSWORD_FILE"] = str(key)
        listing = subprocess.run(  # noqa: S603 - our own inventory
            [ROOT / ".venv/bin/ansible-inventory", "-i", inventory, "--list"],
            check=True, capture_output=True, text=True, env=environment, cwd=ROOT,
        ).stdout  # fmt: skip
        parsed = json.loads(listing)
        variables = parsed.pop("_meta")["hostvars"]
        groups = {name: group.get("hosts", []) for name, group in parsed.items()}
        return cls(inventory, variables, groups)

    @cached_property
    def _common(self) -> dict[str, Any]:
        return next(iter(self.variables.values()))

    @property
    def url(self) -> str:
        return f"https://{self._common['lyceum__names'][0]}:{self._common['lyceum__https_port']}"

    @property
    def http_url(self) -> str:
        return f"http://{self._common['lyceum__names'][0]}:{self._common['lyceum__http_port']}"

    @property
    def project_domain(self) -> str:
        return str(self._common["lyceum__project_domain"])

    @property
    def ca_file(self) -> Path:
        return self.inventory / "pki" / "ca.crt"

    @property
    def administrator_email(self) -> str:
        return str(self._common["lyceum__administrator_email"])

    @property
    def administrator_password(self) -> str:
        return str(self._common["lyceum__secrets"]["administrator_password"])

    @property
    def hosts(self) -> list[str]:
        return sorted(self.variables)

    def host(self, name: str) -> Host:
        """A machine, over SSH as the playbooks reach it; the connection stays open between calls."""
        settings = self.inventory.parent / "ssh" / "config"
        return testinfra.get_host(f"ssh://{name}?ssh_config={settings}&controlpersist=120&timeout=60")

    def hub_cookies(self) -> list[str]:
        """Values of the load balancer's cookie, one for each hub process, in the order of the hosts."""
        configuration = self.host(self.groups["edge"][0]).check_output("cat /etc/haproxy/haproxy.cfg")
        inside = False
        cookies = []
        for line in configuration.splitlines():
            if line and not line[0].isspace():
                inside = line.split()[:2] == ["backend", "hub"]
            words = line.split()
            if inside and words[:1] == ["server"] and "cookie" in words:
                cookies.append(words[words.index("cookie") + 1])
        assert cookies, "no server with a cookie in HAProxy's backend hub"
        return cookies
