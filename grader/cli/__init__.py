"""The command line: thin, a function per command. What a command needs is imported when it runs."""

from __future__ import annotations

import click

from .. import __version__, language
from . import author, check, class_report, doctor, exercises, grade, hint_watch
from .common import lang_option


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@lang_option
@click.version_option(__version__, prog_name="grader")
@click.pass_context
def main(context: click.Context) -> None:
    """Exercises in PyTorch basics, and the grader that checks them against autograd."""
    command = main.commands.get(context.invoked_subcommand or "")
    # an instructor's commands speak English, and so do the reports that they make, whoever runs them
    if command and all(option.name != "lang" for option in command.params):
        language.use(language.ENGLISH)


for command in (
    exercises.list_exercises,
    exercises.show,
    exercises.init,
    exercises.reset,
    hint_watch.hint,
    hint_watch.watch,
    check.check,
    author.release,
    author.audit,
    author.translate,
    doctor.doctor,
    grade.grade,
    grade.adjust,
    grade.history,
    grade.gradebook_group,
    class_report.report,
    class_report.similar,
):
    main.add_command(command)
