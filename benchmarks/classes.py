"""A class: submissions a minute of `grader grade`, against what courses use instead, on the same submissions.

Plain pytest and `otter run` start a process per submission and are timed on a sample of them; so is `nbgrader
autograde`, which takes the whole sample in one command.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Any

from . import peers

ROOT = Path(__file__).resolve().parent.parent
ALL = tuple(sorted(path.stem for path in (ROOT / "solutions").glob("*.py")))
TASKS = {"one exercise": ("logistic_regression",), "all eighteen": ALL}


def make_class(folder: Path, exercises: Sequence[str], count: int) -> list[Path]:
    """Submissions that earn all points, each with a text of its own."""
    made = []
    for number in range(count):
        student = folder / f"student{number:05d}"
        student.mkdir(parents=True)
        for name in exercises:
            text = (ROOT / "solutions" / f"{name}.py").read_text(encoding="utf-8")
            (student / f"{name}.py").write_text(f"{text}\n# {student.name}\n", encoding="utf-8")
        made.append(student)
    return made


def grade_class(folder: Path, exercises: Sequence[str], jobs: int, gradebook: Path) -> float:
    """Wall time of `grader grade`, from start to the last row of the gradebook."""
    gradebook.unlink(missing_ok=True)
    names = [part for name in exercises for part in ("--exercise", name)]
    command = (sys.executable, "-m", "grader", "grade", folder, *names, "--gradebook", gradebook)
    start = time.perf_counter()
    done = subprocess.run(
        [*map(str, command), "--jobs", str(jobs)], cwd=ROOT, capture_output=True, text=True, check=False
    )  # fmt: skip
    if done.returncode:
        raise RuntimeError(done.stdout[-2000:] + done.stderr[-2000:])
    return time.perf_counter() - start


def measure(count: int, sample: int, rounds: int) -> dict[str, Any]:
    """Seconds a submission, each grader in turn in every round.

    Args:
        count: submissions in the class for `grader grade`.
        sample: submissions for each of the others.
    """
    told: dict[str, Any] = {}
    for task, exercises in TASKS.items():
        with tempfile.TemporaryDirectory() as place:
            work = Path(place)
            students = make_class(work / "class", exercises, count)
            few = students[:sample]
            once: dict[str, Any] = {"pytest": peers.pytest_once(exercises)}
            if peers.PEERS.is_dir():
                once["otter run"] = peers.otter_once(exercises, work / "otter")
            seconds: dict[str, list[float]] = {}
            for number in range(rounds):
                for jobs in (1, 2):
                    taken = grade_class(work / "class", exercises, jobs, work / "gradebook.sqlite")
                    seconds.setdefault(f"grader, {jobs} job{'s' * (jobs > 1)}", []).append(
                        taken / count
                    )
                for name, run in once.items():
                    copies = [
                        Path(shutil.copytree(one, work / f"{name}{number}" / one.name))
                        for one in few
                    ]
                    seconds.setdefault(name, []).append(median(run(copy) for copy in copies))
                if peers.PEERS.is_dir():
                    taken = peers.nbgrader_batch(exercises, few, work / f"nbgrader{number}")
                    seconds.setdefault("nbgrader", []).append(taken / sample)
            told[task] = {
                name: {"seconds": round(median(values), 4), "runs": len(values)}
                for name, values in seconds.items()
            }
    return {"submissions": count, "sample": sample, "tasks": told}


def growth(counts: Sequence[int]) -> list[dict[str, float]]:
    """Time a submission and memory of the coordinating process, as a class of one exercise grows."""
    rows = []
    for count in counts:
        with tempfile.TemporaryDirectory() as place:
            work = Path(place)
            make_class(work / "class", TASKS["one exercise"], count)
            book = work / "gradebook.sqlite"
            taken = grade_class(work / "class", TASKS["one exercise"], 2, book)
            rows.append(
                {
                    "submissions": count,
                    "seconds_each": round(taken / count, 4),
                    "gradebook_mb": round(book.stat().st_size / 1e6, 1),
                }
            )
    return rows
