"""The rules: what may be done and what follows from it. No HTTP and no SQL here."""

from dataclasses import dataclass

from lyceum_hub.settings import Settings

from .accounting import Accounting
from .accounts import Accounts
from .background import Background
from .compute import Compute
from .copies import Copies
from .fairness import Fairness
from .files import Files
from .health import Health
from .people import People
from .permissions import Permissions
from .projects import Projects
from .quotas import Quotas
from .sessions import Sessions
from .ssh import Ssh
from .states import States
from .tables import Tables
from .usage import Usages
from .visits import Visits
from .watches import Watches


@dataclass(frozen=True)
class Services:
    """All services of one hub process."""

    settings: Settings
    accounts: Accounts
    sessions: Sessions
    projects: Projects
    quotas: Quotas
    usage: Usages
    accounting: Accounting
    compute: Compute
    people: People
    files: Files
    copies: Copies
    watches: Watches
    permissions: Permissions
    visits: Visits
    tables: Tables
    states: States
    health: Health
    fairness: Fairness
    ssh: Ssh
    background: Background


__all__ = [
    "Accounting",
    "Accounts",
    "Background",
    "Compute",
    "Copies",
    "Fairness",
    "Files",
    "Health",
    "People",
    "Permissions",
    "Projects",
    "Quotas",
    "Services",
    "Sessions",
    "Ssh",
    "States",
    "Tables",
    "Usages",
    "Visits",
    "Watches",
]
