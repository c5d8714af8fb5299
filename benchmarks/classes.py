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

from . import cold, peers
from .results import Goal, Row, paired
from .sizes import ClassSize, Sizes

ROOT = Path(__file__).resolve().parent.parent
ALL = tuple(sorted(path.stem for path in (ROOT / "solutions").glob("*.py")))
TASK_OF_ALL = f"all {len(ALL)} exercises"
DEVICES = {"": (), ", CPU alone": ("cpu",)}
# times as many submissions a minute as others, with 2 jobs
GOALS = {
    "one exercise": {"plain pytest": 120.0, "otter run": 75.0, "nbgrader autograde": 75.0},
    TASK_OF_ALL: {"plain pytest": 18.0, "otter run": 30.0, "nbgrader autograde": 20.0},
}
SECOND_JOB = 1.6
_WINDOWS = 5


@dataclass(frozen=True)
class Graded:
    """A run of `grader grade`.

    Attributes:
        seconds: from start to end.
        first: seconds from the start until the first result is there.
        each: seconds a submission once it is under way, in five parts of the run of the same length.
        worked: median seconds that a worker had a submission.
        peak_bytes: resident memory of the coordinating process.
    """

    seconds: float
    first: float
    each: tuple[float, ...]
    worked: float
    peak_bytes: int


def make_class(
    folder: Path, exercises: Sequence[str], count: int, texts_of: int | None = None
) -> list[Path]:
    """Submissions that earn all points, each with texts of its own, or with those of `texts_of` students in turn."""
    texts = {name: (ROOT / "solutions" / f"{name}.py").read_text("utf-8") for name in exercises}
    made = []
    for number in range(count):
        student = folder / f"student{number:05d}"
        student.mkdir(parents=True)
        for name, text in texts.items():
            (student / f"{name}.py").write_text(
                f"{text}\n# {number % (texts_of or count)}\n", encoding="utf-8"
            )
        made.append(student)
    return made


def grade_class(
    folder: Path,
    exercises: Sequence[str],
    jobs: int,
    gradebook: Path,
    devices: Sequence[str] = (),
    course: Path | None = None,
) -> Graded:
    """Grades a class into a new gradebook; every submission is to have earned all points."""
    for leftover in gradebook.parent.glob(f"{gradebook.name}*"):
        leftover.unlink()
    given = [("--exercise", name) for name in exercises] + [("--device", one) for one in devices]
    if course:
        given.append(("--course", str(course)))
    peak = gradebook.with_name("peak")
    start = time.time()
    options = (part for pair in given for part in pair)
    seconds, _ = run_grade(folder, gradebook, jobs, *options, peak=peak)
    with closing(sqlite3.connect(gradebook)) as connection:
        rows = connection.execute(
            "SELECT graded, seconds, score = max_score FROM grading ORDER BY id"
        ).fetchall()
    assert len(rows) == len(list(folder.iterdir()))
    assert all(full for _, _, full in rows)
    times = [datetime.fromisoformat(when).timestamp() for when, _, _ in rows]
    return Graded(
        seconds,
        min(times) - start,
        _each(times),
        median(worked for _, worked, _ in rows),
        int(peak.read_text(encoding="ascii")),
    )


def run_grade(
    submissions: Path, gradebook: Path | str, jobs: int, *options: object, peak: Path
) -> tuple[float, str]:
    """Seconds of a `grader grade`, and what it said.

    Args:
        gradebook: a file or a URL.
        peak: where the memory of the coordinating process is written.

    Raises:
        RuntimeError: if its exit status is not 0.
    """
    command = (
        *(sys.executable, "-m", "benchmarks.coordinator", peak, "grade", submissions),
        *("--gradebook", gradebook, "--jobs", jobs, *options),
    )
    start = time.perf_counter()
    done = subprocess.run(
        [str(part) for part in command], cwd=ROOT, capture_output=True, text=True, check=False
    )
    seconds = time.perf_counter() - start
    if done.returncode:
        raise RuntimeError(done.stdout[-2000:] + done.stderr[-2000:])
    return seconds, done.stdout


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
        *_measure(TASK_OF_ALL, ALL, sizes.all),
    ]


def _measure(task: str, exercises: Sequence[str], size: ClassSize) -> list[Row]:
    """Each grader in turn in every round."""
    whole: dict[tuple[str, int], list[float]] = defaultdict(list)
    under_way: dict[tuple[str, int], list[float]] = defaultdict(list)
    firsts, imports = list[float](), list[float]()
    others: dict[str, list[float]] = defaultdict(list)
    with tempfile.TemporaryDirectory() as place:
        work = Path(place)
        students = make_class(work / "class", exercises, size.submissions)
        for number in range(size.rounds):
            for label, devices in DEVICES.items():
                for jobs in (1, 2):
                    done = grade_class(work / "class", exercises, jobs, work / "book.db", devices)
                    whole[label, jobs].append(done.seconds / size.submissions)
                    under_way[label, jobs].append(median(done.each))
                    if jobs == 2 and not label:
                        firsts.append(done.first)
                        imports.append(cold.seconds(cold.BASELINE))
            taken = others_each(exercises, students[: size.sample], work / f"others{number}")
            for name, seconds in taken.items():
                others[name].append(seconds)
    first = f"{task}, 2 jobs: until the first result"
    return [
        *_rows(task, size, whole, under_way, others),
        paired(first, firsts, "import torch", imports, goal=Goal(most=1.2)),
    ]


def others_each(exercises: Sequence[str], students: Sequence[Path], work: Path) -> dict[str, float]:
    """Seconds a submission that plain pytest and, where `make peers` has made them, the other graders take."""
    run_once = {"plain pytest": peers.pytest_once(exercises)}
    if peers.PEERS.is_dir():
        run_once["otter run"] = peers.otter_once(exercises, work / "otter")
    taken = {}
    for name, run in run_once.items():
        copies = [Path(shutil.copytree(one, work / name / one.name)) for one in students]
        taken[name] = median(map(run, copies))
    if peers.PEERS.is_dir():
        batch = peers.nbgrader_batch(exercises, students, work / "nbgrader")
        taken["nbgrader autograde"] = batch / len(students)
    return taken


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
            goal = GOALS[task][name] if (label, jobs) == ("", 2) else None
            against = name + peers.version_of(name)
            rows.append(a_minute(what, ones, against, times, goal, sample))
        marginal = under_way[label, jobs]
        rows.append(a_minute(f"{what}, under way", marginal, "with the start", ones, None, sample))
        if jobs == 2:
            for tail, kind, goal_of in (
                ("", whole, SECOND_JOB),
                (", under way", under_way, SECOND_JOB),
            ):
                rows.append(
                    a_minute(what + tail, kind[label, 2], "1 job", kind[label, 1], goal_of, sample)
                )
    return rows


def a_minute(
    what: str,
    ones: Sequence[float],
    against: str,
    others: Sequence[float],
    least: float | None,
    sample: str,
) -> Row:
    """Submissions a minute, of seconds a submission; `least` is what their ratio is to be."""
    ratio = median(other / one for one, other in zip(ones, others, strict=True))
    return Row(
        what,
        60 / median(ones),
        "/min",
        against,
        60 / median(others),
        ratio,
        None if least is None else Goal(least=least),
        sample,
        tuple(60 / one for one in ones),
    )
