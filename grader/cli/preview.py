"""`grader grade --preview` and `--accept`: who would change, shown before it counts."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .common import console_for, counted, refuse, writing
from .gradebook import who_says_so
from .run_summary import exercises_told

if TYPE_CHECKING:
    from ..classroom.gradebook.reader import Gradebook
    from ..classroom.run.grade_class import RunSummary
    from ..classroom.score_changes import CheckChange, ClassChanges, ScoreStanding, StudentChange

_FORMATS = {".csv": "csv", ".json": "json", ".txt": "text"}


@dataclass
class Counting:
    """Whether what is graded counts at once, after it was looked at, or because it was.

    Attributes:
        form: how changes are written: `text`, `csv` or `json`.
        target: the file that they are written to; standard output without one.
        changes: of a preview, once it is made.
    """

    preview: bool
    accept: bool
    who: str
    form: str
    target: Path | None
    changes: ClassChanges | None = None

    @property
    def at_once(self) -> bool:
        """Whether there need not be a gradebook yet."""
        return not (self.preview or self.accept)

    def grade(
        self, submissions: Path, gradebook: Gradebook, *arguments: Any, **options: Any
    ) -> RunSummary:
        """As `grade_class`, with the same arguments.

        Raises:
            GraderError: as `grade_class`, `preview_class` or `accept_preview`.
        """
        from ..classroom.run.grade_class import grade_class
        from ..classroom.run.preview_class import accept_preview, preview_class

        def grade(gradebook: Gradebook, **more: Any) -> RunSummary:
            return grade_class(submissions, gradebook, *arguments, **options | more)

        if self.preview:
            summary, self.changes = preview_class(gradebook, grade, who=self.who)
            return summary
        if self.accept:
            return accept_preview(gradebook, grade, who=self.who)[0]
        return grade(gradebook)


def counting_of(
    preview: bool, accept: bool, force: bool, who: str, form: str, target: Path | None
) -> Counting:
    """What the options say; where they do not fit together, the call ends."""
    if preview and accept:
        refuse("Give `--preview` first, and `--accept` once you have looked at it.")
    if force and (preview or accept):
        refuse(
            "`--force` runs everything again and counts at once. A preview runs what has changed; leave `--force` out."
        )
    if target and not preview:
        refuse("`--to` is for the changes of a preview: give `--preview` as well.")
    if form == "csv" and not preview:
        refuse("`--format csv` is for the changes of a preview: give `--preview` as well.")
    if target and form == "text":
        if target.suffix not in _FORMATS:
            refuse(f"{target}: end its name in .csv, .json or .txt, or give `--format`.")
        form = _FORMATS[target.suffix]
    if target and not target.absolute().parent.is_dir():
        refuse(f"{target.absolute().parent} does not exist. Make the folder first.")
    return Counting(preview, accept, who_says_so(who) if preview or accept else "", form, target)


def tell_changes(counting: Counting, summary: RunSummary) -> None:
    """Writes who changes, to a file or standard output, and what to do with it.

    Raises:
        OutputError: if the file cannot be written.
    """
    changes = counting.changes
    assert changes is not None
    if counting.form == "text":
        text = _text(changes, summary)
    elif counting.form == "csv":
        text = _csv(changes)
    else:
        text = json.dumps(changes.to_dict(), ensure_ascii=False, indent=2) + "\n"
    if counting.target is None:
        click.echo(text, nl=False)
        return
    with writing(counting.target):
        counting.target.write_text(text, encoding="utf-8", newline="")
    click.echo("\n".join(_sums(changes, summary)))
    click.echo(f"The changes are in {counting.target}.")


def _csv(changes: ClassChanges) -> str:
    from ..outputs.escape import cell

    file = io.StringIO()
    csv.writer(file).writerows(map(cell, row) for row in changes.rows())
    return file.getvalue()


def _text(changes: ClassChanges, summary: RunSummary) -> str:
    from rich.console import Console

    console = console_for()
    file = io.StringIO()
    to_file = Console(file=file, width=max(console.width, 60), highlight=False, markup=False)
    if changes.students:
        to_file.print(_students(changes))
        to_file.print()
    if any(_is_felt(each) for several in changes.by_check().values() for each in several):
        to_file.print(_checks(changes))
        to_file.print()
    lines = "\n".join(line.rstrip() for line in file.getvalue().splitlines())
    return "\n".join(filter(None, [lines, *_sums(changes, summary)])) + "\n"


def _students(changes: ClassChanges) -> Any:
    from rich.table import Table
    from rich.text import Text

    from ..classroom.sanitize import name_of

    table = Table("Student", box=None, pad_edge=False)
    for name in ("Before", "After", "Change"):
        table.add_column(name, justify="right")
    table.add_column("Checks")
    for each in changes.students:
        name = name_of(f"{each.id} ({each.name})" if each.name else each.id)
        sides = _side(each.before), _side(each.after)
        told = Text("\n".join(_told(each)))
        table.add_row(Text(name), *sides, "" if each.points is None else f"{each.points:+}", told)
    return table


def _side(standing: ScoreStanding | None) -> str:
    if standing is None:
        return "–"
    return standing.state if standing.score is None else f"{standing.score}/{standing.max_score}"


def _told(change: StudentChange) -> list[str]:
    """What changes for a student, check by check."""
    told = []
    for each in filter(_is_felt, change.checks):
        old, new = (side.score if side else "–" for side in (each.before, each.after))
        statuses = [side.status for side in (each.before, each.after) if side]
        why = " → ".join(dict.fromkeys(statuses))
        told.append(f"{each.exercise}: {each.check} {old} → {new} ({why.replace('_', ' ')})")
    if change.before and change.after and change.before.penalty != change.after.penalty:
        told.append(f"late: -{change.before.penalty} → -{change.after.penalty}")
    return told


def _checks(changes: ClassChanges) -> Any:
    from rich.table import Table

    table = Table("Check", box=None, pad_edge=False)
    for name in ("Students", "Points"):
        table.add_column(name, justify="right")
    for (exercise, check), several in changes.by_check().items():
        felt = [*filter(_is_felt, several)]
        points = sum(each.points for each in felt)
        if felt:
            table.add_row(f"{exercise}: {check}", str(len(felt)), f"{points:+}")
    return table


def _is_felt(change: CheckChange) -> bool:
    return change.is_felt


def _sums(changes: ClassChanges, summary: RunSummary) -> list[str]:
    from ..classroom.run.trouble import shared

    moved = [each for each in changes.students if each.changes_score]
    lines = [
        f"{len(moved)} of {counted(changes.size, 'student')} would have another score: {len(changes.gain)} gain, "
        f"{len(changes.lose)} lose. {exercises_told(summary)}".rstrip()
    ]
    if changes.before is not None and changes.after is not None:
        lines.append(f"Mean of all scores: {changes.before:.2f} before, {changes.after:.2f} after.")
    if summary.changed:
        lines.append(f"Other than what the gradebook was made with: {' '.join(summary.changed)}")
    if summary.faults:
        lines.append(
            f"Not graded, through no fault of theirs: {counted(len(summary.faults), 'student')}. Such a preview cannot "
            "be accepted; the same command tries again."
        )
        for trouble in shared(summary.faults):
            lines += [f"  {line}" for line in trouble.text(summary.handed_in).splitlines()]
    else:
        lines.append(
            "Nothing counts yet. The same command with `--accept` instead of `--preview` makes it count."
        )
    return lines
