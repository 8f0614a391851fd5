"""Ansible's usual output, with a line for programs wherever a play, role or task begins or ends.

Such a line begins with MARK and goes on in JSON. The command line shows plays and roles by them, and logs the rest.
"""

from __future__ import annotations

import json
import time
from typing import Any

from ansible.plugins.callback.default import CallbackModule as DefaultCallback

DOCUMENTATION = """
    name: lyceum_steps
    type: stdout
    short_description: the default output, with a line for programs at each step
    extends_documentation_fragment:
      - default_callback
      - result_format_callback
"""

MARK = "\x1elyceum "
SHOWN = ("msg", "stderr", "stdout", "module_stderr", "module_stdout", "reason")


class CallbackModule(DefaultCallback):  # type: ignore[misc]  # Ansible has no types
    """The default callback, and events."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "stdout"
    CALLBACK_NAME = "lyceum_steps"

    def __init__(self) -> None:
        super().__init__()
        self._task_began = time.monotonic()
        self._task: dict[str, Any] | None = None

    def v2_playbook_on_play_start(self, play: Any) -> None:
        """Tell that a play begins."""
        self._end_task()
        self._event("play", name=play.get_name().strip())
        super().v2_playbook_on_play_start(play)

    def v2_playbook_on_task_start(self, task: Any, is_conditional: bool) -> None:
        """Tell that a task begins."""
        self._begin_task(task)
        super().v2_playbook_on_task_start(task, is_conditional)

    def v2_playbook_on_handler_task_start(self, task: Any) -> None:
        """Tell that a handler begins."""
        self._begin_task(task)
        super().v2_playbook_on_handler_task_start(task)

    def v2_runner_on_ok(self, result: Any) -> None:
        """Tell that a host did a task."""
        if result._result.get("changed", False):  # noqa: SLF001 - the only way to it
            self._event("changed", host=result._host.get_name())  # noqa: SLF001
        for said in result._result.get("advice", []):  # noqa: SLF001
            self._event("advice", said=said)
        super().v2_runner_on_ok(result)

    def v2_runner_on_failed(self, result: Any, ignore_errors: bool = False) -> None:
        """Tell that a host failed a task."""
        if not ignore_errors:
            self._failure(result)
        super().v2_runner_on_failed(result, ignore_errors)

    def v2_runner_on_unreachable(self, result: Any) -> None:
        """Tell that a host cannot be reached."""
        self._failure(result)
        super().v2_runner_on_unreachable(result)

    def v2_playbook_on_stats(self, stats: Any) -> None:
        """Tell how it ended on each host."""
        self._end_task()
        hosts = {host: stats.summarize(host) for host in sorted(stats.processed)}
        self._event("end", hosts=hosts)
        super().v2_playbook_on_stats(stats)

    def _begin_task(self, task: Any) -> None:
        self._end_task()
        role = task._role.get_name() if task._role else ""  # noqa: SLF001
        self._task = {"name": task.get_name().strip(), "role": role, "path": task.get_path() or ""}
        self._task_began = time.monotonic()
        self._event("task", **self._task)

    def _end_task(self) -> None:
        if self._task is not None:
            self._event("task_end", seconds=round(time.monotonic() - self._task_began, 3), **self._task)
            self._task = None

    def _failure(self, result: Any) -> None:
        said = [result._result.get(name) for name in SHOWN]  # noqa: SLF001
        texts = [text for item in said if item and (text := str(item).strip())]
        self._event("failed", host=result._host.get_name(), said="\n".join(dict.fromkeys(texts)))  # noqa: SLF001

    def _event(self, event: str, **fields: Any) -> None:
        self._display.display(MARK + json.dumps({"event": event, **fields}), log_only=False)
