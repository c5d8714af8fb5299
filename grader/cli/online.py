"""`--online`, of the commands that make notebooks: for Colab, Kaggle and wherever else nothing is installed."""

from __future__ import annotations

from dataclasses import replace

import click

from ..course.catalog import Course
from ..course.online import Online, folder_at_github
from ..language import _
from .common import refuse

online_option = click.option(
    "--online",
    is_flag=True,
    help="With --notebooks: they install the grader first, for Colab and Kaggle.",
)


def online_start(course: Course, notebooks: bool, badges: str | None = None) -> Online:
    """How the course's notebooks start there; ends the command where they cannot.

    Args:
        notebooks: whether the command makes any.
        badges: where they will lie at GitHub, in the place of what the course says.
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
    if badges is None:
        return start
    if not (folder := folder_at_github(badges)):
        refuse(
            f"--badges {badges}: this is no folder's address at GitHub, such as "
            "https://github.com/OWNER/NAME/blob/main/notebooks."
        )
    return replace(start, folder=folder)
