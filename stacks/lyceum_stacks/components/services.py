"""The Google Cloud services that an instance uses, switched on. They cost nothing by themselves.

Left alone on the way down: others in the project may use them.
"""

from __future__ import annotations

import pulumi
from pulumi_gcp import organizations, projects, storage

from lyceum_stacks.components.base import Component
from lyceum_stacks.settings import Settings

NAMES = (
    "billingbudgets",
    "cloudkms",
    "cloudresourcemanager",
    "compute",
    "dns",
    "iam",
    "iap",
    "monitoring",
    "oslogin",
    "secretmanager",
    "storage",
)


class Services(Component):
    """Services, the project's number, and the account with which Google's storage acts in it."""

    def __init__(self, settings: Settings) -> None:
        super().__init__("Services", settings)
        self.enabled = [
            projects.Service(
                name, service=f"{name}.googleapis.com", disable_on_destroy=False, disable_dependent_services=False,
                opts=self.child(),
            )
            for name in NAMES
        ]  # fmt: skip
        # Asked only once the services are on: in a new project the question itself would fail.
        found = organizations.get_project_output(
            project_id=settings.project, opts=pulumi.InvokeOutputOptions(depends_on=self.enabled)
        )
        self.project_number: pulumi.Output[str] = found.number
        # Google makes the account with which buckets use keys when it is first asked for.
        agent = storage.get_project_service_account_output(
            project=settings.project, opts=pulumi.InvokeOutputOptions(depends_on=self.enabled)
        )
        self.buckets_account: pulumi.Output[str] = agent.email_address
        self.register_outputs({})
