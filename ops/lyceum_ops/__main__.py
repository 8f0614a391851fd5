"""Entry point of ./lyceum."""

from __future__ import annotations

import sys

from lyceum_ops.program import main

if __name__ == "__main__":
    sys.exit(main(sys.argv))
