"""A class: submissions a minute of `grader grade`, against what courses use instead, on the same submissions.

Plain pytest and `otter run` start a process per submission and are timed on a sample of them; so is `nbgrader
autograde`, which takes its whole sample in one command.
"""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from statistics import median

from . import peers
from .results import Goal, Row
from .sizes import ClassSize, Sizes

ROOT = Path(__file__).resolve().parent.parent
ALL = tuple(sorted(path.stem for path in (ROOT / "solutions").glob("*.py")))
DEVICES = {"": (), ", CPU alone": ("cpu",)}
# times as many submissions a minute as plain pytest, and as the two others
GOALS = {"one exercise": (50, 75), "eighteen": (5, 15)}
SECOND_JOB = Goal(least=1.8)
_WINDOWS = 5


@dataclass(frozen=True)
class Graded:
    """A run of `grader grade`.

    Attributes:
        seconds: from start to end.
        each: seconds a submission once it is under way, in five parts of the run of the same length.
        worked: median seconds that a worker had a submission.
        peak_bytes: resident memory of the coordinating process.
    """

    seconds: float
    each: tuple[float, ...]
    worked: float
    peak_bytes: int


def make_class(folder: Path, exercises: Sequence[str], count: int) -> list[Path]:
    """Submissions that earn all points, each with a text of its own."""
    texts = {name: (ROOT / "solutions" / f"{name}.py").read_text("utf-8") for name in exercises}
    made = []
    for number in range(count):
        student = folder / f"student{number:05d}"
        student.mkdir(parents=True)
        for name, text in texts.items():
            (student / f"{name}.py").write_text(f"{text}\n# {student.name}\n", encoding="utf-8")
        made.append(student)
    return made


def grade_class(
    folder: Path, exercises: Sequence[str], jobs: int, gradebook: Path, devices: Sequence[str] = ()
) -> Graded:
    """Grades a class into a new gradebook; every submission is to have earned all points."""
    for leftover in gradebook.parent.glob(f"{gradebook.name}*"):
        leftover.unlink()
    memory = gradebook.with_name("peak")
    given = [("--exercise", name) for name in exercises] + [("--device", one) for one in devices]
    command = (
        *(sys.executable, "-m", "benchmarks.coordinator", memory, "grade", folder),
        *(part for pair in given for part in pair),
        *("--gradebook", gradebook, "--jobs", jobs),
    )
    start = time.perf_counter()
    done = subprocess.run(
        [str(part) for part in command], cwd=ROOT, capture_output=True, text=True, check=False
    )
    seconds = time.perf_counter() - start
    if done.returncode:
        raise RuntimeError(done.stdout[-2000:] + done.stderr[-2000:])
    with closing(sqlite3.connect(gradebook)) as connection:
        rows = connection.execute(
            "SELECT graded, seconds, score = max_score FROM grading ORDER BY id"
        ).fetchall()
    assert len(rows) == len(list(folder.iterdir()))
    assert all(full for _, _, full in rows)
    return Graded(
        seconds,
        _each([datetime.fromisoformat(when).timestamp() for when, _, _ in rows]),
        median(worked for _, worked, _ in rows),
        int(memory.read_text(encoding="ascii")),
    )


def _each(times: Sequence[float]) -> tuple[float, ...]:
    """Seconds a submission, without the start and each worker's first ones, which it has to learn from."""
    under_way = times[min(10, len(times) // 3) :]
    length = max(1, (len(under_way) - 1) // _WINDOWS)
    marks = under_way[::length]
    return tuple((b - a) / length for a, b in pairwise(marks))[:_WINDOWS]


def measure(sizes: Sizes) -> list[Row]:
    """Both tasks; first of all, whether the others tell a wrong submission from a right one."""
    with tempfile.TemporaryDirectory() as place:
        peers.expect_to_grade(Path(place))
    return [
        *_measure("one exercise", ("logistic_regression",), sizes.one),
        *_measure("eighteen", ALL, sizes.eighteen),
    ]


def _measure(task: str, exercises: Sequence[str], size: ClassSize) -> list[Row]:
    """Each grader in turn in every round."""
    whole: dict[tuple[str, int], list[float]] = defaultdict(list)
    under_way: dict[tuple[str, int], list[float]] = defaultdict(list)
    others: dict[str, list[float]] = defaultdict(list)
    with tempfile.TemporaryDirectory() as place:
        work = Path(place)
        students = make_class(work / "class", exercises, size.submissions)
        run_once = {"plain pytest": peers.pytest_once(exercises)}
        if peers.PEERS.is_dir():
            run_once["otter run"] = peers.otter_once(exercises, work / "otter")
        for number in range(size.rounds):
            for label, devices in DEVICES.items():
                for jobs in (1, 2):
                    done = grade_class(work / "class", exercises, jobs, work / "book.db", devices)
                    whole[label, jobs].append(done.seconds / size.submissions)
                    under_way[label, jobs].append(median(done.each))
            few = students[: size.sample]
            for name, run in run_once.items():
                target = work / f"{name}{number}"
                copies = [Path(shutil.copytree(one, target / one.name)) for one in few]
                others[name].append(median(map(run, copies)))
            if peers.PEERS.is_dir():
                taken = peers.nbgrader_batch(exercises, few, work / f"nbgrader{number}")
                others["nbgrader autograde"].append(taken / size.sample)
    return _rows(task, size, whole, under_way, others)


def _rows(
    task: str,
    size: ClassSize,
    whole: dict[tuple[str, int], list[float]],
    under_way: dict[tuple[str, int], list[float]],
    others: dict[str, list[float]],
) -> list[Row]:
    rows = []
    sample = f"{size.rounds} × {size.submissions}; {size.rounds} × {size.sample}"
    for (label, jobs), ones in whole.items():
        what = f"{task}{label}, {jobs} job{'s' * (jobs > 1)}"
        for name, times in others.items():
            goal = GOALS[task][name != "plain pytest"]
            against = name + peers.version_of(name)
            rows.append(_row(what, ones, against, times, Goal(least=goal), sample))
        marginal = under_way[label, jobs]
        rows.append(_row(f"{what}, under way", marginal, "with the start", ones, None, sample))
        if jobs == 2:
            for tail, kind, goal_of in (
                ("", whole, SECOND_JOB),
                (", under way", under_way, SECOND_JOB),
            ):
                rows.append(
                    _row(what + tail, kind[label, 2], "1 job", kind[label, 1], goal_of, sample)
                )
    return rows


def _row(
    what: str,
    ones: Sequence[float],
    against: str,
    others: Sequence[float],
    goal: Goal | None,
    sample: str,
) -> Row:
    """Submissions a minute, of seconds a submission."""
    ratio = median(other / one for one, other in zip(ones, others, strict=True))
    return Row(
        what,
        60 / median(ones),
        "/min",
        against,
        60 / median(others),
        ratio,
        goal,
        sample,
        tuple(60 / one for one in ones),
    )
