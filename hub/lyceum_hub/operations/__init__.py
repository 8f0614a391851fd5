"""The operations: one registry, served over HTTP and over Engine.IO, from which the OpenAPI document is made.

Importing this package fills the registry.
"""

from . import accounts, compute, files, people, projects, quotas, site, ssh, trash
from .registry import REGISTRY, Call, CookieChange, Operation, Who

__all__ = [
    "REGISTRY",
    "Call",
    "CookieChange",
    "Operation",
    "Who",
    "accounts",
    "compute",
    "files",
    "people",
    "projects",
    "quotas",
    "site",
    "ssh",
    "trash",
]
