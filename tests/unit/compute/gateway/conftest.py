"""The test's own certificate authority, as the wire protocol's tests have it."""

from tests.unit.compute.protocol.conftest import authorities

__all__ = ["authorities"]
