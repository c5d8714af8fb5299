"""`grader release`: stubs from solutions, and what an assignment's students or their service receive."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click

from ..language import ENGLISH, languages, speaking
from .common import (
    WRONG_INPUT,
    counted,
    course_option,
    named_in,
    open_course,
    refuse,
    started_machines,
    tell,
    writing,
)
from .completion import exercises_named
from .online_option import online_option, online_start

if TYPE_CHECKING:
    from ..course.assignment import AssignedCourse
    from ..course.online import Online


@click.command()
@click.argument("names", metavar="[NAME]...", nargs=-1, shell_complete=exercises_named)
@click.option(
    "--output",
    type=click.Path(path_type=Path, file_okay=False),
    help="The folder to write to. Default: the course's exercises/.",
)
@click.option("--notebooks", is_flag=True, help="Notebooks instead of Python files.")
@online_option
@click.option(
    "--badges",
    metavar="URL",
    help="With --online: the folder at GitHub where the notebooks will lie, for badges that open them.",
)
@click.option(
    "--lang",
    "spoken",
    type=click.Choice(languages()),
    default=ENGLISH,
    show_default=True,
    help="The language of their texts. For any but English, --output has to say where they go.",
)
@course_option
@click.option(
    "--assignment",
    "assignment_file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The assignment to release. Default: assignment.toml in this folder.",
)
@click.option(
    "--classroom",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Write the assignment's template repository.",
)
@click.option(
    "--classroom50",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Write the assignment's bundle for Classroom 50.",
)
@click.option(
    "--gradescope",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write the assignment's zip for Gradescope.",
)
@click.option(
    "--image",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Write what the class's container image is built from.",
)
@click.option(
    "--no-rehearsal",
    "untried",
    is_flag=True,
    help="Write it without grading the solution, the stubs and the assignment's wrong answers first.",
)
def release(
    names: tuple[str, ...],
    output: Path | None,
    notebooks: bool,
    online: bool,
    badges: str | None,
    spoken: str,
    folder: Path | None,
    assignment_file: Path | None,
    classroom: Path | None,
    classroom50: Path | None,
    gradescope: Path | None,
    image: Path | None,
    untried: bool,
) -> None:
    """Makes the stubs of the exercises NAME... (default: all) from their solutions.

    With --classroom, --classroom50 or --gradescope, writes what students or the service receive, once the solution has
    earned all points, the stubs none, and the wrong answers that the assignment names fewer than all.
    """
    from ..authoring.stub import release as write_stub

    if classroom or classroom50 or gradescope or image:
        if names or output or notebooks or online or badges or spoken != ENGLISH:
            refuse(
                "NAME, --output, --notebooks, --online, --badges and --lang do not go with --classroom, "
                "--classroom50, --gradescope and --image: the assignment's file says what is released."
            )
        places = _Places(classroom, classroom50, gradescope, image)
        _release_assignment(assignment_file, folder, places, untried)
        return
    if assignment_file or untried:
        option = "--assignment" if assignment_file else "--no-rehearsal"
        refuse(
            f"{option} needs --classroom DIR, --classroom50 DIR, --gradescope FILE or --image DIR."
        )
    # the course's own stubs are English, whatever the language of the one who makes them is
    if spoken != ENGLISH and output is None:
        refuse(
            f"Stubs in another language need a folder of their own: --lang {spoken} --output DIR."
        )
    if badges and not online:
        refuse("--badges goes with --online.")
    course = open_course(folder)
    start = online_start(course, notebooks) if online else None
    if start and badges:
        start = _with_badges(start, badges)
    for exercise in named_in(course, names):
        place = output or exercise.stub.parent
        with speaking(spoken), writing(place):
            path = write_stub(exercise, place, notebooks, start)
        click.echo(path)


def _with_badges(start: Online, address: str) -> Online:
    """The same with the folder at this address, in the place of what the course says."""
    from ..course.online import folder_at_github

    if not (folder := folder_at_github(address)):
        refuse(
            f"--badges {address}: this is no folder's address at GitHub, such as "
            "https://github.com/OWNER/NAME/blob/main/notebooks."
        )
    return replace(start, folder=folder)


class _Places(NamedTuple):
    """Where each kind of release is written; `None`: not asked for."""

    classroom: Path | None
    classroom50: Path | None
    gradescope: Path | None
    image: Path | None


def _release_assignment(
    file: Path | None, course_folder: Path | None, places: _Places, untried: bool
) -> None:
    """Writes what was asked for, and says what an instructor has to know of it."""
    from ..authoring.release.class_image import write_image
    from ..authoring.release.classroom50_bundle import write_bundle
    from ..authoring.release.github_template import write_template
    from ..authoring.release.gradescope_zip import write_zip
    from ..authoring.release.lock import lock_of
    from ..authoring.release.shared import (
        code_given_away,
        pinned_grader,
        require_free_file,
        require_free_folder,
    )
    from ..course.assignment_file import FILENAME, read_assignment

    course = open_course(course_folder)
    assignment = read_assignment(file or Path(FILENAME))
    assigned = assignment.on(course)
    if any(part.held_back for part in assigned.assignment.parts):
        refuse(
            f"{assigned.assignment.path} is the students' copy. Release the file it was made from."
        )
    # what is amiss with the call is told before anything is tried
    grader = pinned_grader(assigned)
    classroom, classroom50, gradescope, image = places
    for place in filter(None, (classroom, classroom50, image)):
        require_free_folder(place)
    if gradescope:
        require_free_file(gradescope)
    if not untried:
        _rehearse(assignment.on(course, instructor=True))
    lock = lock_of(assigned, grader)
    if lock.why_not:
        tell(f"The packages are named by version, and not locked with hashes: {lock.why_not}.")
    if classroom:
        with writing(classroom):
            kept = write_template(assigned, classroom, lock)
        click.echo(f"{classroom}\n{kept} (digests of the protected files: keep them)")
    if classroom50:
        with writing(classroom50):
            write_bundle(assigned, classroom50, lock)
        click.echo(classroom50)
    if gradescope:
        with writing(gradescope):
            write_zip(assigned, gradescope, lock)
        click.echo(gradescope)
    if image:
        with writing(image):
            write_image(assigned, image, lock)
        click.echo(image)
    if (classroom or classroom50) and (given := code_given_away(assigned)):
        click.echo(
            f"grader: these checks do not run for students, but the grader that they get holds their code: "
            f"{', '.join(given)}. To keep it out, put them into a file of their own (`instructor_checks`).",
            err=True,
        )


def _rehearse(assigned: AssignedCourse) -> None:
    """Tries the assignment, and refuses to release one that would go wrong."""
    from ..authoring.release.rehearsal import rehearse

    with started_machines(assigned.course) as machines:
        rehearsal = rehearse(assigned, machines)
    for sentence in (*rehearsal.problems, *rehearsal.untried):
        tell(" ".join(sentence.splitlines()))
    if rehearsal.problems:
        tell(
            f"Not released, for {counted(len(rehearsal.problems), 'reason')}. "
            "Mend the checks or the files named above, or write it untried: --no-rehearsal."
        )
        sys.exit(WRONG_INPUT)
    wrong = f", {counted(rehearsal.wrong, 'wrong answer')}" if rehearsal.wrong else ""
    tried = counted(rehearsal.solutions, "solution")
    stubs = counted(len(assigned.names), "stub")
    click.echo(f"Rehearsed: {tried}, {stubs}{wrong}.")
