"""The web client's files, built with the Node that comes into the virtual environment as a wheel."""

from __future__ import annotations

import sys
from pathlib import Path

from lyceum_ops import checkout, programs
from lyceum_ops.building import fingerprint

DIST = checkout.WEB / "dist"
RECIPE = "1"


def node_environment() -> dict[str, str]:
    """Let our own node and npm come first."""
    path = programs.environment()["PATH"]
    return {"PATH": f"{Path(sys.executable).parent}:{path}", "CI": "1", "NO_COLOR": "1"}


def install() -> bool:
    """Install the locked packages of the web client unless they are there; returns whether they were not."""
    lock = checkout.WEB / "package-lock.json"
    stamp = checkout.WEB / "node_modules" / ".lyceum-fingerprint"
    with fingerprint.exclusive(checkout.BUILD / "web"):
        wanted = fingerprint.of([lock, checkout.WEB / "package.json"], RECIPE)
        if fingerprint.matches(stamp, wanted):
            return False
        programs.run(
            ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"],
            directory=checkout.WEB,
            extra_environment=node_environment(),
            timeout=900,
        )
        stamp.write_text(f"{wanted}\n", encoding="utf-8")
    return True


def build() -> bool:
    """Build the web client; returns False when what is there is of the same sources."""
    stamp = checkout.BUILD / "web" / "fingerprint"
    wanted = fingerprint.of([checkout.WEB], RECIPE)
    if fingerprint.matches(stamp, wanted) and (DIST / "index.html").is_file():
        return False
    install()
    with fingerprint.exclusive(checkout.BUILD / "web"):
        stamp.unlink(missing_ok=True)
        programs.run(["npm", "run", "build"], directory=checkout.WEB, extra_environment=node_environment(), timeout=900)
        stamp.write_text(f"{wanted}\n", encoding="utf-8")
    return True
