"""What `grader grade` says in the end: how many were graded, and whom to look at; for a person, or as JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import click

from .common import counted

if TYPE_CHECKING:
    from ..classroom.gradebook.reader import Gradebook
    from ..classroom.handin.oddities import Oddity
    from ..classroom.records import Record
    from ..classroom.run.grade_class import RunSummary

SCHEMA = 1  # of the JSON; docs/gradebook.md describes it
_SHOWN = 10


@dataclass
class _Class:
    """What a gradebook says after a run, sorted by what is to be done.

    Attributes:
        scores: of those on the roster who have one and have handed something in.
        absent: who handed in nothing.
        strangers: who handed in, and is not on the roster.
        noted: student → what to look at.
        oddities: student → what is odd about the files, or cannot be loaded.
        waiting: student → why there was no result before, of those who handed in nothing this time.
    """

    names: dict[str, str] = field(default_factory=dict)
    scores: list[float] = field(default_factory=list)
    absent: list[str] = field(default_factory=list)
    strangers: list[str] = field(default_factory=list)
    noted: dict[str, list[str]] = field(default_factory=dict)
    oddities: dict[str, list[Oddity]] = field(default_factory=dict)
    waiting: dict[str, str] = field(default_factory=dict)

    def who(self, student: str) -> str:
        """The identifier, with the name where there is one."""
        name = self.names.get(student, "")
        return f"{student} ({name})" if name else student


def _look_through(gradebook: Gradebook, summary: RunSummary) -> _Class:
    found = _Class()
    for record in gradebook.records():
        student = record.student.id
        found.names[student] = record.student.name
        absent = record.state == "nothing handed in"
        if record.state == "not graded" and student not in summary.faults:
            found.waiting[student] = record.problem.splitlines()[0]
        if not record.student.on_roster:
            found.strangers.append(student)
        elif absent:
            found.absent.append(student)
        elif record.score is not None:
            found.scores.append(record.score)
        oddities = [*summary.oddities.get(student, ())]
        told = {oddity.text for oddity in oddities}
        if notes := [*(each for each in record.notes if each not in told), *record.remarks]:
            found.noted[student] = notes
        if oddities := [*oddities, *_unloadable(record, oddities)]:
            found.oddities[student] = oddities
    return found


def _unloadable(record: Record, known: Sequence[Oddity]) -> list[Oddity]:
    """The exercises whose file cannot be loaded, but for those of which that is known already."""
    from ..classroom.handin.oddities import Oddity, is_unusable

    told = {oddity.exercise for oddity in known if is_unusable(oddity)}
    return [
        Oddity("unloadable", each.name, f"{each.name}: {each.message.split(chr(10), 1)[0]}")
        for each in (record.report.exercises if record.report else ())
        if each.status == "error" and each.name not in told
    ]


def tell(gradebook: Gradebook, summary: RunSummary, where: str, verbose: bool = False) -> None:
    """Prints what a run did, and what there is to look at.

    Args:
        where: the gradebook's file or URL; a password in it is not shown.
        verbose: whether lists are whole, however long.
    """
    from statistics import mean, median

    found = _look_through(gradebook, summary)
    most = len(found.names) + len(summary.left_out) if verbose else _SHOWN
    lines = [
        f"{summary.handed_in} handed in: {summary.graded} graded now, {summary.graded_before} graded before.",
        f"Exercises: {', '.join(gradebook.exercises)}. {exercises_told(summary)}".rstrip(),
    ]
    if scores := found.scores:
        lines.append(
            f"Of {gradebook.max_score} points: mean {mean(scores):.1f}, median {median(scores):g}, "
            f"of {counted(len(scores), 'student')}."
        )
    click.echo("\n".join(lines))
    tell_beyond(gradebook, summary)
    _list("Handed in nothing", [*map(found.who, found.absent)], most)
    _list("Handed in, but not on the roster", [*map(found.who, found.strangers)], most)
    _list("Left out of the archive", summary.left_out, most, below=True)
    unreadable = [f"{found.who(each)}: {why}" for each, why in summary.unreadable.items()]
    _list("Nothing to grade in it", unreadable, most, below=True)
    _list_oddities(found, most)
    noted = [f"{found.who(each)}: {' '.join(notes)}" for each, notes in found.noted.items()]
    _list("Removed from this gradebook by hand, and passed over", summary.removed, most)
    _list("To look at", noted, most, below=True)
    waiting = [f"{found.who(each)}: {why}" for each, why in found.waiting.items()]
    _list("Not graded before, and not handed in this time", waiting, most, below=True)
    for why in dict.fromkeys(summary.outdated.values()):
        those = [found.who(each) for each, reason in summary.outdated.items() if reason == why]
        _list(f"Not in this folder, so the earlier result stands: {why}", those, most)
    _list_faults(summary, most)
    if not verbose and _is_cut(found, summary):
        click.echo("--verbose lists everybody, and --format json writes all of it as data.")
    click.echo(f"Gradebook: {_without_password(where)}")


def tell_beyond(gradebook: Gradebook, summary: RunSummary) -> None:
    """Exercises that came after the gradebook was made, each with how many have handed it in."""
    if not summary.beyond:
        return
    those = [f"{name} ({counted(len(who), 'student')})" for name, who in summary.beyond.items()]
    _list("Handed in, and not graded, since the gradebook was made without", those, len(those))
    options = " ".join(f"--exercise {name}" for name in (*gradebook.exercises, *summary.beyond))
    click.echo(f"  To grade this as well: {options} --change")


def exercises_told(summary: RunSummary) -> str:
    """How many exercises were run, and how many results stood; nothing where there is no result."""
    run, stood = summary.exercises_run, summary.exercises_kept
    if not run + stood:
        return ""
    return f"Results of one exercise each: {run:,} run, {stood:,} kept."


def _list_oddities(found: _Class, most: int) -> None:
    """By kind: a student who has several of a kind stands there once."""
    from ..classroom.handin.oddities import TITLES

    for kind, title in TITLES.items():
        entries = []
        for student, oddities in found.oddities.items():
            if texts := [each.text for each in oddities if each.kind == kind]:
                entries.append(f"{found.who(student)}: {' '.join(texts)}")
        _list(title, entries, most, below=True)


def _list_faults(summary: RunSummary, most: int) -> None:
    """Whom the grader or the course failed, and why: what is the same for many is told once."""
    from ..classroom.run.trouble import shared

    if not summary.faults:
        return
    count = counted(len(summary.faults), "student")
    click.echo(f"Not graded, through no fault of theirs: {count}. The same command tries again.")
    for one in shared(summary.faults)[:most]:
        click.echo("\n".join(f"  {line}" for line in one.text(summary.handed_in).splitlines()))
    _list("They are", [*summary.faults], most)


def _list(what: str, entries: Sequence[str], most: int, *, below: bool = False) -> None:
    if not entries:
        return
    more = [f"and {len(entries) - most} more"] if len(entries) > most else []
    shown = [*entries[:most], *more]
    text = "".join(f"\n  {entry}" for entry in shown) if below else " " + ", ".join(shown)
    click.echo(f"{what} ({len(entries)}):{text}")


def _is_cut(found: _Class, summary: RunSummary) -> bool:
    lists = [found.absent, found.strangers, found.noted, found.waiting, found.oddities]
    lists += [summary.left_out, summary.unreadable, summary.faults, summary.outdated]
    return any(len(each) > _SHOWN for each in lists)


def tell_as_json(
    gradebook: Gradebook, summary: RunSummary, where: str, verbose: bool = False
) -> None:
    """Prints the same as data; all of it, whether `verbose` or not."""
    click.echo(json.dumps(summary_as_data(gradebook, summary, where), indent=2, ensure_ascii=False))


def summary_as_data(gradebook: Gradebook, summary: RunSummary, where: str) -> dict[str, Any]:
    """What a run did, and what there is to look at, as plain data; docs/gradebook.md describes it."""
    from statistics import mean, median

    found = _look_through(gradebook, summary)
    scores = found.scores

    def people(students: Sequence[str]) -> list[dict[str, str]]:
        return [{"student": each, "name": found.names.get(each, "")} for each in students]

    return {
        "schema": SCHEMA,
        "gradebook": _without_password(where),
        "title": gradebook.title,
        "exercises": [*gradebook.exercises],
        "max_score": gradebook.max_score,
        "handed_in": summary.handed_in,
        "graded": summary.graded,
        "graded_before": summary.graded_before,
        "exercises_run": summary.exercises_run,
        "exercises_kept": summary.exercises_kept,
        "scores": {
            "count": len(scores),
            "mean": mean(scores) if scores else None,
            "median": median(scores) if scores else None,
        },
        "nothing_handed_in": people(found.absent),
        "not_on_roster": people(found.strangers),
        "left_out": [*summary.left_out],
        "removed": [*summary.removed],
        "exercises_not_graded": [
            {"exercise": name, "students": who} for name, who in summary.beyond.items()
        ],
        "nothing_to_grade": [
            {"student": student, "reason": reason} for student, reason in summary.unreadable.items()
        ],
        "oddities": [
            {"student": student, "kind": each.kind, "exercise": each.exercise, "text": each.text}
            for student, oddities in found.oddities.items()
            for each in oddities
        ],
        "to_look_at": [
            {"student": student, "notes": notes} for student, notes in found.noted.items()
        ],
        "not_handed_in_this_time": [
            {"student": student, "reason": reason} for student, reason in found.waiting.items()
        ],
        "outdated": [
            {"student": student, "reason": reason} for student, reason in summary.outdated.items()
        ],
        "not_graded": [
            {
                "student": student,
                "exercise": each.exercise,
                "check": each.check,
                "kind": each.kind,
                "reason": each.reason,
            }
            for student, troubles in summary.faults.items()
            for each in troubles
        ],
    }


def _without_password(where: str) -> str:
    if "://" not in where:
        return where
    from sqlalchemy.engine import make_url

    return make_url(where).render_as_string(hide_password=True)
