"""`--online`, of the commands that make notebooks: for Colab, Kaggle and wherever else nothing is installed."""

from __future__ import annotations

import click

from ..course.catalog import Course
from ..course.online import Online
from ..language import _
from .common import refuse

online_option = click.option(
    "--online",
    is_flag=True,
    help="With --notebooks: they install the grader first, for Colab and Kaggle.",
)


def online_start(course: Course, notebooks: bool) -> Online:
    """How the course's notebooks start there; ends the command where they cannot.

    Args:
        notebooks: whether the command makes any.
    """
    if not notebooks:
        refuse(_("--online goes with --notebooks."))
    start = course.online
    if not course.built_in and not start.setup:
        sentence = _(
            "{file} does not say how a notebook elsewhere gets the course. Give the lines that fetch it: `setup` under "
            "`[online]`."
        )
        refuse(sentence.format(file=course.folder / "course.toml"))
    return start
