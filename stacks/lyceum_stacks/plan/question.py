"""What somebody wants to have planned, checked before anything is reckoned."""

from __future__ import annotations

from decimal import Decimal

import msgspec

from lyceum_stacks.errors import WrongUse
from lyceum_stacks.plan.capacities import Capacities

LEAST_USERS, MOST_USERS = 50, 1_000_000
REGION = "europe-west4"


class Question(msgspec.Struct, frozen=True):
    """For how many people, and what is known of them; None where the table of capacities is to be believed.

    `growth` is in percent a year: the plan is for the people whom there will be in a year.
    """

    weekly_users: int
    concurrent: Decimal | None = None
    memory_per_project: Decimal | None = None
    growth: Decimal = Decimal(0)
    on_premises: bool = False
    region: str = REGION

    def __post_init__(self) -> None:
        """Raise `WrongUse` for what cannot be planned."""
        if not LEAST_USERS <= self.weekly_users <= MOST_USERS:
            raise WrongUse(
                f"--weekly-users: {self.weekly_users} is outside of what can be planned "
                f"({LEAST_USERS} to {MOST_USERS:,})."
            )
        if self.concurrent is not None and not 0 < self.concurrent <= 100:
            raise WrongUse(
                f"--concurrent: {self.concurrent} is no part of the weekly users in percent (above 0, to 100)."
            )
        if self.memory_per_project is not None and not 100 <= self.memory_per_project <= 1_000_000:
            raise WrongUse(f"--memory-per-project: {self.memory_per_project} is not between 100 and 1,000,000 MB.")
        if not -90 <= self.growth <= 1000:
            raise WrongUse(f"--growth: {self.growth} % a year is not between -90 and 1,000.")

    @property
    def planned_users(self) -> int:
        """Weekly users in a year."""
        grown = self.weekly_users * (1 + self.growth / 100)
        return max(1, int(grown.to_integral_value()))

    def capacities(self, table: Capacities) -> Capacities:
        """The table with what the question says itself put in."""
        said = {"people.concurrent": self.concurrent, "project.memory": self.memory_per_project}
        return table.changed({key: value for key, value in said.items() if value is not None})
