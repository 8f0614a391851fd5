"""An inventory folder: its secrets and what may stand in it."""


class InventoryError(Exception):
    """Something in an inventory folder that its administrator must mend.

    The text says what is wrong and where; `hint` says what to do about it.
    """

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint
