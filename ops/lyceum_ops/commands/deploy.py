"""Bring an inventory's machines to what the site describes."""

from __future__ import annotations

from pathlib import Path

from lyceum_ops import deploy
from lyceum_ops.progress import Progress


def run(inventory: str, *, limit: str, check: bool, progress: Progress) -> None:
    """Deploy; see `lyceum deploy --help`."""
    path = deploy.check_inventory(Path(inventory))
    progress.line(f"Deploy {inventory}" + (" (only look, change nothing)" if check else ""))
    outcome = deploy.site(path, progress, limit=limit, check=check)
    changed = {host: count for host, count in outcome.changed.items() if count}
    if not changed:
        progress.line(f"Nothing changed ({outcome.seconds:.1f} s).")
        return
    word = "would change" if check else "changed"
    listed = ", ".join(f"{host} ({count})" for host, count in changed.items())
    progress.line(f"{word.capitalize()}: {listed} ({outcome.seconds:.1f} s).")
