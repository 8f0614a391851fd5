from __future__ import annotations

from pathlib import Path

from lyceum_compute.protocol import document, messages

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
