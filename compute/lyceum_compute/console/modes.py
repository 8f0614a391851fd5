"""What a terminal emulator must be told when the beginning of its output is missing.

A full-screen program switches modes once, when it starts; a new viewer who gets only the end of the output must have
them switched as well. Sequences: ECMA-48, and xterm's control sequences (https://invisible-island.net/xterm/ctlseqs/).
"""

from __future__ import annotations

import re

#: One escape sequence: CSI, OSC, DCS and its like, or a short one.
SEQUENCE = re.compile(
    rb"\x1b(?:"
    rb"\[(?P<parameters>[0-?]*)(?P<between>[ -/]*)(?P<final>[@-~])"
    rb"|\](?P<command>[^\x07\x1b]*)(?:\x07|\x1b\\)"
    rb"|[PX^_][^\x1b]*\x1b\\"
    rb"|(?P<short>[ -/]*[0-~])"
    rb")"
)

#: Questions that an emulator answers by itself. In old output they were answered long ago: a second answer would
#: arrive at the shell as if it had been typed.
_QUESTION = re.compile(
    rb"\x05|\x1bZ"
    rb"|\x1b\[[>=]?[0-9]*c"
    rb"|\x1b\[\??[56](?:;[0-9]+)?n"
    rb"|\x1b\[\??[0-9;]*\$p"
    rb"|\x1b\[>[0-9]*q"
    rb"|\x1b\[\?u"
    rb"|\x1b\[(?:1[1-9]|2[01])t"
    rb"|\x1b\](?:4;[0-9]+|1[0-9]|5;[0-9]+);\?(?:\x07|\x1b\\)"
    rb"|\x1bP[+$]q[^\x1b]*\x1b\\"
)

#: What emulators answer. An answer and a key look alike only in one case, F3 with modifiers (``CSI 1;2R`` to ``1;8R``).
_ANSWER = re.compile(
    rb"(?:\x1b\[[?>=]?[0-9;]*c"
    rb"|\x1b\[(?!1;[2-8]R)\??[0-9]+;[0-9]+R"
    rb"|\x1b\[0n"
    rb"|\x1b\[\??[0-9;]*\$y"
    rb"|\x1b\](?:4;[0-9]+|1[0-9]);rgb:[0-9a-fA-F/]+(?:\x07|\x1b\\)"
    rb"|\x1bP[01>][^\x1b]*\x1b\\)+"
)

#: Private modes worth keeping -> whether they are set at the start: cursor keys, wrapping, cursor, keypad, mouse,
#: focus, alternate screen, bracketed paste.
_PRIVATE = {
    **dict.fromkeys([b"1", b"6", b"9", b"12", b"47", b"66"], False),
    **dict.fromkeys([b"1000", b"1002", b"1003", b"1004", b"1005", b"1006", b"1015", b"1016"], False),
    **dict.fromkeys([b"1047", b"1049", b"2004"], False),
    b"7": True,
    b"25": True,
}
_MAX_STYLES = 32
_MAX_TITLE = 256


def without_questions(output: bytes) -> bytes:
    """Return old output as it can be shown again: with nothing in it that an emulator would answer."""
    return _QUESTION.sub(b"", output)


def is_answer(typed: bytes) -> bool:
    """Whether this was sent by an emulator by itself, in answer to a program's question, and not by a person."""
    return typed.startswith(b"\x1b") and _ANSWER.fullmatch(typed) is not None


class Modes:
    """The modes that output seen so far has switched to."""

    def __init__(self) -> None:
        self._title = b""
        self._reset()

    def _reset(self) -> None:
        self._private = dict(_PRIVATE)
        self._styles: list[bytes] = []
        self._region = b""
        self._keypad = False
        self._charset = b""

    @property
    def alternate_screen(self) -> bool:
        """Whether a full-screen program has the screen."""
        return any(self._private[mode] for mode in (b"47", b"1047", b"1049"))

    def see(self, sequence: re.Match[bytes]) -> None:
        """Take note of one escape sequence (a match of ``SEQUENCE``)."""
        final = sequence["final"]
        if final is not None:
            self._see_control(sequence["parameters"], sequence["between"], final)
        elif sequence["short"] is not None:
            self._see_short(sequence["short"])
        elif sequence["command"] is not None and sequence["command"][:2] in (b"0;", b"2;"):
            self._title = sequence["command"][2 : 2 + _MAX_TITLE]

    def _see_control(self, parameters: bytes, between: bytes, final: bytes) -> None:
        if final in b"hl" and parameters.startswith(b"?"):
            for mode in parameters[1:].split(b";"):
                if mode in self._private:
                    self._private[mode] = final == b"h"
        elif final == b"m" and not between and parameters[:1] not in (b">", b"?", b"<", b"="):
            if parameters in (b"", b"0") or parameters.startswith(b"0;"):
                self._styles.clear()
            if parameters not in (b"", b"0"):
                self._styles = [*self._styles[1 - _MAX_STYLES :], parameters]
        elif final == b"r" and not between and not parameters.startswith(b"?"):
            self._region = parameters
        elif final == b"p" and between == b"!":
            self._reset()

    def _see_short(self, short: bytes) -> None:
        if short == b"c":
            self._reset()
        elif short in (b"=", b">"):
            self._keypad = short == b"="
        elif short in (b"(0", b"(B"):
            self._charset = b"(0" if short == b"(0" else b""

    def restore(self) -> bytes:
        """Return what switches a fresh emulator to these modes."""
        parts = [b"\x1b]2;" + self._title + b"\x07"] if self._title else []
        for mode, default in _PRIVATE.items():
            if self._private[mode] != default:
                parts.append(b"\x1b[?" + mode + (b"l" if default else b"h"))
        if self._region:
            parts.append(b"\x1b[" + self._region + b"r")
        if self._keypad:
            parts.append(b"\x1b=")
        if self._charset:
            parts.append(b"\x1b" + self._charset)
        parts.extend(b"\x1b[" + style + b"m" for style in self._styles)
        return b"".join(parts)
