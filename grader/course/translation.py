"""What an exercise says, in the language in use."""

from __future__ import annotations

from ..language import _, translated
from .catalog import Exercise


def title_of(exercise: Exercise) -> str:
    """Its title, a line."""
    return _(exercise.title)


def statement_of(exercise: Exercise) -> str:
    """Its statement, in Markdown; the first line is the title."""
    return translated(exercise.statement)


def hints_of(exercise: Exercise) -> tuple[str, ...]:
    """Its hints, in Markdown, from a nudge to nearly the answer."""
    return tuple(map(translated, exercise.hints))


def comparison_of(exercise: Exercise) -> str:
    """What it says to who has solved it, in Markdown."""
    return translated(exercise.comparison)
