"""The rules: what may be done and what follows from it. No HTTP and no SQL here."""

from dataclasses import dataclass

from lyceum_hub.settings import Settings

from .accounts import Accounts
from .background import Background
from .fairness import Fairness
from .files import Files
from .health import Health
from .people import People
from .permissions import Permissions
from .projects import Projects
from .sessions import Sessions
from .states import States
from .tables import Tables


@dataclass(frozen=True)
class Services:
    """All services of one hub process."""

    settings: Settings
    accounts: Accounts
    sessions: Sessions
    projects: Projects
    people: People
    files: Files
    permissions: Permissions
    tables: Tables
    states: States
    health: Health
    fairness: Fairness
    background: Background


__all__ = [
    "Accounts",
    "Background",
    "Fairness",
    "Files",
    "Health",
    "People",
    "Permissions",
    "Projects",
    "Services",
    "Sessions",
    "States",
    "Tables",
]
