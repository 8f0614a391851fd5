"""What all components share: their type's name, and labels for whoever reads the bill."""

from __future__ import annotations

from collections.abc import Sequence

import pulumi

from lyceum_stacks.settings import Settings


class Component(pulumi.ComponentResource):
    """A group of resources under one name in previews, states and the cost table."""

    def __init__(self, kind: str, settings: Settings, *, name: str | None = None) -> None:
        super().__init__(f"lyceum:cloud:{kind}", name or kind.lower())
        self.settings = settings

    def child(
        self, *, after: Sequence[pulumi.Resource] = (), protect: bool | None = None, replace_first: bool = False
    ) -> pulumi.ResourceOptions:
        """Options of a resource that belongs to this component.

        after: what must be there before it. replace_first: its name is fixed, so the old one goes before the new one.
        """
        return pulumi.ResourceOptions(
            parent=self, depends_on=list(after), protect=protect, delete_before_replace=replace_first or None
        )


def labels(settings: Settings, component: str) -> dict[str, str]:
    """Labels for a resource, by which the bill can be split: by instance, by component, and the settings' own."""
    return {**settings.labels, "lyceum-instance": settings.stack, "lyceum-component": component}
