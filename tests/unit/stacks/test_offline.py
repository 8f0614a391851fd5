"""Programs run without an engine: the project's own in its three sizes, and one that asks what cannot be answered."""

from decimal import Decimal

import pulumi
import pytest
from lyceum_stacks import offline
from lyceum_stacks.cost import request
from lyceum_stacks.cost.estimate import Options, estimate
from lyceum_stacks.cost.resources import UNKNOWN
from lyceum_stacks.cost.usage import Usage
from lyceum_stacks.errors import StackError


class Thing(pulumi.CustomResource):
    """A resource of any type, so that no provider has to be loaded."""

    def __init__(self, kind, name, props, opts=None):
        super().__init__(kind, name, {"self_link": None, **props}, opts)


class Part(pulumi.ComponentResource):
    def __init__(self, name):
        super().__init__("test:index:Part", name)
        inside = pulumi.ResourceOptions(parent=self)
        self.template = Thing(
            "gcp:compute/instanceTemplate:InstanceTemplate", "template", {"machineType": "e2-medium"}, inside
        )
        versions = [{"instanceTemplate": self.template.id}]
        group = {"zone": "us-central1-a", "targetSize": 3, "versions": versions}
        Thing("gcp:compute/instanceGroupManager:InstanceGroupManager", "group", group, inside)


def run(program, **config):
    found = offline.run(program, project="test", name="dev", config=config)
    return {resource.name: resource for resource in found}


def test_inputs_parents_and_what_they_come_from_are_kept():
    found = run(lambda: Part("part"))
    group = found["group"]
    assert group.urn.endswith("test:index:Part$gcp:compute/instanceGroupManager:InstanceGroupManager::group")
    assert group.parent == found["part"].urn
    assert group.inputs["versions"] == [{"instanceTemplate": UNKNOWN}]
    assert group.property_dependencies["versions"] == [found["template"].urn]
    assert estimate(list(found.values())).total == Decimal("73.377505")


def test_configuration_and_secrets_reach_the_program():
    def program():
        size = pulumi.Config("gcp").require("size")
        Thing(
            "gcp:compute/disk:Disk",
            "disk",
            {"size": int(size), "zone": "us-central1-a", "note": pulumi.Output.secret("x")},
        )

    assert run(program, **{"gcp:size": "50"})["disk"].inputs["size"] == 50


def test_a_program_that_asks_the_cloud_is_told_that_it_cannot_be():
    def program():
        pulumi.runtime.invoke("gcp:compute/getZones:getZones", {"region": "us-central1"})

    with pytest.raises(StackError, match="gcp:compute/getZones:getZones"):
        run(program)


def test_what_the_program_raises_passes_through():
    def program():
        raise LookupError("in the program")

    with pytest.raises(LookupError, match="in the program"):
        run(program)


def test_each_run_stands_alone():
    assert run(lambda: Part("part")).keys() == run(lambda: Part("part")).keys()


def test_every_resource_of_our_stacks_has_a_price_and_size_pays():
    reports = [request.of_stack(name, Usage(), Options(alternatives=False)) for name in ("small", "medium", "large")]
    assert [report.not_priced for report in reports] == [[], [], []]
    each = [report.per_weekly_user for report in reports]
    assert each == sorted(each, reverse=True)
