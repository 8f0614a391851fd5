#!/usr/bin/python3
"""The host's half of installing a distribution: builds a release's environment, switches to it, prunes old ones."""

from __future__ import annotations

import os
import shutil
import subprocess
import tarfile
import tempfile
import zipfile
from pathlib import Path

from ansible.module_utils.basic import AnsibleModule

DOCUMENTATION = """
module: lyceum_application
short_description: Installs a release of a distribution from its wheelhouse
description:
  - Without an archive, only says whether the release is there, and switches to it if it is.
  - The action plugin of the same name sends the archive when it is needed.
options:
  folder: {description: Where the releases of the distribution lie., type: path, required: true}
  release: {description: Name of the release., type: str, required: true}
  archive: {description: The wheelhouse as an archive on the host., type: path}
  keep: {description: How many releases stay., type: int, required: true}
"""

# Written last: a release without it was interrupted, and is built again.
COMPLETE = ".complete"


class Releases:
    """The releases of one distribution on this host."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "releases"
        self.current = folder / "current"

    def has(self, release: str) -> bool:
        return (self.folder / release / COMPLETE).exists()

    def is_current(self, release: str) -> bool:
        return self.current.is_symlink() and self.current.readlink() == Path("releases", release)

    def build(self, release: str, archive: Path) -> None:
        target = self.folder / release
        self.folder.mkdir(parents=True, exist_ok=True)
        if target.exists():
            shutil.rmtree(target)
        with tempfile.TemporaryDirectory(prefix=".wheels-", dir=self.folder.parent) as wheels:
            with tarfile.open(archive) as opened:
                opened.extractall(wheels, filter="data")
            run("/usr/bin/python3", "-m", "venv", "--without-pip", str(target))
            install(target, Path(wheels))
        (target / COMPLETE).touch()

    def switch(self, release: str) -> None:
        """Let `current` name the release, in one step."""
        temporary = self.current.with_name(".current.new")
        temporary.unlink(missing_ok=True)
        temporary.symlink_to(f"releases/{release}")
        temporary.replace(self.current)

    def prune(self, release: str, keep: int) -> list[str]:
        """Remove all but the newest; never the current one, nor one that a process still runs from."""
        others = [entry for entry in self.folder.iterdir() if entry.name != release]
        oldest_last = sorted(others, key=lambda entry: entry.stat().st_mtime, reverse=True)
        doomed = [entry for entry in oldest_last[max(keep - 1, 0) :] if not in_use(entry)]
        for entry in doomed:
            shutil.rmtree(entry)
        return [entry.name for entry in doomed]


def in_use(release: Path) -> bool:
    """Whether a process was started from this release: its command line names the release's interpreter."""
    needle = f"{release}/".encode()
    for command_line in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if needle in command_line.read_bytes():
                return True
        except OSError:
            continue  # it ended meanwhile
    return False


def install(target: Path, wheels: Path) -> None:
    """Install what requirements.txt names from the wheels beside it, each by its hash, from no index."""
    run(
        *(str(unpack_installer(wheels)), "pip", "install", "--python", str(target / "bin/python")),
        *("--quiet", "--no-progress", "--no-config", "--offline", "--no-index", "--no-deps", "--require-hashes"),
        # What is unpacked beside the release is linked into it, instead of being copied once more.
        *("--cache-dir", str(wheels / "unpacked"), "--link-mode", "hardlink"),
        *("--find-links", str(wheels), "--requirement", str(wheels / "requirements.txt")),
    )
    compile_modules(target)


def unpack_installer(wheels: Path) -> Path:
    """Take the program uv out of the wheel that came along; it need not be in the environment itself."""
    wheel = next(wheels.glob("uv-*.whl"), None)
    if wheel is None:
        raise FileNotFoundError(2, "the wheelhouse has no uv", str(wheels))
    program = wheels / "uv"
    with zipfile.ZipFile(wheel) as opened:
        name = next(name for name in opened.namelist() if name.endswith(".data/scripts/uv"))
        with opened.open(name) as source, program.open("wb") as file:
            shutil.copyfileobj(source, file)
    program.chmod(0o755)
    return program


def compile_modules(target: Path) -> None:
    """Compile all modules but libraries' own tests, on all cores: nobody but root could write what is compiled later.

    A library may hold files that are no Python of this version; they stay as they are.
    """
    command = (str(target / "bin/python"), "-m", "compileall", "-qq", "-j", "0", "-x", "/tests/", str(target / "lib"))
    run(*command, check=False)


def run(*arguments: str, check: bool = True) -> None:
    environment = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "HOME": "/root"}
    subprocess.run(arguments, check=check, capture_output=True, text=True, timeout=900, env=environment)


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "folder": {"type": "path", "required": True},
            "release": {"type": "str", "required": True},
            "archive": {"type": "path"},
            "keep": {"type": "int", "required": True},
        },
        supports_check_mode=True,
    )
    release = module.params["release"]
    releases = Releases(Path(module.params["folder"]))
    there = releases.has(release)
    if module.check_mode or (not there and not module.params["archive"]):
        module.exit_json(changed=not (there and releases.is_current(release)), there=there)
    os.umask(0o022)
    try:
        if not there:
            releases.build(release, Path(module.params["archive"]))
        switched = not releases.is_current(release)
        if switched:
            releases.switch(release)
        pruned = releases.prune(release, module.params["keep"])
    except subprocess.CalledProcessError as error:
        module.fail_json(
            msg=f"cannot install the release {release}: {' '.join(error.cmd[:3])} failed: {error.stderr.strip()}"
        )
    except (OSError, tarfile.TarError) as error:
        module.fail_json(msg=f"cannot install the release {release}: {error}")
    module.exit_json(changed=switched or bool(pruned) or not there, there=True, switched=switched, pruned=pruned)


if __name__ == "__main__":
    main()
