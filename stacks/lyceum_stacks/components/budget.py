"""Mail when the month's cost nears what it may be. It switches nothing off."""

from __future__ import annotations

import pulumi
import pulumi_gcp
from pulumi_gcp import billing, monitoring

from lyceum_stacks.components.base import Component, labels
from lyceum_stacks.components.services import Services
from lyceum_stacks.settings import Settings

# Shares of the budget: what was spent, and what the month will have cost at its end if it goes on so.
SPENT = (0.5, 0.9, 1.0)
FORECAST = 1.0


class Budget(Component):
    """A budget of the project, and the people who are told."""

    def __init__(self, settings: Settings, services: Services) -> None:
        super().__init__("Budget", settings)
        channels = [
            monitoring.NotificationChannel(
                f"mail-{number}", type="email", display_name=f"Lyceum {settings.stack}: {email}",
                labels={"email_address": email}, user_labels=labels(settings, "budget"),
                opts=self.child(after=services.enabled),
            )
            for number, email in enumerate(settings.budget.emails)
        ]  # fmt: skip
        forecast = {"threshold_percent": FORECAST, "spend_basis": "FORECASTED_SPEND"}
        # The budgets' service asks a person's program whose quota it uses; a budget itself belongs to no project.
        google = pulumi_gcp.Provider(
            "budget-google", project=settings.project, billing_project=settings.project, user_project_override=True,
            opts=self.child(),
        )  # fmt: skip
        options = pulumi.ResourceOptions.merge(
            self.child(after=services.enabled), pulumi.ResourceOptions(provider=google)
        )
        billing.Budget(
            "monthly",
            billing_account=settings.billing_account,
            display_name=f"Lyceum {settings.stack}",
            amount={
                "specified_amount": {"currency_code": settings.budget.currency, "units": str(settings.budget.amount)}
            },
            budget_filter={
                "projects": [services.project_number.apply(lambda number: f"projects/{number}")],
                "calendar_period": "MONTH",
            },
            threshold_rules=[
                *({"threshold_percent": share, "spend_basis": "CURRENT_SPEND"} for share in SPENT),
                forecast,
            ],
            all_updates_rule={"monitoring_notification_channels": [channel.name for channel in channels]},
            opts=options,
        )
        self.register_outputs({})
