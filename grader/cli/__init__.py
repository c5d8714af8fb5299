"""The command line: thin, a function per command. What a command needs is imported when it runs."""

from __future__ import annotations

import errno
from typing import Any

import click

from .. import language
from ..errors import CourseFault, Fault, InputError, extras_are_told
from ..language import _
from . import (
    author,
    check,
    class_report,
    click_words,
    comment,
    desk,
    doctor,
    excuse,
    exercises,
    giveback,
    grade,
    gradebook,
    hint_watch,
    regrade,
    release,
    rubric_items,
    totals,
    try_out,
    tutoring,
    who_is_who,
)
from .about import tell_version
from .common import lang_option, refuse, speak, speaks


class Commands(click.Group):
    """Tells in one place of what the caller can mend, and of what is the grader's own fault."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        speak(ctx)  # before an option such as --help, or a mistake, says anything
        return super().parse_args(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        try:
            with extras_are_told():
                return super().invoke(ctx)
        except InputError as error:
            refuse(str(error))
        except CourseFault as error:
            refuse(str(error))  # whoever runs a class or an audit is to mend it
        except Fault as error:
            refuse(_("The grader itself failed, not your code: {error}").format(error=error))
        except OSError as error:
            if error.errno == errno.EPIPE:
                raise  # click ends quietly where nobody reads what it prints
            if error.filename is None:
                refuse(f"{error.strerror or error}.")  # a full disk, a folder that has gone
            sentence = _("{path} cannot be used: {reason}.")
            refuse(sentence.format(path=error.filename, reason=error.strerror))


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@lang_option
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=tell_version,
    help="Show the versions and what isolates students' code, and exit.",
)
@click.pass_context
def main(context: click.Context) -> None:
    """Exercises in PyTorch basics, and the grader that checks them against autograd."""
    command = main.commands.get(context.invoked_subcommand or "")
    # and so do the reports that they make
    if command and not speaks(command):
        language.use(language.ENGLISH)
        click_words.speak(language.ENGLISH)


for command in (
    exercises.list_exercises,
    exercises.show,
    exercises.init,
    exercises.reset,
    hint_watch.hint,
    hint_watch.watch,
    try_out.try_out,
    check.check,
    tutoring.explain,
    tutoring.mcp,
    release.release,
    author.audit,
    author.translate,
    doctor.doctor,
    grade.grade,
    gradebook.adjust,
    excuse.excuse,
    gradebook.history,
    gradebook.gradebook_group,
    comment.comment,
    rubric_items.rubric_group,
    regrade.regrade_request,
    desk.desk,
    class_report.report,
    class_report.similar,
    totals.totals,
    giveback.give_back,
):
    main.add_command(command)
for command in (who_is_who.merge_students, who_is_who.rename_student, who_is_who.remove_student):
    gradebook.gradebook_group.add_command(command)
