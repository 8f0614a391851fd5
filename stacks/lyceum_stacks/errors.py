"""Errors whose message is meant for the person at the terminal: what is wrong, where, and what to do."""

from __future__ import annotations


class StackError(Exception):
    """Something that was read, or that is to be done, is at fault; never shown with a traceback."""

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class WrongUse(StackError):
    """What was asked for cannot be: an unknown stack, region or currency, or a number that makes no sense."""
