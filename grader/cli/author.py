"""Commands of those who write exercises: proof that the checks are right, and translations."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from .common import (
    ALL_POINTS,
    POINTS_MISSING,
    WRONG_INPUT,
    console_for,
    counted,
    course_option,
    device_option,
    named_in,
    open_course,
    refuse,
    writing,
)
from .completion import exercises_named

if TYPE_CHECKING:
    from ..authoring.audit import Audit
    from ..authoring.behaviour.behaviour_audit import BehaviourAudit


@click.command()
@click.argument("names", metavar="[NAME]...", nargs=-1, shell_complete=exercises_named)
@course_option
@click.option("--lint", "lint_only", is_flag=True, help="Only look at the content, run nothing.")
@click.option(
    "--seeds",
    type=click.IntRange(0),
    default=0,
    help="Grade each solution and right submission this many more times, with other inputs.",
)
@click.option(
    "--jobs", type=click.IntRange(1), default=os.cpu_count() or 1, help="Exercises at a time."
)
@device_option
@click.option(
    "--causes", is_flag=True, help="Only measure how many mistakes are named, and how many wrongly."
)
@click.option(
    "--behaviour",
    is_flag=True,
    help="Only try solutions that are wrapped in mistakes of behaviour, such as an answer kept by shape.",
)
@click.option(
    "--assignment",
    "assignment_file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Try the checks of this assignment, those that it keeps back as well.",
)
@click.option("--markdown", is_flag=True, help="The table in Markdown.")
def audit(
    names: tuple[str, ...],
    folder: Path | None,
    lint_only: bool,
    seeds: int,
    jobs: int,
    devices: tuple[str, ...],
    causes: bool,
    behaviour: bool,
    assignment_file: Path | None,
    markdown: bool,
) -> None:
    """Tests the checks themselves: on solutions, stubs, submissions known to be right or wrong, and mutants.

    Exit status: 0 if nothing is amiss, 1 if a mutant survived or a submission got other points than it deserves, 2 if
    the call was wrong or a check failed by itself.
    """
    from ..authoring.audit import audit_course
    from ..authoring.behaviour.behaviour_audit import audit_behaviours
    from ..authoring.lint import lint
    from ..course.assignment_file import read_assignment
    from ..machines import DEVICES
    from ..outputs import audit_table as output

    if lint_only + causes + behaviour > 1:
        refuse("--lint, --causes and --behaviour each ask for something else: choose one.")
    if assignment_file and (causes or behaviour):
        refuse(
            "--assignment goes with the mutants and with --lint, and not with --causes or --behaviour."
        )
    course = open_course(folder)
    if assignment_file:
        course = read_assignment(assignment_file).on(course, instructor=True).course
    wanted = [exercise.name for exercise in named_in(course, names)]
    for exercise in (course[name] for name in wanted):
        if not exercise.solution.is_file():
            refuse(f"{exercise.solution} does not exist: the audit needs the solutions.")
    if lint_only:
        problems = lint(course)
        exercises = counted(len(course.exercises), "exercise")
        click.echo("\n".join(problems) or f"{exercises}, nothing amiss.")
        sys.exit(POINTS_MISSING if problems else ALL_POINTS)
    if causes:
        _print_causes(folder, wanted, jobs, markdown)
        return
    places = devices or DEVICES
    audits: list[Audit] | list[BehaviourAudit]
    if behaviour:
        audits = list(audit_behaviours(folder, wanted, jobs, places))
        table = output.BEHAVIOURS
    else:
        audits = list(audit_course(folder, wanted, seeds, jobs, places, assignment_file))
        table = output.SUBMISSIONS_AND_MUTANTS
    if markdown:
        click.echo(output.markdown(audits, table), nl=False)
        output.tell_amiss(audits, console_for(stderr=True))
    else:
        output.render(audits, console_for(), table)
    if any(one.faults for one in audits):
        sys.exit(WRONG_INPUT)
    amiss = any(one.problems or one.survivors for one in audits)
    sys.exit(POINTS_MISSING if amiss else ALL_POINTS)


def _print_causes(folder: Path | None, names: list[str], jobs: int, markdown: bool) -> None:
    """The table of named causes; on a terminal, those that are wrong or missing as well."""
    from ..authoring.named_causes import tallies, verdicts
    from ..outputs import cause_table as output

    found = list(verdicts(folder, names, jobs))
    if markdown:
        click.echo(output.markdown(tallies(found)), nl=False)
    else:
        output.render(tallies(found), found, console_for())


@click.command()
@course_option
@click.option(
    "--language",
    help="The language's code in ISO 639, such as ko or pt_BR. Default: each that there is in locale/.",
)
@click.option("--forget", is_flag=True, help="Remove translations of texts that are used no more.")
def translate(folder: Path | None, language: str | None, forget: bool) -> None:
    """Brings a course's translations up to date, and compiles them; without --course, the grader's own as well.

    New texts are added to locale/LANGUAGE/LC_MESSAGES/messages.po, for you to translate. Exit status: 0 if all texts
    are translated, 1 if some are not.
    """
    from ..authoring.po_files import texts_of_course, texts_of_grader, update
    from ..language import OWN, languages

    course = open_course(folder)
    places = {course.folder / "locale": [*texts_of_course(course)]}
    if course.built_in:
        places[OWN] = [*texts_of_grader()]
    there = {each.parent.name for place in places for each in place.glob("*/LC_MESSAGES")}
    amiss = []
    for spoken in [language] if language else sorted(there) or languages()[1:]:
        for place, texts in places.items():
            with writing(place):
                amiss += update(place, spoken, texts, forget)
    click.echo("\n".join(amiss) or "Everything is translated.")
    sys.exit(POINTS_MISSING if amiss else ALL_POINTS)
