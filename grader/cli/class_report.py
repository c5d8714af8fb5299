"""What a gradebook tells: `grader report` and `grader similar`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..course.python_files import text_of
from .common import console_for, counted, course_option, open_course, opened, refuse, writing

if TYPE_CHECKING:
    from ..classroom.gradebook.reader import Gradebook
    from ..classroom.records import Enrolled, Record
    from ..classroom.report.pseudonyms import Pseudonyms
    from ..classroom.similarity.pairs import Comparison, Finding
    from ..course.catalog import Course

PARTS = ("page", "csv", "feedback", "data")


@click.command()
@click.argument("gradebook")
@click.option(
    "--output",
    type=click.Path(path_type=Path),
    required=True,
    help="The folder to write; a report that it holds is replaced.",
)
@click.option(
    "--only",
    "parts",
    type=click.Choice(PARTS),
    multiple=True,
    help="Write only this part; may be given more than once. Default: all of them.",
)
@click.option(
    "--similar",
    "with_similar",
    is_flag=True,
    help="Look for similar submissions too, and show them side by side.",
)
@click.option(
    "--pseudonyms",
    is_flag=True,
    help="Replace names, logins, mails and identifiers everywhere.",
)
@click.option(
    "--pseudonym-key",
    "key_file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The secret that pseudonyms are made with; the file is made at the first use. "
    "Default: GRADEBOOK.pseudonyms, so that a gradebook's pseudonyms stay the same.",
)
@click.option(
    "--assignment",
    "assignment_file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The instructor's assignment: feedback tells nothing of the checks that it keeps back but their points. "
    "Needed only for a gradebook that does not know them from `grader grade --assignment`.",
)
@click.option(
    "--canvas-column",
    default="",
    metavar="COLUMN",
    help='The column of Canvas\' gradebook that gets the scores, such as "Lab 1 (4711)". Default: the one with the '
    "assignment's title, or the only one.",
)
@course_option
def report(
    gradebook: str,
    output: Path,
    parts: tuple[str, ...],
    assignment_file: Path | None,
    with_similar: bool,
    pseudonyms: bool,
    key_file: Path | None,
    canvas_column: str,
    folder: Path | None,
) -> None:
    """Writes the report of a class: a web page, scores for learning platforms, feedback, and everything as data.

    GRADEBOOK is a file or the URL of a database. The page opens from disk and loads nothing from elsewhere.
    """
    with opened(gradebook) as book:
        from ..classroom.gradebook.enrolment import roster_sheet
        from ..classroom.own_folder import refuse_others
        from ..classroom.report.for_student import with_kept_back
        from ..classroom.report.own_sheet import told_of
        from ..classroom.report.report_folder import WHOSE, write_report

        refuse_others(output, WHOSE)
        if not output.absolute().parent.is_dir():
            refuse(
                f"{output.absolute().parent} does not exist. Make it first, or choose another --output."
            )
        hidden = _pseudonyms(book, gradebook, key_file) if pseudonyms else None
        kept_back = _kept_back(assignment_file, open_course(folder)) if assignment_file else {}

        def presented(record: Record) -> Record:
            if kept_back:
                record = with_kept_back(record, kept_back)
            return hidden.record(record) if hidden else record

        # the roster has everybody's name
        sheet = None if hidden else roster_sheet(book)
        if canvas_column and (sheet is None or sheet.kind != "Canvas"):
            refuse(
                "--canvas-column is for a gradebook whose roster is Canvas' own; grade with --roster first."
            )
        findings = None
        if with_similar:
            findings, _ = _compared(book, open_course(folder), hidden)
        with writing(output):
            summary = write_report(
                book.records(texts=not parts or bool({"page", "feedback"}.intersection(parts))),
                output,
                title=book.title,
                parts=parts or PARTS,
                present=presented,
                findings=findings,
                deadline=book.deadline,
                sheet=sheet,
                canvas_column=canvas_column,
            )
    click.echo(f"{counted(len(summary.lines), 'student')} in {output}.")
    if without := summary.count("not graded"):
        click.echo(
            f"Not graded, through no fault of theirs: {counted(without, 'student')}, without a score in all files."
        )
    if not parts or "csv" in parts:
        click.echo("".join(f"{one}\n" for one in told_of(sheet, summary, canvas_column)), nl=False)
    if not parts or "page" in parts:
        click.echo(f"Open {output / 'index.html'} in a browser.")
    if pseudonyms:
        click.echo(
            "Names were replaced. Where a student's output tells who wrote it, that may remain."
        )


@click.command()
@click.argument("gradebook")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="How the pairs are written.",
)
@course_option
def similar(gradebook: str, form: str, folder: Path | None) -> None:
    """Shows pairs of submissions that share code that is rare in the class.

    This is a hint, not a verdict: there are honest reasons for it. `grader report --similar` shows them side by side.
    """
    with opened(gradebook) as book:
        findings, comparison = _compared(book, open_course(folder), None)
    if form == "json":
        click.echo(json.dumps([_plain(finding) for finding in findings], indent=2))
        return
    from rich.table import Table
    from rich.text import Text

    console = console_for()
    table = Table("students", "alike", "why", "exercises")
    for finding in findings:
        table.add_row(
            Text("\n".join(finding.names)),
            f"{finding.alike:.0%}",
            finding.why,
            Text(_some(finding.exercises)),
        )
    if findings:
        console.print(table)
    console.print(
        f"{counted(comparison.students, 'student')} compared; "
        f"pairs that stand out: {len(findings) + comparison.not_shown}. "
        "A hint, not a verdict: read both before you conclude anything."
    )
    if comparison.not_shown:
        console.print(f"The {len(findings)} clearest of them are shown.")
    if comparison.unread:
        console.print(
            "Left out, for being far too long or for not being valid Python: "
            f"{counted(comparison.unread, 'file')}."
        )


def _some(names: list[str]) -> str:
    more = len(names) - 5
    return ", ".join(names[:5]) + (f" and {more} more" if more > 0 else "")


def _plain(finding: Finding) -> dict[str, object]:
    return {
        "students": list(finding.names),
        "evidence": round(finding.evidence, 2),
        "why": finding.why,
        "alike": round(finding.alike, 4),
        "exercises": [
            {
                "exercise": part.exercise,
                "evidence": round(part.evidence, 2),
                "alike": round(part.alike, 4),
            }
            for part in finding.pair.parts
        ],
    }


def _compared(
    book: Gradebook, course: Course, hidden: Pseudonyms | None
) -> tuple[list[Finding], Comparison]:
    from ..classroom.sanitize import name_of
    from ..classroom.similarity.pairs import compare

    students = {student.id: student for student in book.students()}
    stubs = {
        exercise.name: text_of(exercise.stub)
        for exercise in course.exercises
        if exercise.stub.is_file()
    }

    def shown(student: Enrolled) -> str:
        if hidden:
            return hidden.of(student)
        # two students may have the same name
        return name_of(f"{student.name} ({student.id})" if student.name else student.id)

    def hide(who: str, text: str) -> str:
        return hidden.text(text, students[who]) if hidden else text

    people = [(who, shown(student)) for who, student in students.items()]
    return compare(people, book.sources, stubs, hide)


def _kept_back(assignment: Path, course: Course) -> Mapping[str, frozenset[str]]:
    from ..course.assignment_file import read_assignment

    return read_assignment(assignment).on(course, instructor=True).kept_back


def _pseudonyms(book: Gradebook, gradebook: str, key_file: Path | None) -> Pseudonyms:
    from ..classroom.report.pseudonyms import Pseudonyms, read_key

    if key_file is None:
        if "://" in gradebook:
            refuse("A gradebook with a URL needs --pseudonym-key FILE, where its key is kept.")
        key_file = Path(f"{gradebook}.pseudonyms")
    with writing(key_file):
        key = read_key(key_file)
    return Pseudonyms(key, book.students())
