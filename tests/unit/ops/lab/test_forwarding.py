"""The ways through the lab's wall."""

from __future__ import annotations

import pytest
from lyceum_ops import programs
from lyceum_ops.lab import forwarding


@pytest.mark.process("sh")
def test_what_moves_bytes_outlives_a_peer_that_closes_early() -> None:
    """One who was refused in the middle of a long message took the lab's port away for everybody."""
    handed = ["sh", "-ec", forwarding.HAND_OVER_SOCKET, "sh", "sh", "-c", "kill -PIPE $$; echo $LISTEN_FDS"]
    assert programs.run(handed).stdout == "1\n"
