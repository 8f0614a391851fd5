"""Builds what a deployment installs, by the playbook `build.yml` and by `up`: `python -m lyceum_ops.build [NAME...]`.

What is seldom wanted is built when its name is given.

Says `built` or `unchanged` in its last line.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from lyceum_ops import checkout
from lyceum_ops.building import web, wheelhouse
from lyceum_ops.errors import Failure, UsageFailure
from lyceum_ops.progress import start_log

log = logging.getLogger("lyceum")


def parts(wanted: Collection[str] = ()) -> Mapping[str, Callable[[], bool]]:
    """Everything that is built, by name; each tells whether it had to be."""
    return {"Build the wheels for the hosts": partial(build_wheelhouses, wanted), "Build the web client": web.build}


def build_wheelhouses(wanted: Collection[str]) -> bool:
    """Build the wheelhouses that are out of date: all that every instance has, and what is wanted of the others."""
    if unknown := set(wanted) - wheelhouse.DISTRIBUTIONS.keys():
        raise UsageFailure(f"There is no distribution {', '.join(sorted(unknown))}.")
    chosen = [name for name in wheelhouse.DISTRIBUTIONS if name not in wheelhouse.ON_DEMAND or name in wanted]
    return any([wheelhouse.build(name) for name in chosen])  # noqa: C419 - all of them


def main() -> int:
    """Build everything."""
    start_log(checkout.LOGS, "build")
    try:
        with ThreadPoolExecutor() as pool:
            results = list(pool.map(lambda part: part(), parts(sys.argv[1:]).values()))
    except Failure as failure:
        log.debug("failed", exc_info=True)
        print(failure.message, file=sys.stderr)
        return failure.exit_code
    print("built" if any(results) else "unchanged")
    return 0


if __name__ == "__main__":
    sys.exit(main())
