"""An inventory folder: its secrets and what may stand in it."""

from lyceum_ops.errors import Failure


class InventoryError(Failure):
    """Something in an inventory folder that its administrator must mend."""
