"""Finding the mirror in what apt says."""

from __future__ import annotations

import pytest
from lyceum_ops import programs
from lyceum_ops.errors import Failure
from lyceum_ops.lab import mirror
from lyceum_ops.programs import Result


class Apt:
    """Answers for apt's programs."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.targets = ""
        self.settings = ""
        self.updated = 0
        monkeypatch.setattr(programs, "run", self.run)
        for name in (mirror.VARIABLE, mirror.SECURITY_VARIABLE, "http_proxy"):
            monkeypatch.delenv(name, raising=False)

    def run(self, arguments: list[str], **_: object) -> Result:
        if arguments[:2] == ["apt-get", "update"]:
            self.updated += 1
        said = {"apt-get": self.targets, "apt-config": self.settings}[arguments[0]]
        return Result(0, said, "")


@pytest.fixture
def apt(monkeypatch: pytest.MonkeyPatch) -> Apt:
    return Apt(monkeypatch)


def test_the_hosts_own_mirrors_are_taken(apt: Apt) -> None:
    apt.targets = (
        "https://tools.example/apt/|Tools|Tools\n"
        "http://mirror.example/debian/|Debian|Debian\n"
        "http://other.example/debian/|Debian|Debian\n"
        "http://mirror.example/debian-security/|Debian|Debian-Security\n"
    )
    found = mirror.find()
    assert found.sources("trixie") == [
        "deb http://mirror.example/debian trixie main",
        "deb http://mirror.example/debian trixie-updates main",
        "deb http://mirror.example/debian-security trixie-security main",
    ]
    assert found.hosts == ["mirror.example"]
    assert apt.updated == 0


def test_a_list_of_mirrors_gives_its_first(apt: Apt, tmp_path) -> None:
    listed = tmp_path / "debian.list"
    listed.write_text("# ours\nhttps://near.example/debian\tpriority:1\nhttps://far.example/debian\n")
    apt.targets = f"mirror+file:{listed}/|Debian|Debian\n"
    assert mirror.find() == mirror.Mirror("https://near.example/debian", None)


def test_without_a_mirror_it_says_how_to_name_one(apt: Apt) -> None:
    with pytest.raises(Failure) as caught:
        mirror.find()
    assert apt.updated == 1
    assert mirror.VARIABLE in (caught.value.hint or "")


@pytest.mark.usefixtures("apt")
def test_a_named_mirror_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(mirror.VARIABLE, "http://chosen.example/debian")
    assert mirror.find() == mirror.Mirror("http://chosen.example/debian", None)


@pytest.mark.parametrize(
    ("settings", "proxy"),
    [
        ("", None),
        ("Acquire::http::Proxy=http://proxy.example:8080/\n", "proxy.example:8080"),
        ("Acquire::http::Proxy=http://proxy.example\n", "proxy.example:3128"),
        ("Acquire::http::Proxy=DIRECT\n", None),
    ],
)
def test_the_hosts_own_proxy(apt: Apt, settings: str, proxy: str | None) -> None:
    apt.settings = settings
    assert mirror.upstream_proxy() == proxy
