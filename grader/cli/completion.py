"""What the shell offers after the Tab key: the names of the exercises.

A shell asks at each Tab, so nothing here imports torch, and what goes wrong is silent.
"""

from __future__ import annotations

from pathlib import Path

import click
from click.shell_completion import CompletionItem

from ..errors import InputError
from .common import open_course


def exercises_named(
    context: click.Context, parameter: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """The exercises of the folder's course, or of `--course`, whose names begin so; none twice in one call."""
    from ..course.translation import title_of

    given = context.params.get(parameter.name or "") or ()
    try:
        course = open_course(context.params.get("folder"), Path())
        return [
            CompletionItem(each.name, help=title_of(each))
            for each in course.exercises
            if each.name.startswith(incomplete) and each.name not in given
        ]
    except (InputError, OSError):
        return []  # the command itself tells what is amiss
