"""What all tests share."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.deployment import ROOT, Deployment


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--inventory",
        type=Path,
        default=ROOT / "inventories/lab",
        help="folder of the inventory of the instance under test",
    )


@pytest.fixture(scope="session")
def deployment(request: pytest.FixtureRequest) -> Deployment:
    """The deployed instance that the tests look at."""
    inventory: Path = request.config.getoption("--inventory")
    if not inventory.exists():
        raise pytest.UsageError(
            f"no inventory at {inventory}: bring a lab up first (./lyceum up), or name one with --inventory"
        )
    return Deployment.of(inventory.resolve())
