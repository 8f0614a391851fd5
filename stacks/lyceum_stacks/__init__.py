"""The cloud under Lyceum: its Pulumi stacks, and what they cost."""

__version__ = "0.1.0"
