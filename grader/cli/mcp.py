"""`grader mcp`: the grader as tools of another program, by the Model Context Protocol."""

from __future__ import annotations

import os
from pathlib import Path

import click

from ..import_path import leave_current_folder
from ..language import _
from .common import course_option, device_option, lang_option, open_course, refuse
from .formats import open_assigned


@click.command()
@click.option(
    "--from",
    "path",
    type=click.Path(path_type=Path),
    default=Path(),
    help="The folder with the exercises. Default: this folder.",
)
@device_option
@course_option
@lang_option
def mcp(path: Path, devices: tuple[str, ...], folder: Path | None) -> None:
    """Offers the exercises of a folder to another program as tools, by the Model Context Protocol.

    The program starts this command itself, and talks to it over its input and output; docs/programs.md says how to
    configure it. The tools list the exercises, show statements, grade in the sandbox, and explain mistakes without the
    solution.
    """
    if not path.is_dir():
        refuse(
            _("{path} is no folder. Give the one with the exercises: `--from DIR`.").format(
                path=path
            )
        )
    folder = folder.absolute() if folder else None
    # such a program starts it anywhere
    os.chdir(path)
    leave_current_folder()
    course = open_course(folder, Path())
    assigned = open_assigned(None, Path(), course, instructor=False)
    from ..machines import DEVICES
    from ..practice.tool_server import serve

    serve(Path(), assigned.course if assigned else course, assigned, devices or DEVICES)
