"""Every message of the wire protocol, as plain structs without sockets.

Times are ISO 8601 in UTC. Paths are relative to the project's home; ``""`` is the home itself. Sizes are bytes unless a
name says otherwise; quotas are in MB (10^6 bytes), as in the model system.
"""

# Every message is to be found here, whichever file it stands in.
from .files import *  # noqa: F403
from .hosts import *  # noqa: F403
from .projects import *  # noqa: F403
from .storage import *  # noqa: F403
from .transfers import *  # noqa: F403
from .wire import *  # noqa: F403
