"""Quotas."""

from __future__ import annotations

import pytest
from lyceum_compute.protocol.messages import Quota
from lyceum_hub.errors import InvalidError
from lyceum_hub.services.quotas import changed_quota, checked_quota
from lyceum_hub.settings import MaximumQuota


def test_what_is_not_said_stays() -> None:
    assert changed_quota(Quota(disk=5), {"memory": 7}) == Quota(disk=5, memory=7)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("disk", 50_001),
        ("memory", 0),
        ("cores", 4.5),
        ("cores", float("nan")),
        ("cpu_shares", -1),
        ("idle_timeout", 10**9),
    ],
)
def test_figures_beyond_the_maxima_are_refused(field: str, value: float) -> None:
    with pytest.raises(InvalidError) as refused:
        checked_quota(changed_quota(Quota(), {field: value}), MaximumQuota())
    assert refused.value.field == field


def test_a_site_may_have_no_network_to_give() -> None:
    checked_quota(Quota(network=True), MaximumQuota())
    with pytest.raises(InvalidError) as refused:
        checked_quota(Quota(network=True), MaximumQuota(network=False))
    assert refused.value.field == "network"
