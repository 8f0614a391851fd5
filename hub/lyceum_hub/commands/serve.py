"""``lyceum-hub serve``: one hub process."""

from __future__ import annotations

import argparse

from lyceum_compute.protocol.identity import Identity

from lyceum_hub import log
from lyceum_hub.app import Hub
from lyceum_hub.server import Server, configuration
from lyceum_hub.settings import load


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument(
        "--instance", type=int, default=0, metavar="N", help="which process of this host (port 5000 + 2N)"
    )


def run(options: argparse.Namespace) -> int:
    """Serve until told to end."""
    log.set_up()
    settings = load(options.config)
    identity = Identity(settings.tls)
    hub = Hub(settings, identity)
    config = configuration(
        hub.app,
        host=settings.listen,
        port=settings.port(options.instance),
        identity=identity,
        message=settings.limits.message,
    )
    Server(config, before_end=hub.before_end).run()
    return 0
