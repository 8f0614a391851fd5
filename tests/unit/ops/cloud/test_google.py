"""Whether a project can carry a stack, judged by what gcloud says of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from lyceum_ops import programs
from lyceum_ops.cloud import google
from lyceum_ops.errors import Failure

from tests.unit.stacks.cloud import settings

QUOTAS = [
    {"metric": metric, "limit": 10000.0, "usage": 1.0}
    for metric in (
        "CPUS",
        "N2_CPUS",
        "INSTANCES",
        "SSD_TOTAL_GB",
        "DISKS_TOTAL_GB",
        "STATIC_ADDRESSES",
        "IN_USE_ADDRESSES",
    )
]
GOOD: dict[str, Any] = {
    "projects": {"lifecycleState": "ACTIVE"},
    "billing": {"billingEnabled": True, "billingAccountName": "billingAccounts/0A1B2C-3D4E5F-678901"},
    "compute": {"quotas": QUOTAS},
}

Answer = Callable[..., None]


@pytest.fixture
def gcloud(monkeypatch: pytest.MonkeyPatch) -> Answer:
    """What gcloud says, as far as it is asked: answers by the first word, each changeable."""
    monkeypatch.setattr(programs, "find", lambda name: f"/usr/bin/{name}")

    def answer(*, stderr: str = "", **changes: Any) -> None:
        def run(words: Sequence[str], **_: Any) -> programs.Result:
            if stderr:
                return programs.Result(1, "", stderr)
            return programs.Result(0, json.dumps({**GOOD, **changes}[words[1]]), "")

        monkeypatch.setattr(programs, "run", run)

    answer()
    return answer


def _refused() -> Failure:
    with pytest.raises(Failure) as caught:
        google.check_project(settings(), new=True)
    return caught.value


@pytest.mark.usefixtures("gcloud")
def test_good_project() -> None:
    assert google.check_project(settings(), new=True) == [
        "project campus-cloud is active", "billed to 0A1B2C-3D4E5F-678901", "quota of europe-west4 suffices",
    ]  # fmt: skip


def test_project_that_is_being_deleted(gcloud: Answer) -> None:
    gcloud(projects={"lifecycleState": "DELETE_REQUESTED"})
    assert str(_refused()) == "The project campus-cloud is DELETE_REQUESTED."


def test_project_without_billing(gcloud: Answer) -> None:
    gcloud(billing={"billingEnabled": False})
    assert str(_refused()) == "The project campus-cloud has no billing account."


def test_budget_that_would_watch_another_account(gcloud: Answer) -> None:
    gcloud(billing={"billingEnabled": True, "billingAccountName": "billingAccounts/FFFFFF-FFFFFF-FFFFFF"})
    assert "is billed to FFFFFF-FFFFFF-FFFFFF, not to 0A1B2C-3D4E5F-678901" in str(_refused())


def test_quota_that_is_too_small(gcloud: Answer) -> None:
    gcloud(
        compute={
            "quotas": [{"metric": "N2_CPUS", "limit": 8.0, "usage": 2.0}, {"metric": "DISKS_TOTAL_GB", "limit": 4096.0}]
        }
    )
    assert str(_refused()).splitlines() == [
        "The quota of campus-cloud in europe-west4 is too small:",
        "    DISKS_TOTAL_GB: 7500 are needed, 4096 allowed",
        "    N2_CPUS: 24 are needed, 8 allowed, of which 2 are used",
    ]


def test_stack_that_is_there_does_not_need_its_quota_twice() -> None:
    quotas = [{"metric": "INSTANCES", "limit": 10, "usage": 10}]
    assert google.lacking({"INSTANCES": 10}, quotas, new=False) == []
    assert google.lacking({"INSTANCES": 10}, quotas, new=True)


def test_compute_engine_that_is_switched_off(gcloud: Answer) -> None:
    gcloud(stderr="ERROR: Compute Engine API has not been used in project campus-cloud before or it is disabled")
    with pytest.raises(Failure, match="Compute Engine is not switched on") as caught:
        google._quotas(settings())
    assert caught.value.hint == "gcloud services enable compute.googleapis.com --project=campus-cloud"


def test_nobody_signed_in(gcloud: Answer) -> None:
    gcloud(stderr="ERROR: You do not currently have an active account selected.\n  $ gcloud auth login")
    assert str(_refused()) == "gcloud is not signed in here."


def test_no_gcloud(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(programs, "find", lambda _: None)
    assert "cloud.google.com/sdk/docs/install" in str(_refused().hint)


@pytest.mark.usefixtures("gcloud")
def test_answer_that_makes_no_sense(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(programs, "run", lambda *_, **__: programs.Result(0, "Updates are available", ""))
    assert "gave an answer that makes no sense" in str(_refused())


@pytest.mark.parametrize(
    "answer",
    [[{"key": "ssh-ed25519", "value": "AAAA"}], {"queryValue": {"items": [{"key": "ssh-ed25519", "value": "AAAA"}]}}],
)
def test_host_keys(gcloud: Answer, answer: object) -> None:
    gcloud(compute=answer)
    assert google.host_keys("campus-hub1", zone="europe-west4-a", project="campus-cloud") == ["ssh-ed25519 AAAA"]


def test_machine_that_told_no_host_key_yet(gcloud: Answer) -> None:
    gcloud(stderr="ERROR: (gcloud.compute.instances.get-guest-attributes) NOT_FOUND: hostkeys/")
    assert google.host_keys("campus-hub1", zone="europe-west4-a", project="campus-cloud") == []
