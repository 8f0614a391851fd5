"""The control machine's half of certificates: one trip to the host says what is there; a second installs what was due.

The rules stand in ops/lyceum_ops/pki/.
"""

from __future__ import annotations

import datetime as dt
import sys
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase

_OPS = str(Path(__file__).resolve().parents[3] / "ops")
if _OPS not in sys.path:
    sys.path.append(_OPS)

from lyceum_ops.pki import PkiError  # noqa: E402 - the path to it is only known now
from lyceum_ops.pki.certificates import Authority, Subject, public_subject, service_subject  # noqa: E402
from lyceum_ops.pki.store import HostState, Store, check_supplied, issue, plan  # noqa: E402

MODULE = "lyceum_certificates"


class ActionModule(ActionBase):  # type: ignore[misc]  # Ansible has no types
    """Keeps the certificates of one host. The arguments are described in roles/pki/tasks/certificates.yml."""

    TRANSFERS_FILES = False
    _requires_connection = True

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        super().run(tmp, task_vars)
        self._variables = task_vars or {}
        self._now = dt.datetime.now(dt.UTC)
        try:
            return self._keep(self._task.args)
        except PkiError as error:
            raise AnsibleActionFail(str(error)) from None

    def _keep(self, arguments: dict[str, Any]) -> dict[str, Any]:
        # Taken from the variables, not handed over as an argument: arguments can be shown and recorded.
        passphrase = self._variables["lyceum__secrets"]["ca_passphrase"]
        store = Store(folder=Path(arguments["authority"]), passphrase=str(passphrase))
        authority = (
            store.load()
            if self._task.check_mode
            else store.load() or store.ensure(arguments["site_name"], now=self._now)
        )
        asked = [dict(item) for item in arguments["certificates"]]
        public = arguments["public"]
        if public["certificate"]:
            asked = [self._supply(item, public) if item["service"] == "public" else item for item in asked]
        answer = self._on_host(arguments["folder"], authority, asked)
        if answer.get("failed") or authority is None:
            return {**answer, "changed": True}
        subjects = {item["service"]: self._subject(item, public) for item in asked if "certificate" not in item}
        states = {service: HostState(**state) for service, state in answer["states"].items()}
        reasons = plan(authority, subjects, states, now=self._now)
        if reasons and not self._task.check_mode:
            signed = issue(
                store.ensure(arguments["site_name"], now=self._now), list(reasons), subjects, states, now=self._now
            )
            renewed = [{**item, "certificate": signed[item["service"]]} for item in asked if item["service"] in signed]
            second = self._on_host(arguments["folder"], authority, renewed)
            if second.get("failed"):
                return second
        why = "; ".join(f"{service}: {reason}" for service, reason in reasons.items())
        return {"changed": answer["changed"] or bool(reasons), "msg": why or "all are good", "files": answer["files"]}

    def _subject(self, item: dict[str, Any], public: dict[str, Any]) -> Subject:
        if item["service"] == "public":
            return public_subject(public["names"], public["project_domain"])
        return service_subject(item["service"], self._variables["inventory_hostname"], item.get("names") or ())

    def _supply(self, item: dict[str, Any], public: dict[str, Any]) -> dict[str, Any]:
        wildcard = [f"*.{public['project_domain']}"] if public["project_domain"] else []
        certificate, key = check_supplied(
            Path(public["certificate"]), Path(public["key"]), [*public["names"], *wildcard], now=self._now
        )
        return {**item, "certificate": certificate, "key": key}

    def _on_host(self, folder: str, authority: Authority | None, asked: list[dict[str, Any]]) -> dict[str, Any]:
        fields = ("service", "group", "certificate", "key")
        return dict(
            self._execute_module(
                module_name=MODULE,
                module_args={
                    "folder": folder,
                    "authority": authority.pem if authority else "",
                    "certificates": [{name: item[name] for name in fields if name in item} for item in asked],
                },
                task_vars=self._variables,
            )
        )
