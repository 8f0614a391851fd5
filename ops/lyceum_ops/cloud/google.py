"""Google Cloud as gcloud tells of it: whether a project can carry a stack; machines' host keys. Changes nothing."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from lyceum_stacks import quota
from lyceum_stacks.settings import Settings

from lyceum_ops import programs
from lyceum_ops.errors import Failure, die
from lyceum_ops.inventory.stack import engine_environment

GET_GCLOUD = (
    "cloud.google.com/sdk/docs/install says how to get it; then: gcloud auth login && "
    "gcloud auth application-default login"
)


def check_project(settings: Settings, *, new: bool) -> list[str]:
    """Refuse a project that cannot carry the stack; returns what was found, in a few words each.

    new: the stack takes all of its quota anew; of one that is there, only the limits are compared.
    """
    if programs.find("gcloud") is None:
        die("Google's gcloud is not installed here.", hint=GET_GCLOUD)
    project = settings.project
    found = _ask("projects", "describe", project)
    if found.get("lifecycleState") != "ACTIVE":
        die(f"The project {project} is {found.get('lifecycleState')}.", hint="Name another in gcp:project.")
    billing = _ask("billing", "projects", "describe", project)
    if not billing.get("billingEnabled"):
        die(
            f"The project {project} has no billing account.",
            hint=f"gcloud billing projects link {project} --billing-account={settings.billing_account}",
        )
    account = str(billing.get("billingAccountName", "")).rsplit("/", maxsplit=1)[-1]
    if account != settings.billing_account:
        die(
            f"The project {project} is billed to {account}, not to {settings.billing_account}, as set.",
            hint=f"Set lyceum:billing_account to {account}.",
        )
    missing = lacking(quota.needed(settings), _quotas(settings), new=new)
    if missing:
        die(
            f"The quota of {project} in {settings.region} is too small:\n"
            + "\n".join(f"    {line}" for line in missing),
            hint="Ask for more at console.cloud.google.com/iam-admin/quotas, or take a smaller size.",
        )
    return [f"project {project} is active", f"billed to {account}", f"quota of {settings.region} suffices"]


def lacking(needed: Mapping[str, int], quotas: Sequence[Mapping[str, Any]], *, new: bool) -> list[str]:
    """What the quota does not allow, a line each. quotas: as `gcloud compute regions describe` gives them."""
    found = {str(entry["metric"]): entry for entry in quotas}
    lines = []
    for metric, amount in sorted(needed.items()):
        if metric in found:
            limit, usage = float(found[metric]["limit"]), float(found[metric].get("usage", 0)) if new else 0.0
            if amount > limit - usage:
                used = f", of which {usage:g} are used" if usage else ""
                lines.append(f"{metric}: {amount} are needed, {limit:g} allowed{used}")
    return lines


def host_keys(instance: str, *, zone: str, project: str) -> list[str]:
    """The SSH host keys that a machine published to Google about itself, as `type key`; none if it has not yet."""
    words = ["compute", "instances", "get-guest-attributes", instance, "--query-path=hostkeys/"]
    try:
        found = _ask(*words, f"--zone={zone}", f"--project={project}")
    except programs.ProgramFailure as failure:
        if "NOT_FOUND" in failure.said or "not found" in failure.said.lower():
            return []
        raise
    entries = found if isinstance(found, list) else found.get("queryValue", {}).get("items", [])
    return [f"{entry['key']} {entry['value']}" for entry in entries]


def _quotas(settings: Settings) -> list[Mapping[str, Any]]:
    try:
        found = _ask("compute", "regions", "describe", settings.region, f"--project={settings.project}")
    except programs.ProgramFailure as failure:
        if "SERVICE_DISABLED" not in failure.said and "has not been used" not in failure.said:
            raise
        raise Failure(
            f"Compute Engine is not switched on in the project {settings.project}, so its quota cannot be seen.",
            hint=f"gcloud services enable compute.googleapis.com --project={settings.project}",
        ) from None
    return list(found.get("quotas", []))


def _ask(*words: str) -> Any:
    """Ask gcloud for something, as JSON."""
    asked = programs.run(
        ["gcloud", *words, "--format=json", "--quiet"], extra_environment=engine_environment(), check=False, timeout=120
    )
    if "gcloud auth login" in asked.stderr:
        die("gcloud is not signed in here.", hint="gcloud auth login && gcloud auth application-default login")
    if asked.code != 0:
        raise programs.ProgramFailure(["gcloud", *words], asked.code, asked.stderr)
    try:
        return json.loads(asked.stdout)
    except json.JSONDecodeError:
        raise Failure(f"gcloud {' '.join(words)} gave an answer that makes no sense: {asked.stdout[:80]!r}") from None
