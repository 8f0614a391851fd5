"""One client's messages."""

from __future__ import annotations

import json
from typing import Any

import pytest
from lyceum_hub.errors import HubError
from lyceum_hub.operations.registry import Done
from lyceum_hub.operations.site import Site
from lyceum_hub.realtime.connection import _envelope, _joined


def test_an_answer_has_the_fields_of_envelope_and_output() -> None:
    site = Site(site_name='A "B"', sign_up="open", version="1", ssh=None)
    answer = json.loads(_joined({"id": 1, "event": "get_site"}, site))
    told = {"site_name": 'A "B"', "sign_up": "open", "version": "1", "ssh": None}
    assert answer == {"id": 1, "event": "get_site", **told}
    assert json.loads(_joined({"id": "a", "event": "x"}, Done())) == {"id": "a", "event": "x"}


def test_id_and_event_are_taken_out_of_the_fields() -> None:
    fields = {"id": 3, "event": "x", "title": "t"}
    assert _envelope(fields) == (3, "x")
    assert fields == {"title": "t"}


@pytest.mark.parametrize(
    "fields",
    [{}, {"id": 1}, {"event": "x"}, {"id": True, "event": "x"}, {"id": None, "event": "x"}, {"id": 1, "event": 2},
     {"id": [1], "event": "x"}, {"id": "x" * 65, "event": "x"}],
)  # fmt: skip
def test_without_them_a_message_is_invalid(fields: dict[str, Any]) -> None:
    with pytest.raises(HubError) as refused:
        _envelope(fields)
    assert refused.value.code == "invalid"
