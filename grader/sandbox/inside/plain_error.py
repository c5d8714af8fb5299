"""An exception as an answer has it: of plain types alone, since those of a student's have methods of their own."""

from __future__ import annotations

from typing import Any

from ..wire.values import MAX_TEXT

_MAX_LINES = 20


def plain_error(kind: str, message: str) -> dict[str, Any]:
    """One that no line is known of."""
    return {"type": kind[:80], "message": message[:MAX_TEXT], "lines": []}


def checked(told: Any, problem: BaseException | None) -> dict[str, Any]:
    """An exception as the student's side describes it: its first line, at the top level, and its last ones."""
    if problem is None and type(told) is tuple and len(told) == 3:
        kind, message, lines = told
        if type(kind) is type(message) is str and type(lines) is list:
            plain = [line for line in lines if type(line) is tuple]
            shapes = [[type(part) for part in line] == [int, int, str] for line in plain]
            if len(plain) == len(lines) and all(shapes):
                return {
                    **plain_error(kind, message),
                    "lines": [*plain[:1], *plain[1:][1 - _MAX_LINES :]],
                }
    return plain_error("Exception", "its text could not be had")
