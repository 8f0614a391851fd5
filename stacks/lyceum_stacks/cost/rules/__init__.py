"""How each kind of resource is priced: a rule for each type, and what is known to be free."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from lyceum_stacks.cost.pricing import Pricing
from lyceum_stacks.cost.report import Line
from lyceum_stacks.cost.resources import Resource
from lyceum_stacks.cost.rules import clusters, disks, machines, network, services, storage
from lyceum_stacks.cost.rules.free import why_free

Rule = Callable[[Pricing, Resource], Sequence[Line]]

RULES: Mapping[str, Rule] = {
    **machines.RULES,
    **disks.RULES,
    **network.RULES,
    **storage.RULES,
    **services.RULES,
    **clusters.RULES,
}

# What can be bought in several ways.
MACHINES = frozenset({*machines.RULES, *clusters.RULES})

__all__ = ["MACHINES", "RULES", "Rule", "why_free"]
