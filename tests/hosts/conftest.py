"""Fixtures of the tests that look into machines after deployment."""

from __future__ import annotations

import pytest
from testinfra.host import Host

from tests.deployment import ROOT, Deployment

#: Which group's machines a test module is for: the module's name says it.
GROUPS = ("edge", "hub", "database", "compute", "storage")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run each test on every machine of its module's group (``test_all.py``: on every machine)."""
    if "machine" not in metafunc.fixturenames:
        return
    deployment = Deployment.of((metafunc.config.getoption("--inventory") or ROOT / "inventories/lab").resolve())
    group = metafunc.module.__name__.rpartition("test_")[2]
    names = deployment.groups[group] if group in GROUPS else deployment.hosts
    metafunc.parametrize("machine", names, indirect=True, scope="session")


@pytest.fixture(scope="session")
def machine(request: pytest.FixtureRequest, deployment: Deployment) -> Host:
    """A machine, over SSH."""
    return deployment.host(request.param)


@pytest.fixture
def groups(machine: Host, deployment: Deployment) -> set[str]:
    """The groups that a machine is in."""
    name = machine.check_output("hostname")
    return {group for group in GROUPS if name in deployment.groups[group]}
