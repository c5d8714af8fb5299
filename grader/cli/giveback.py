"""What students get back, as each service takes it: `grader give-back`."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from .common import counted, course_option, open_course, opened, refuse, tell, writing

if TYPE_CHECKING:
    from ..classroom.giveback.canvas_plan import CanvasChange, CanvasIntent
    from ..classroom.giveback.canvas_send import CanvasAssignment, CanvasPlace
    from ..classroom.giveback.names_on_disk import NameOnDisk
    from ..classroom.giveback.recipients import Handover
    from ..classroom.gradebook.reader import Gradebook
    from ..classroom.records import Record

_MOST_TOLD = 10


@dataclass(frozen=True)
class _Wanted:
    """What was asked for on the command line."""

    folder: Path
    submissions: Path | None
    collected: str
    repository: str
    replace: bool
    kept_back: Mapping[str, frozenset[str]]


@click.command("give-back")
@click.argument("gradebook")
@click.option(
    "--to",
    type=click.Path(path_type=Path),
    required=True,
    help="The folder to write.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["moodle", "canvas", "nbgrader", "gradescope", "github"]),
    required=True,
    help="The service that takes it.",
)
@click.option(
    "--submissions",
    type=click.Path(path_type=Path),
    help="What was downloaded from the service and graded: its names tell who is who there. Not for gradescope.",
)
@click.option(
    "--collected",
    default="",
    metavar="NAME",
    help="What nbgrader calls the assignment. Default: the gradebook's title.",
)
@click.option(
    "--repository",
    default="",
    metavar="OWNER/NAME",
    help="How students' repositories at GitHub are called, such as my-course/lab1-{login}; {id} is the identifier.",
)
@click.option(
    "--canvas-url", default="", help="Canvas' address, such as https://canvas.example.edu."
)
@click.option("--canvas-course", type=click.IntRange(1), help="The number behind /courses/.")
@click.option(
    "--canvas-assignment", type=click.IntRange(1), help="The number behind /assignments/."
)
@click.option(
    "--send",
    is_flag=True,
    help="Send to Canvas what the folder says; the token is taken from CANVAS_API_TOKEN.",
)
@click.option(
    "--assignment",
    "assignment_file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The instructor's assignment, for a gradebook that does not know from `grader grade --assignment` which "
    "checks are kept back.",
)
@course_option
@click.option("--replace", is_flag=True, help="Write a folder anew that this command wrote before.")
def give_back(
    gradebook: str,
    to: Path,
    form: str,
    submissions: Path | None,
    collected: str,
    repository: str,
    canvas_url: str,
    canvas_course: int | None,
    canvas_assignment: int | None,
    send: bool,
    assignment_file: Path | None,
    folder: Path | None,
    replace: bool,
) -> None:
    """Writes what students get back, in the form that a service takes. Nothing is sent, but to Canvas with --send.

    Who handed in nothing, or is not graded yet, gets nothing. Checks that are kept back show their points alone.

    Exit status: 0 all went well, 1 something was not sent, 2 something was wrong with the call.
    """
    if send and form != "canvas":
        refuse(
            "--send is for --format canvas. For the other services, you send what is written here."
        )
    kept_back = _kept_back(assignment_file, folder) if assignment_file else {}
    wanted = _Wanted(to, submissions, collected, repository, replace, kept_back)
    with opened(gradebook) as book:
        if form == "canvas":
            if not (canvas_url and canvas_course and canvas_assignment):
                refuse(
                    "Say where it is: --canvas-url https://…, --canvas-course and --canvas-assignment with the numbers "
                    "in the assignment's address."
                )
            from ..classroom.giveback.canvas_send import CanvasPlace, checked_url

            place = CanvasPlace(checked_url(canvas_url), canvas_course, canvas_assignment)
            sys.exit(_canvas(book, place, wanted, send))
        from ..classroom.own_folder import own_folder

        writer, about = _FORMS[form](book, wanted)
        with (
            writing(to),
            own_folder(to, f"{_whose(form)}\n\n{about}\n\n{_PERSONAL}\n", replace=replace) as made,
        ):
            handover = writer(made)
    click.echo(
        f"{counted(handover.given, 'student')} in {to}. {to / 'README.txt'} says what to do with it."
    )
    _tell(handover)


_PERSONAL = "These files hold personal data."
_Writer = Callable[[Path], "Handover"]


def _whose(form: str) -> str:
    return f"Made by grader give-back: {form}"


def _kept_back(assignment: Path, course: Path | None) -> Mapping[str, frozenset[str]]:
    from ..course.assignment_file import read_assignment

    return read_assignment(assignment).on(open_course(course), instructor=True).kept_back


def _records(book: Gradebook, wanted: _Wanted, *, texts: bool = False) -> Iterator[Record]:
    """Everybody, with what is known of the checks that are kept back."""
    from ..classroom.report.for_student import with_kept_back

    for record in book.records(texts=texts):
        yield with_kept_back(record, wanted.kept_back) if wanted.kept_back else record


def _tell(handover: Handover) -> None:
    """Who gets nothing, and why."""
    for reason, students in handover.left_out.items():
        more = " …" if len(students) > _MOST_TOLD else ""
        tell(
            f"Nothing for {counted(len(students), 'student')} ({reason}): {', '.join(students[:_MOST_TOLD])}{more}"
        )
    for note in handover.notes[:_MOST_TOLD]:
        tell(note)
    if len(handover.notes) > _MOST_TOLD:
        tell(f"… and {len(handover.notes) - _MOST_TOLD} more like these.")


def _title(book: Gradebook) -> str:
    return book.title or "Feedback"


def _names(
    book: Gradebook, submissions: Path, read: Callable[[Path], list[NameOnDisk]]
) -> tuple[dict[str, str], list[str]]:
    """Student → what the service calls them, and sentences about those of whom it is not sure."""
    from ..classroom.giveback.names_on_disk import matched, unsure

    if not submissions.exists():
        refuse(f"{submissions} does not exist. Give the folder that was graded.")
    single, several = matched(read(submissions), book.students())
    return single, unsure(several)


def _noting(writer: _Writer, notes: list[str]) -> _Writer:
    def write(folder: Path) -> Handover:
        handover = writer(folder)
        handover.notes += notes
        return handover

    return write


def _moodle(book: Gradebook, wanted: _Wanted) -> tuple[_Writer, str]:
    from ..classroom.giveback import moodle_zip
    from ..classroom.giveback.names_on_disk import moodle_names

    names, notes = moodle_zip.names_of(book.students(), book.has_roster), list[str]()
    if wanted.submissions:
        names, notes = _names(book, wanted.submissions, moodle_names)

    def write(folder: Path) -> Handover:
        records = _records(book, wanted, texts=True)
        return moodle_zip.write_moodle_zip(records, _title(book), folder, names)

    return _noting(write, notes), moodle_zip.ABOUT


def _nbgrader(book: Gradebook, wanted: _Wanted) -> tuple[_Writer, str]:
    from ..classroom.giveback import nbgrader_feedback
    from ..classroom.giveback.names_on_disk import nbgrader_names, submitted_folder

    names: Mapping[str, str] | None = None
    notes: list[str] = []
    if wanted.submissions:
        names, notes = _names(book, wanted.submissions, nbgrader_names)
    submitted = submitted_folder(wanted.submissions) if wanted.submissions else None
    assignment = wanted.collected or _title(book)

    def write(folder: Path) -> Handover:
        return nbgrader_feedback.write_nbgrader_feedback(
            _records(book, wanted, texts=True),
            _title(book),
            folder,
            assignment,
            book.exercises,
            names,
            submitted,
        )

    return _noting(write, notes), nbgrader_feedback.ABOUT.format(assignment=assignment)


def _gradescope(book: Gradebook, wanted: _Wanted) -> tuple[_Writer, str]:
    from ..classroom.giveback import gradescope_folder

    def write(folder: Path) -> Handover:
        return gradescope_folder.write_gradescope(_records(book, wanted), _title(book), folder)

    return write, gradescope_folder.ABOUT


def _github(book: Gradebook, wanted: _Wanted) -> tuple[_Writer, str]:
    from ..classroom.giveback import github_scripts
    from ..classroom.giveback.names_on_disk import repository_names

    notes: list[str] = []
    if wanted.submissions:
        repositories, notes = _names(book, wanted.submissions, repository_names)
    elif wanted.repository:
        repositories = github_scripts.repositories_by(wanted.repository, book.students())
    else:
        refuse(
            "Say where students' repositories are: --submissions with the folder of clones, or --repository "
            "my-course/lab1-{login}."
        )

    def write(folder: Path) -> Handover:
        records = _records(book, wanted, texts=True)
        return github_scripts.write_github(records, _title(book), folder, repositories)

    return _noting(write, notes), github_scripts.ABOUT


_FORMS: Mapping[str, Callable[[Gradebook, _Wanted], tuple[_Writer, str]]] = {
    "moodle": _moodle,
    "nbgrader": _nbgrader,
    "gradescope": _gradescope,
    "github": _github,
}


def _canvas(book: Gradebook, place: CanvasPlace, wanted: _Wanted, send: bool) -> int:
    """The plan without `send`, and what it says with it; the exit status."""
    from ..classroom.giveback import canvas_folder, canvas_send
    from ..classroom.giveback.canvas_plan import changes_of, digest_of_plan, intents_of
    from ..classroom.own_folder import own_folder

    intents, handover = intents_of(_records(book, wanted), _title(book))
    digest = digest_of_plan(intents, asdict(place))
    token = canvas_send.token_in_environment()
    if send:
        canvas_folder.expect_plan(wanted.folder, digest)
        if not token:
            refuse(
                f"There is no token in {canvas_send.TOKEN}. Canvas gives one: Account, Settings, “New access token”."
            )
    changes: list[CanvasChange] | None = None
    if token:
        assignment = canvas_send.CanvasAssignment(place, token)
        assignment.expect(book.max_score)
        changes = changes_of(intents, assignment.users(), handover)
        if send:
            return _sent(assignment, changes, wanted.folder, handover)
    about = f"{_whose('canvas')}\n\n{canvas_folder.ABOUT}\n\n{_PERSONAL}\n"
    with writing(wanted.folder), own_folder(wanted.folder, about, replace=wanted.replace) as made:
        canvas_folder.write_plan(intents, changes, digest, made, wanted.folder)
    _tell_plan(intents, changes, wanted.folder)
    _tell(handover)
    return 0


def _tell_plan(
    intents: list[CanvasIntent], changes: list[CanvasChange] | None, folder: Path
) -> None:
    click.echo(f"{counted(len(intents), 'student')} in {folder}. Nothing has been sent.")
    if changes is None:
        click.echo("With a token in CANVAS_API_TOKEN, the plan also says what Canvas has now.")
    else:
        new = sum(not change.is_nothing for change in changes)
        click.echo(f"Of these, {new:,} would change something in Canvas.")
    click.echo(f"Look at {folder / 'plan.csv'}. The same command with --send sends it.")


def _sent(
    assignment: CanvasAssignment, changes: list[CanvasChange], folder: Path, handover: Handover
) -> int:
    from ..classroom.giveback import canvas_folder
    from ..classroom.giveback.canvas_plan import UNKNOWN

    left = [change for change in changes if not change.is_nothing]
    quiet = not sys.stderr.isatty()
    with click.progressbar(left, label="Sending", file=sys.stderr, hidden=quiet) as sending:
        for change in sending:
            if note := assignment.send(change):
                handover.notes.append(note)
            canvas_folder.note_sent(folder, change)
    click.echo(f"Sent to Canvas for {counted(len(left), 'student')}.")
    if there := len(changes) - len(left):
        click.echo(f"It had everything already for {counted(there, 'student')}.")
    _tell(handover)
    return 1 if handover.notes or UNKNOWN in handover.left_out else 0
