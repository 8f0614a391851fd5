"""Builds what a deployment installs: `python -m lyceum_ops.build`, by the playbook `build.yml` and by `up`.

Says `built` or `unchanged` in its last line.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor

from lyceum_ops import checkout
from lyceum_ops.building import web, wheelhouse
from lyceum_ops.errors import Failure
from lyceum_ops.progress import start_log

log = logging.getLogger("lyceum")


def parts() -> Mapping[str, Callable[[], bool]]:
    """Everything that is built, by name; each tells whether it had to be."""
    return {"Build the wheels for the hosts": build_wheelhouses, "Build the web client": web.build}


def build_wheelhouses() -> bool:
    """Build all wheelhouses that are out of date."""
    return any([wheelhouse.build(distribution) for distribution in wheelhouse.DISTRIBUTIONS])  # noqa: C419 - all of them


def main() -> int:
    """Build everything."""
    start_log(checkout.LOGS, "build")
    try:
        with ThreadPoolExecutor() as pool:
            results = list(pool.map(lambda part: part(), parts().values()))
    except Failure as failure:
        log.debug("failed", exc_info=True)
        print(failure.message, file=sys.stderr)
        return failure.exit_code
    print("built" if any(results) else "unchanged")
    return 0


if __name__ == "__main__":
    sys.exit(main())
