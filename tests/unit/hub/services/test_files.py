"""Paths in projects."""

from __future__ import annotations

import pytest
from lyceum_hub.errors import InvalidError
from lyceum_hub.services.files import relative


@pytest.mark.parametrize("path", ["", "a", "a/b", "..a", "a..", "a b/ü\n'\"", "./a", "a//b", "a/..b/c", r"\xe9" * 4096])
def test_relative_paths_pass(path: str) -> None:
    assert relative(path, "path") == path


@pytest.mark.parametrize("path", ["/", "/etc", "..", "../a", "a/../b", "a/..", "x" * 4097])
def test_paths_that_lead_out_do_not(path: str) -> None:
    with pytest.raises(InvalidError) as refused:
        relative(path, "source")
    assert refused.value.field == "source"
