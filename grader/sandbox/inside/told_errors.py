"""An exception of a student's as an answer has it: of plain types alone, for others have methods of their own."""

from __future__ import annotations

from typing import Any

from ..wire.values import MAX_TEXT

_MAX_LINES = 20
_MAX_FACTS = 60


def plain_error(kind: str, message: str) -> dict[str, Any]:
    """An exception that came from no line of the student's."""
    return {"type": kind[:80], "message": message[:MAX_TEXT], "lines": []}


def checked(told: Any, problem: BaseException | None) -> dict[str, Any]:
    """An exception as `beneath.described` tells it: its first line, at the top level, and its last ones.

    `problem` is what that raised, if it did.
    """
    if problem is None and type(told) is tuple and len(told) == 4:
        kind, message, lines, facts = told
        if type(kind) is type(message) is str and type(lines) is type(facts) is list:
            where, known = _of_types(lines, [int, int, str]), _of_types(facts, [str, str])
            return {
                **plain_error(kind, message),
                "lines": [*where[:1], *where[1:][1 - _MAX_LINES :]],
                "facts": known[:_MAX_FACTS],
            }
    return plain_error("Exception", "its text could not be had")


def _of_types(entries: list[Any], types: list[type]) -> list[Any]:
    plain = [entry for entry in entries if type(entry) is tuple]
    return [entry for entry in plain if [type(part) for part in entry] == types]
