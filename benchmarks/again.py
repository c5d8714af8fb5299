"""What is graded once is not graded again: a class of all exercises once more, and with one check mended.

Two kinds of classes. In the first, each submission has texts of its own, so that all of it runs. In the others, which
are large, students share a few texts, so that what is measured is what the gradebook does for each of them.
"""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from statistics import median

import pytest

from grader.classroom.gradebook.reader import open_gradebook
from tests.servers import postgresql

from .classes import (
    ALL,
    GOALS,
    ROOT,
    TASK_OF_ALL,
    a_minute,
    grade_class,
    make_class,
    others_each,
    run_grade,
)
from .peers import version_of
from .results import Goal, Row
from .sizes import Sizes

_JOBS = 2
_TEXTS = 10  # in a large class
_MENDED = 3  # exercises, of which one check each is mended
_SAMPLE = 2  # submissions that the other graders take
# of a large class that is graded again, in seconds for this many students
_AGAIN = (3_000, 20.0)


def measure(sizes: Sizes) -> list[Row]:
    """Both kinds of classes."""
    with tempfile.TemporaryDirectory() as place:
        rows = _own(Path(place), sizes.own)
    for count in sizes.shared:
        with tempfile.TemporaryDirectory() as place:
            rows += _shared(Path(place), count)
    return rows


def _own(work: Path, count: int) -> list[Row]:
    """A class whose texts are all different: graded, against the other graders, unchanged, and with a mended check."""
    course = _copy_of_the_course(work / "course")
    students = make_class(work / "class", ALL, count)
    book = work / "book.db"
    whole = grade_class(work / "class", ALL, _JOBS, book, course=course).seconds
    what = f"{count} submissions, {TASK_OF_ALL}, {_JOBS} jobs"
    sample = f"1 × {count}; 1 × {_SAMPLE}"
    rows = [
        a_minute(
            *(what, [whole / count], name + version_of(name), [seconds]),
            *(GOALS[TASK_OF_ALL][name], sample),
        )
        for name, seconds in others_each(ALL, students[:_SAMPLE], work / "others").items()
    ]
    rows.append(_compared(f"{what}: unchanged", [_again(work, course, 0, count * len(ALL))], whole))
    taken = []
    for name in ALL[:: len(ALL) // _MENDED][:_MENDED]:
        with (course / "grader/checks" / f"{name}.py").open("a", encoding="utf-8") as file:
            file.write("# mended\n")
        taken.append(_again(work, course, count, count * (len(ALL) - 1)))
    goal = Goal(most=round(1 / 15, 3))
    return [*rows, _compared(f"{what}: one check mended", taken, whole, goal=goal)]


def _shared(work: Path, count: int) -> list[Row]:
    """A large class with few texts: the first time, unchanged, what comes of it, and on a server."""
    course = _copy_of_the_course(work / "course")
    make_class(work / "class", ALL, count, _TEXTS)
    book = work / "book.db"
    first = grade_class(work / "class", ALL, _JOBS, book, course=course)
    what = f"{count:,} students with {_TEXTS} texts of {TASK_OF_ALL}"
    again = _again(work, course, 0, count * len(ALL))
    goal = Goal(most=_AGAIN[1]) if count == _AGAIN[0] else None
    rows = [
        Row(f"{what}: graded", first.seconds),
        Row(f"{what}: the coordinator's memory", first.peak_bytes / 2**20, "MiB"),
        Row(f"{what}: unchanged", again, goal=goal),
        Row(f"{what}: every record is read", _read(book, count)),
        Row(f"{what}: the gradebook's size each", book.stat().st_size / count / 1024, "KiB"),
    ]
    with suppress(pytest.skip.Exception), postgresql() as server:
        database = f"{server}/postgres"
        seconds = [
            run_grade(work / "class", to, 4, "--course", course, peak=work / "peak")[0]
            for to in (database, work / "other.db")
        ]
        name = f"{what}: PostgreSQL (without fsync), 4 jobs"
        rows.append(_compared(name, seconds[:1], seconds[1], "SQLite, 4 jobs"))
        rows.append(Row(f"{what}: every record is read of PostgreSQL", _read(database, count)))
    return rows


def _read(gradebook: Path | str, count: int) -> float:
    """Seconds until every student's record was read."""
    start = time.perf_counter()
    with open_gradebook(gradebook) as opened:
        assert sum(record.score is not None for record in opened.records()) == count
    return time.perf_counter() - start


def _copy_of_the_course(folder: Path) -> Path:
    """The built-in course where its checks can be changed."""
    for part in ("exercises", "solutions", "grader/checks"):
        shutil.copytree(ROOT / part, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "course.toml", folder)
    return folder


def _again(work: Path, course: Path, run: int, kept: int) -> float:
    """Seconds of the same command once more; so many results of one exercise are to be run, so many kept."""
    seconds, told = run_grade(
        work / "class", work / "book.db", _JOBS, "--course", course, peak=work / "peak"
    )
    assert f"{run:,} run, {kept:,} kept" in told, told
    return seconds


def _compared(
    what: str,
    ones: Sequence[float],
    whole: float,
    against: str = "all of it",
    goal: Goal | None = None,
) -> Row:
    """Against another time of the same class."""
    return Row(
        what,
        median(ones),
        against=against,
        other=whole,
        ratio=median(ones) / whole,
        goal=goal,
        sample=f"{len(ones)} runs",
        samples=tuple(ones),
    )
