"""Ways to live on outside the project: the bus, timetables, user managers; and the links that a careless host follows."""

import json
import os
import subprocess
from concurrent.futures import ThreadPoolExecutor

found: dict[str, object] = {}
COMMANDS = {
    "bus": "busctl --system list",
    "bus by address": "DBUS_SYSTEM_BUS_ADDRESS=unix:path=/run/dbus/system_bus_socket busctl list",
    "units": "systemctl list-units",
    "own manager": "systemctl --user list-units",
    "start": "systemctl start ssh",
    "transient": "systemd-run --collect sleep 100",
    "linger": "loginctl enable-linger",
    "machines": "machinectl list",
    "journal": "journalctl --quiet -n 1 | grep .",
    "say in the journal": "systemd-cat echo hello && test -S /run/systemd/journal/stdout",
    "crontab": "echo '* * * * * touch /tmp/cron' | crontab -",
    "at": "echo touch /tmp/at | at now",
    "spool": "touch /var/spool/cron/crontabs/me",
    "cron.d": "touch /etc/cron.d/me",
    "unit": "touch /etc/systemd/system/me.service",
    "linger by hand": "touch /var/lib/systemd/linger/me",
    "log in": "login -f root </dev/null",
    "other user": "su - root -c id </dev/null",
    "as root": "sudo -n id",
    "by policy": "pkexec id </dev/null",
    "read shadow": "cat /etc/shadow",
    "mail": "sendmail root </dev/null",
}


def run(command: list[str], **environment: str) -> "subprocess.CompletedProcess[bytes]":
    return subprocess.run(
        ["timeout", "--signal=KILL", "2", *command],
        capture_output=True,
        stdin=subprocess.DEVNULL,
        env=environment or None,
    )


def gains(path: str) -> bool:
    """Whether a program runs with more rights: glibc's secure mode then does not listen to LD_SHOW_AUXV."""
    lines = [
        line.split() for line in run([path, "--version"], LD_SHOW_AUXV="1").stdout.decode(errors="replace").splitlines()
    ]
    return not (["AT_SECURE:", "0"] in lines and ["AT_EUID:", str(os.getuid())] in lines)


pool = ThreadPoolExecutor(8)
for name, ended in zip(
    COMMANDS, pool.map(lambda command: run(["bash", "-c", command]), COMMANDS.values()), strict=True
):
    found[name] = "possible" if ended.returncode == 0 else "refused"
# A user's unit that would start with the user's manager, were there one.
folder = os.path.expanduser("~/.config/systemd/user/default.target.wants")
os.makedirs(folder, exist_ok=True)
with open(f"{folder}/me.service", "w") as file:
    file.write("[Service]\nExecStart=/bin/sleep 4321\n")
programs = [
    path
    for folder, _folders, names in os.walk("/usr")
    for path in (os.path.join(folder, name) for name in names)
    if not os.path.islink(path) and os.stat(path).st_mode & 0o6000 and os.access(path, os.X_OK)
]
found["programs with setuid"] = len(programs)
found["gain by it"] = [path for path, gained in zip(programs, pool.map(gains, programs), strict=True) if gained]
found["left in /tmp"] = sorted({"cron", "at"} & set(os.listdir("/tmp")))
print(json.dumps(found))
