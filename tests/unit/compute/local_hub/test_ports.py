"""Listening ports, from the kernel's tables."""

from __future__ import annotations

import os
import socket
from pathlib import Path

from lyceum_compute.local_hub.ports import list_ports

HEAD = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"


def line(address: str, state: str, inode: int) -> str:
    return f"   0: {address} 00000000:0000 {state} 00000000:00000000 00:00000000 00000000  1000        0 {inode} 1 0\n"


def test_what_the_tables_say(tmp_path: Path) -> None:
    (tmp_path / "net").mkdir()
    (tmp_path / "net" / "tcp").write_text(
        HEAD + line("0100007F:1F90", "0A", 11) + line("00000000:0050", "0A", 12) + line("0100007F:1F91", "01", 13)
    )
    (tmp_path / "net" / "tcp6").write_text(HEAD + line("00000000000000000000000001000000:1F90", "0A", 14))
    (tmp_path / "7" / "fd").mkdir(parents=True)
    (tmp_path / "7" / "fd" / "3").symlink_to("socket:[11]")
    (tmp_path / "7" / "fd" / "4").symlink_to("/dev/null")
    (tmp_path / "7" / "comm").write_text("python3\n")
    ports = [(port.port, port.address, port.program) for port in list_ports(str(tmp_path)).ports]
    assert ports == [(80, "0.0.0.0", None), (8080, "127.0.0.1", "python3"), (8080, "::1", None)]  # noqa: S104


def test_no_network_at_all(tmp_path: Path) -> None:
    assert list_ports(str(tmp_path)).ports == []


def test_a_socket_of_our_own() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        number = listener.getsockname()[1]
        (found,) = [port for port in list_ports().ports if port.port == number]
    assert found.address == "127.0.0.1"
    assert found.program == Path(f"/proc/{os.getpid()}/comm").read_text().strip()
