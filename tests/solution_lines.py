"""Which lines of a solution stand in what is told."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from grader.course.catalog import Exercise

LONGEST = 24  # characters of a line that anybody would write, such as `with torch.no_grad():`


def solution_lines_in(told: Any, exercise: Exercise, own: str = "") -> list[str]:
    """The lines of an exercise's solution, longer than `LONGEST`, that stand somewhere in plain data.

    Args:
        told: strings, lists and dicts.
        own: the student's text, whose lines are no secret; neither are the stub's.
    """
    solution = exercise.solution.read_text(encoding="utf-8")
    known = [_drawn_together(text) for text in (exercise.stub.read_text(encoding="utf-8"), own)]
    texts = [_drawn_together(text) for text in _texts(told)]
    return [
        line
        for line in map(_drawn_together, solution.splitlines())
        if len(line) > LONGEST
        and not any(line in text for text in known)
        and any(line in text for text in texts)
    ]


def _drawn_together(text: str) -> str:
    return " ".join(text.split())


def _texts(told: Any) -> Iterator[str]:
    if isinstance(told, str):
        yield told
    elif isinstance(told, dict):
        for key, value in told.items():
            yield key
            yield from _texts(value)
    elif isinstance(told, list | tuple):
        for value in told:
            yield from _texts(value)
