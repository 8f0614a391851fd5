from __future__ import annotations

from pathlib import Path

from lyceum_compute.protocol import document, messages, summaries

PAGE = Path(__file__).parents[4] / "docs/wire-protocol.md"


def test_the_page_is_what_the_messages_say() -> None:
    again = "made anew by: PYTHONPATH=compute python -m lyceum_compute.protocol.document > docs/wire-protocol.md"
    assert PAGE.read_text() == document.page(), again


def test_every_operation_and_message_has_its_place() -> None:
    page = document.page()
    tables = (messages.DAEMON_OPERATIONS, messages.PROJECT_OPERATIONS, messages.STORAGE_OPERATIONS)
    for operations in tables:
        for name, (arguments, result) in operations.items():
            assert f"| `{name}` |" in page
            assert f"### {arguments.__name__}\n" in page
            assert f"### {result.__name__}\n" in page


def test_summaries_are_of_operations_that_are_there() -> None:
    assert summaries.DAEMON.keys() == messages.DAEMON_OPERATIONS.keys()
    assert summaries.PROJECT.keys() == messages.PROJECT_OPERATIONS.keys()
    assert summaries.STORAGE.keys() == messages.STORAGE_OPERATIONS.keys()


def test_what_cannot_be_guessed_is_said() -> None:
    """A client that was written from the page alone knows events, states, units and how the other side is told."""
    page = document.page()
    for tag in ("state", "saved", "edited", "file_changes", "watch_ended", "files_changed"):
        assert f'| always `"{tag}"` |' in page
    for state in messages.State:
        assert f"`{state}`" in page
    assert "| `memory_total` | `int` |  | MB. |" in page
    assert "base64" in page
    assert "lyceum://<service>/<host>" in page
