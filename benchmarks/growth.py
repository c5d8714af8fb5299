"""How it grows: classes of one quick exercise, a hundred times as large as the smallest."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from statistics import median

from grader.classroom.gradebook.enrolment import enrol
from grader.classroom.gradebook.reader import Gradebook, open_gradebook
from grader.classroom.gradebook.writer import GradebookWriter, ReceivedHandIn
from grader.classroom.handin.read import Submitted
from grader.classroom.records import Enrolled
from grader.classroom.run.grade_class import READ_AHEAD
from grader.report import Report

from .classes import Graded, grade_class, make_class
from .results import Goal, Row

EXERCISE = "csv_dataset"  # the quickest to grade
_JOBS = 2
_WRITTEN = 500
_WINDOWS = 5


def measure(growth: Mapping[int, int]) -> list[Row]:
    """Time a submission and memory of the coordinating process, against the smallest class; the gradebook.

    Args:
        growth: submissions → how often such a class is graded. The smaller ones are spread over the run.
    """
    done: dict[int, list[Graded]] = {count: [] for count in growth}
    rates: dict[int, list[float]] = {}
    bytes_each: dict[int, float] = {}
    for turn in range(max(growth.values())):
        for count, times in growth.items():
            if turn >= times:
                continue
            with tempfile.TemporaryDirectory() as place:
                book = Path(place) / "book.db"
                make_class(Path(place) / "class", (EXERCISE,), count)
                done[count].append(grade_class(Path(place) / "class", (EXERCISE,), _JOBS, book))
                with open_gradebook(book) as gradebook:
                    bytes_each[count] = book.stat().st_size / count
                    rates[count] = list(_writes(gradebook))
    return _rows(done, rates, bytes_each)


def _rows(
    done: Mapping[int, list[Graded]],
    rates: Mapping[int, list[float]],
    bytes_each: Mapping[int, float],
) -> list[Row]:
    rows = []
    smallest = min(done)
    each = {count: [x for run in runs for x in run.each] for count, runs in done.items()}
    peaks = {count: [run.peak_bytes / 2**20 for run in runs] for count, runs in done.items()}
    for count, runs in done.items():
        what, first = f"{count:,} submissions", count == smallest
        against = "" if first else f"{smallest:,} submissions"
        sample = f"{len(runs)} runs in 5 parts"
        values = {
            "time each, under way": ("ms", [1000 * x for x in each[count]], 1000, each, 1.05),
            "memory of the coordinator": ("MiB", peaks[count], 1, peaks, 1.2),
        }
        for name, (unit, ones, scale, of, most) in values.items():
            other = scale * median(of[smallest])
            rows.append(
                Row(
                    f"{what}: {name}",
                    median(ones),
                    unit,
                    against,
                    None if first else other,
                    None if first else median(ones) / other,
                    None if first else Goal(most=most),
                    sample,
                    tuple(ones),
                )
            )
        graded = 1 / median(each[count])
        wrote = median(rates[count])
        rows.append(
            Row(
                f"{what}: the gradebook takes results",
                wrote,
                "/s",
                f"graded by {_JOBS} jobs",
                graded,
                wrote / graded,
                sample=f"{_WINDOWS} × {_WRITTEN // _WINDOWS} writes",
                samples=tuple(rates[count]),
            )
        )
        rows.append(Row(f"{what}: the gradebook's size each", bytes_each[count] / 1024, "KiB"))
    return rows


def _writes(gradebook: Gradebook) -> Iterator[float]:
    """Results a second that are written into `gradebook`, as grading writes them."""
    [student] = gradebook.students()[:1]
    report = gradebook.record(student.id).report
    assert report
    students = [Enrolled(f"writer{number:05d}", "") for number in range(_WRITTEN)]
    enrol(gradebook, None, students)
    writer = GradebookWriter.begin(gradebook, {}, False)
    work = Submitted(gradebook.submission(student.id))
    length = _WRITTEN // _WINDOWS
    for first in range(0, _WRITTEN, length):
        start = time.perf_counter()
        for number in range(first, first + length, READ_AHEAD):
            several = students[number : min(number + READ_AHEAD, first + length)]
            _write(writer, [each.id for each in several], work, report)
        yield length / (time.perf_counter() - start)


def _write(
    writer: GradebookWriter, students: Sequence[str], work: Submitted, report: Report
) -> None:
    assert all(
        writer.receive([ReceivedHandIn(student, work, None, student) for student in students])
    )
    for student in students:
        writer.store_result(student, student, work.digest, replace(report, submission=student), 0.0)
