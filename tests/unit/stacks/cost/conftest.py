from decimal import Decimal
from pathlib import Path

import pytest
from lyceum_stacks.cost import estimate as estimates
from lyceum_stacks.cost.resources import Resource
from lyceum_stacks.cost.usage import parse

DATA = Path(__file__).parent / "data"


class Stack:
    """A stack made by hand: resources are added, then priced."""

    def __init__(self):
        self.resources = []

    def add(self, kind, name="it", /, *, uses=None, **inputs):
        """A resource of Google's provider: `compute/disk:Disk`; `uses` says which inputs come from which resources."""
        token = kind if kind.count(":") > 1 else f"gcp:{kind}"
        urns = {key: [other.urn for other in others] for key, others in (uses or {}).items()}
        resource = Resource(
            urn=f"urn:pulumi:test::test::{token}::{name}", type=token, inputs=inputs, property_dependencies=urns
        )
        self.resources.append(resource)
        return resource

    def machine(self, name="vm", machine_type="n2-standard-4", zone="us-central1-a", **inputs):
        boot = {"initializeParams": {"image": "debian-cloud/debian-13", "size": 10, "type": "pd-standard"}}
        return self.add("compute/instance:Instance", name, machineType=machine_type, zone=zone, bootDisk=boot, **inputs)

    def price(self, usage=None, config=None, **options):
        """The report; `usage` as it would stand in a file."""
        wanted = estimates.Options(**options)
        return estimates.estimate(self.resources, parse(usage or {}, "usage"), wanted, config=config)

    def total(self, usage=None, **options):
        report = self.price(usage, **options)
        assert not report.not_priced, report.not_priced
        return report.total

    def why_not(self, usage=None):
        """The one reason why the one resource has no price."""
        (missing,) = self.price(usage).not_priced
        return missing.why


@pytest.fixture
def stack():
    return Stack()


@pytest.fixture
def near():
    """Within 0.1 % of a published total, and half a cent for its rounding."""

    def check(found, published):
        published = Decimal(str(published))
        return abs(found - published) <= abs(published) / 1000 + Decimal("0.005")

    return check


@pytest.fixture
def recorded():
    """What the real engine printed."""
    return lambda name: (DATA / f"{name}.json").read_bytes()
