"""The commands as a person gives them, with programs that stand in for Pulumi's engine and gcloud."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import yaml
from lyceum_ops.cloud import engine
from lyceum_ops.commands import cloud
from lyceum_ops.errors import Failure, UsageFailure
from lyceum_ops.inventory import stack as stacks
from lyceum_ops.progress import Progress
from lyceum_stacks import configuration
from lyceum_stacks.errors import StackError, WrongUse

ROOT = Path(__file__).parents[4]
SAVED = ROOT / "tests/unit/ops/inventory/stack-output.json"
starts_programs = pytest.mark.process("pulumi")

PULUMI = """#!/bin/sh
echo "pulumi $*" >>{calls}
case "$1 $2" in
"version ") echo v3.260.0 ;;
"whoami --json") test -f {folder}/logged-in && echo '{{"url": "file:///state"}}' ;;
"login "*) touch {folder}/logged-in ;;
"stack output") test -f {folder}/is-up && cat {saved} ;;
"up "*) test ! -f {folder}/broken ;;
esac
"""
GCLOUD = """#!/bin/sh
echo "gcloud $*" >>{calls}
case "$1 $2" in
"projects describe") echo '{{"lifecycleState": "ACTIVE"}}' ;;
"billing projects") echo '{{"billingEnabled": true, "billingAccountName": "billingAccounts/0A1B2C-3D4E5F-678901"}}' ;;
"compute regions") echo '{{"quotas": [{{"metric": "INSTANCES", "limit": '"$(cat {folder}/limit)"', "usage": 0}}]}}' ;;
"compute instances") echo '[{{"key": "ssh-ed25519", "value": "AAAA"}}]' ;;
esac
"""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with stand-ins for both programs, and a stack `campus` with settings of its own."""
    calls = tmp_path / "calls"
    calls.write_text("")
    (tmp_path / "limit").write_text("100")
    (tmp_path / "bin").mkdir()
    for name, text in (("pulumi", PULUMI), ("gcloud", GCLOUD)):
        program = tmp_path / "bin" / name
        program.write_text(text.format(calls=calls, folder=tmp_path, saved=SAVED))
        program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    for name in ("PULUMI_CONFIG_PASSPHRASE", "PULUMI_CONFIG_PASSPHRASE_FILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(stacks, "STACKS", tmp_path)
    monkeypatch.setattr(engine, "PASSPHRASE", tmp_path / ".passphrase")
    monkeypatch.setattr(configuration.from_file, "__defaults__", (tmp_path,))
    _settings(tmp_path)
    return tmp_path


def _settings(folder: Path, **changes: object) -> None:
    content = yaml.safe_load((ROOT / "stacks/Pulumi.medium.yaml").read_text())["config"] | {
        "gcp:project": "campus-cloud", "lyceum:domain": "lyceum.campus.edu", "lyceum:billing_account": "0A1B2C-3D4E5F-678901",
        "lyceum:administrators": ["group:operators@campus.edu"], "lyceum:budget": {"amount": 3000, "emails": ["it@campus.edu"]},
        **{f"lyceum:{name}": value for name, value in changes.items()},
    }  # fmt: skip
    (folder / "Pulumi.campus.yaml").write_text(yaml.safe_dump({"config": content}))


def _calls(here: Path) -> list[str]:
    return [line.split(" --stack")[0] for line in (here / "calls").read_text().splitlines()]


@starts_programs
def test_up_checks_everything_before_it_spends(here: Path) -> None:
    cloud.up("campus", state=str(here / "state"), sure=True, progress=Progress())
    assert _calls(here) == [
        "pulumi version",
        f"pulumi login file://{here}/state --non-interactive --cwd {here}",
        "pulumi whoami --json --non-interactive",
        f"pulumi stack select --create campus --non-interactive --cwd {here}",
        "pulumi stack output --json",
        "gcloud projects describe campus-cloud --format=json --quiet",
        "gcloud billing projects describe campus-cloud --format=json --quiet",
        "gcloud compute regions describe europe-west4 --project=campus-cloud --format=json --quiet",
        "pulumi preview",
        "pulumi up",
    ]
    assert (here / ".passphrase").stat().st_mode & 0o777 == 0o600
    assert "--yes --skip-preview" in (here / "calls").read_text().splitlines()[-1]


@starts_programs
def test_up_asks_and_does_nothing_where_nobody_answers(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (here / "logged-in").touch()
    with pytest.raises(Failure, match="Nothing was done") as caught:
        cloud.up("campus", state="", sure=False, progress=Progress())
    assert "--yes" in str(caught.value.hint)
    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    monkeypatch.setattr("builtins.input", lambda _: "medium")
    with pytest.raises(Failure, match="Nothing was done"):
        cloud.up("campus", state="", sure=False, progress=Progress())
    assert "pulumi up" not in _calls(here)


@starts_programs
def test_preview_makes_nothing(here: Path) -> None:
    (here / "logged-in").touch()
    cloud.preview("campus", state="", progress=Progress())
    assert _calls(here)[-1] == "pulumi preview"


@starts_programs
def test_quota_is_refused_before_the_engine_begins(here: Path) -> None:
    (here / "logged-in").touch()
    (here / "limit").write_text("3")
    with pytest.raises(Failure, match="INSTANCES: 10 are needed, 3 allowed"):
        cloud.up("campus", state="", sure=True, progress=Progress())
    assert "pulumi preview" not in _calls(here)


@pytest.mark.usefixtures("here")
@starts_programs
def test_state_must_be_somewhere() -> None:
    with pytest.raises(Failure, match="does not know where to keep its state") as caught:
        cloud.preview("campus", state="", progress=Progress())
    assert "--state gs://BUCKET" in str(caught.value.hint)


@starts_programs
@pytest.mark.parametrize("state", ["gs://", "gs://UPPER", "s3://bucket", "https://example.org"])
def test_state_that_cannot_be(here: Path, state: str) -> None:
    with pytest.raises(UsageFailure):
        cloud.preview("campus", state=state, progress=Progress())
    assert not (here / "logged-in").exists()


@starts_programs
def test_engine_that_breaks_off(here: Path) -> None:
    (here / "logged-in").touch()
    (here / "broken").touch()
    with pytest.raises(Failure, match="pulumi up ended with exit code 1"):
        cloud.up("campus", state="", sure=True, progress=Progress())


@starts_programs
def test_old_engine(here: Path) -> None:
    program = here / "bin" / "pulumi"
    program.write_text(program.read_text().replace("v3.260.0", "v2.1.0"))
    with pytest.raises(Failure, match=r"engine is v2\.1\.0; this needs 3\.200 or newer"):
        cloud.preview("campus", state="", progress=Progress())


@pytest.mark.usefixtures("here")
def test_no_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lyceum_ops.programs.find", lambda _: None)
    with pytest.raises(Failure, match="engine is not installed") as caught:
        cloud.up("campus", state="", sure=True, progress=Progress())
    assert "www.pulumi.com/docs/install" in str(caught.value.hint)


@starts_programs
def test_examples_are_refused(here: Path) -> None:
    shutil.copy(ROOT / "stacks/Pulumi.small.yaml", here)
    with pytest.raises(StackError, match="gcp:project: it is still the example"):
        cloud.up("small", state="", sure=True, progress=Progress())


@pytest.mark.usefixtures("here")
def test_unknown_stack() -> None:
    with pytest.raises(WrongUse, match=r"there is no stack 'campsu'.*did you mean campus\?"):
        cloud.up("campsu", state="", sure=True, progress=Progress())


@starts_programs
def test_protected_stack_is_not_destroyed(here: Path) -> None:
    with pytest.raises(Failure, match="holds data and is protected"):
        cloud.destroy("campus", state="", sure=True, progress=Progress())
    assert _calls(here) == []


@starts_programs
def test_destroy(here: Path) -> None:
    (here / "logged-in").touch()
    _settings(here, deletion_protection=False)
    cloud.destroy("campus", state="", sure=True, progress=Progress())
    assert _calls(here)[-1] == "pulumi destroy"


@starts_programs
def test_inventory_of_a_stack_and_its_host_keys(here: Path) -> None:
    folder = here / "inventory"
    cloud.inventory("campus", str(folder), on_premises=False, outputs=str(SAVED), progress=Progress())
    cloud.host_keys(str(folder), Progress())
    known = (folder / "known_hosts").read_text().splitlines()
    assert known[0] == "campus-compute1 ssh-ed25519 AAAA"
    assert len(known) == 9


@starts_programs
def test_inventory_that_asks_the_engine(here: Path) -> None:
    folder = here / "inventory"
    cloud.inventory("campus", str(folder), on_premises=False, outputs="", progress=Progress())
    (here / "is-up").touch()
    assert "hub1" in stacks.load(folder / "hosts.yml").machines


def test_inventory_is_not_overwritten(here: Path) -> None:
    with pytest.raises(UsageFailure, match="is there already"):
        cloud.inventory("small", str(here), on_premises=True, outputs="", progress=Progress())


def test_inventory_for_own_machines(here: Path) -> None:
    cloud.inventory("campus", str(here / "own"), on_premises=True, outputs="", progress=Progress())
    cloud.inventory("large", str(here / "large"), on_premises=True, outputs="", progress=Progress())
    assert "20,000 weekly users" in (here / "large" / "README.md").read_text()


def test_outputs_that_are_no_json_leave_nothing_behind(here: Path) -> None:
    (here / "broken.json").write_text("{")
    with pytest.raises(Failure, match="it is no JSON"):
        cloud.inventory(
            "campus", str(here / "new"), on_premises=False, outputs=str(here / "broken.json"), progress=Progress()
        )
    assert not (here / "new").exists()
