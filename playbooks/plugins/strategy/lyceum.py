"""The strategy `linear` over Mitogen: one Python process per machine and run, instead of one per task.

A file of our own, since where Mitogen lies depends on the version of Python. Why it is used: docs/adr/.
"""

from __future__ import annotations

from ansible_mitogen.plugins.strategy.mitogen_linear import StrategyModule

__all__ = ["StrategyModule"]
