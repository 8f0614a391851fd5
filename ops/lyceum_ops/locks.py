"""Makes the locks of ops/lock anew: every Python dependency, with hashes, resolved together."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence

from lyceum_ops import checkout, deploy, programs
from lyceum_ops.progress import Progress

DISTRIBUTIONS = ("hub", "compute", "storage", "ssh", "stacks", "ops")
HOSTS = ("hub", "compute", "storage", "ssh")
# What projects find on a compute host: large, and only there, so it is not in `dev`, but of the same versions where
# both have a library.
SOFTWARE = {"jupyter": "compute/jupyter", "sage": "compute/sage"}
# What installs all of these on a host.
INSTALLER = "uv"
CONTROL_PYTHON = "3.11"
HOST_PYTHON = "3.13"
OURS = "lyceum-"
PEER = "jupyterhub/requirements"  # what a benchmark compares with, never installed beside ours


def make(progress: Progress, *, upgrade: bool) -> None:
    """Make all locks; without `upgrade` a version that still fits stays."""
    everything = [line for name in DISTRIBUTIONS for line in dependencies(name)]
    control = [*dependencies("ops"), *dependencies("stacks")]
    steps = [
        ("dev", [*everything, *dependencies("ops", extra="dev")], ["--universal", "--python-version", CONTROL_PYTHON]),
        ("control", control, ["--universal", "--python-version", CONTROL_PYTHON]),
        *((name, _with_ours(name), ["--python-version", HOST_PYTHON]) for name in HOSTS),
        *(
            (name, dependencies(folder), ["--python-version", HOST_PYTHON, "--only-binary", ":all:"])
            for name, folder in SOFTWARE.items()
        ),
        ("installer", [INSTALLER], ["--python-version", HOST_PYTHON]),
    ]
    for name, wanted, options in steps:
        with progress.step(f"Lock {name}"):
            constraints = [] if name == "dev" else ["--constraints", "dev.txt"]
            _compile(name, wanted, [*options, *constraints, *(["--upgrade"] if upgrade else [])])
    with progress.step(f"Lock {PEER}"):
        wanted = (checkout.LOCKS / f"{PEER}.in").read_text(encoding="utf-8").splitlines()
        options = ["--universal", "--python-version", CONTROL_PYTHON]
        _compile(PEER, wanted, [*options, *(["--upgrade"] if upgrade else [])])


def dependencies(distribution: str, *, extra: str | None = None) -> list[str]:
    """What a distribution's pyproject.toml asks for, our own distributions left out."""
    project = tomllib.loads((checkout.ROOT / distribution / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    listed = project["dependencies"] if extra is None else project["optional-dependencies"][extra]
    return [line for line in listed if not line.startswith(OURS)]


def _with_ours(name: str) -> list[str]:
    """What a host's distribution needs, and what ours that it takes along need."""
    return [*dependencies(name), *dependencies("compute")]


def _compile(name: str, wanted: Sequence[str], options: Sequence[str]) -> None:
    programs.run(
        [
            deploy.ansible_program("uv"), "pip", "compile", "--quiet", "--generate-hashes", "--no-header",
            "--excludes", "left-out.txt", *options, "--output-file", f"{name}.txt", "-",
        ],
        directory=checkout.LOCKS,
        stdin="".join(f"{line}\n" for line in sorted(set(wanted))),
        timeout=600,
    )  # fmt: skip
