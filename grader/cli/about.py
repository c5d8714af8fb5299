"""`grader --version`: what a question about the grader has to name. It imports no torch, and starts nothing."""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError, version

import click

from ..language import _


def tell_version(context: click.Context, parameter: click.Parameter, wanted: bool) -> None:
    """The callback of the option; ends the call."""
    if not wanted:
        return
    from ..sandbox.isolation.confinement import PRIVILEGES, offered
    from ..version import __version__  # it takes some milliseconds to work out

    click.echo(_("grader, version {version}").format(version=__version__))
    python = platform.python_version()
    try:
        told = _("Python {python}, torch {torch}").format(python=python, torch=version("torch"))
    except PackageNotFoundError:
        told = _("Python {python}; torch is not installed").format(python=python)
    click.echo(told)
    names = {PRIVILEGES: _("the loss of privileges")}  # the others are names
    parts = {names.get(part, part): why for part, why in offered().items()}
    here = ", ".join(part for part, why in parts.items() if not why)
    sentence = _("Isolation by {parts}; `grader doctor` tries what each layer does.")
    click.echo(sentence.format(parts=here) if here else _("No isolation by the kernel."))
    for part, why in parts.items():
        if why:
            click.echo(_("Without {part}: {why}.").format(part=part, why=why))
    context.exit()
