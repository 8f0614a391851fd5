"""The operations: one registry, served over HTTP and over Engine.IO, from which the OpenAPI document is made.

Importing this package fills the registry.
"""

from . import accounts, files, people, projects, site, trash
from .registry import REGISTRY, Call, CookieChange, Operation, Who

__all__ = [
    "REGISTRY",
    "Call",
    "CookieChange",
    "Operation",
    "Who",
    "accounts",
    "files",
    "people",
    "projects",
    "site",
    "trash",
]
