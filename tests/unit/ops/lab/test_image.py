"""The recipe of the machines' image."""

from __future__ import annotations

import pytest
import yaml
from lyceum_ops import checkout
from lyceum_ops.lab import image
from lyceum_ops.lab.mirror import Mirror

MIRROR = Mirror("http://mirror.example/debian", None)


def role_packages() -> set[str]:
    """Packages that roles name in their variables."""
    found: set[str] = set()
    for path in (checkout.ROOT / "roles").glob("*/vars/*.yml"):
        for name, value in (yaml.safe_load(path.read_text()) or {}).items():
            if name.endswith("packages") and isinstance(value, list):
                found.update(word for word in value if isinstance(word, str))
    return found


def test_the_image_holds_what_the_roles_install() -> None:
    missing = role_packages() - {*image.packages(), *image.INCLUDED}
    assert missing == set(), "add them to ops/lyceum_ops/lab/packages.txt"


def test_another_recipe_is_another_image(monkeypatch: pytest.MonkeyPatch) -> None:
    names = {image.identity(MIRROR), image.identity(Mirror("http://other.example/debian", None))}
    monkeypatch.setattr(image, "INIT_SCRIPT", "")
    monkeypatch.setitem(image.FILES, image.INIT.lstrip("/"), "")
    names.add(image.identity(MIRROR))
    assert len(names) == 3
    assert image.identity(MIRROR) in names
