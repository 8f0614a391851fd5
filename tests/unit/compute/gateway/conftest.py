"""The test's own certificate authority, as the wire protocol's tests have it, and a gateway."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.unit.compute.gateway.played import Gateway
from tests.unit.compute.protocol.conftest import authorities

__all__ = ["authorities"]


@pytest.fixture
async def gateway(socket_folder: Path, authorities: Any) -> AsyncIterator[Gateway]:
    async with Gateway(socket_folder, authorities.own).serving() as gateway:
        yield gateway
