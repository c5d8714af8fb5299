"""What a GPU costs: a class, a command from cold and a save, each with `cuda` and without; four minutes at most."""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from statistics import median

from grader.machines import cores
from grader.sandbox import Sandbox

from .classes import ALL, grade_class, make_class
from .cold import seconds
from .results import Goal, Row, paired
from .watch import from_save_to_verdict

_STUDENTS = 12
_MOST_JOBS = 8
_MOST_RUNS = 3
_WITHOUT, _WITH = ("sim",), ("sim", "cuda")
COLD = ("my_linear", "optimizers")  # the second wants modules that torch imports late


def measure(runs: int) -> list[Row]:
    """All of it. Every submission of the class is to earn all points on both."""
    runs = min(runs, _MOST_RUNS)
    return [*_class(), *_cold(runs), *_watch(runs), *_starts()]


def _class() -> list[Row]:
    jobs = min(cores(), _MOST_JOBS)
    with tempfile.TemporaryDirectory() as place:
        work = Path(place)
        make_class(work / "class", ALL, _STUDENTS)
        taken = [
            grade_class(work / "class", ALL, jobs, work / "book.db", devices).seconds
            for devices in (_WITHOUT, _WITH)
        ]
    what = f"{_STUDENTS} submissions × {len(ALL)} exercises, {jobs} jobs: sim and cuda"
    row = paired(what, taken[1:], "sim", taken[:1], goal=Goal(most=2), sample="once")
    return [row]


def _cold(runs: int) -> list[Row]:
    rows = []
    for name in COLD:
        command = [sys.executable, "-m", "grader", "check", name, "--from", "solutions"]
        pairs = [
            tuple(seconds([*command, *_named(devices)]) for devices in (_WITHOUT, _WITH))
            for _ in range(runs + 1)
        ][1:]
        more = [ones - others for others, ones in pairs]
        what = f"grader check {name}: more with cuda than without"
        sample = f"{len(more)} pairs"
        rows.append(Row(what, median(more), goal=Goal(most=3), sample=sample, samples=tuple(more)))
    return rows


def _named(devices: Sequence[str]) -> list[str]:
    return [part for device in devices for part in ("--device", device)]


def _watch(runs: int) -> list[Row]:
    rows = []
    for name in ("my_linear", "train_step"):
        taken = from_save_to_verdict(name, runs, lambda: None, _WITH)
        what, sample = f"grader watch, save to verdict with cuda: {name}", f"{len(taken)} saves"
        goal = Goal(most=0.5)
        rows.append(Row(what, median(taken), goal=goal, sample=sample, samples=tuple(taken)))
    return rows


def _starts() -> list[Row]:
    """Children that start when they are wanted: one alone, and several at once, which may wait for the driver."""
    several = min(cores(), _MOST_JOBS)
    with ExitStack() as stack:
        # none waits, so each start is waited for
        boxes = [stack.enter_context(Sandbox(device="cuda", ahead=0)) for _ in range(several)]
        for box in boxes:  # until its zygote is there; one child waits afterwards
            if why := box.absent("cuda"):
                raise RuntimeError(why)
            _start(box)
        alone = [_start(boxes[0]) for _ in range(4)]
        pool = stack.enter_context(ThreadPoolExecutor(several))
        begun = time.perf_counter()
        together = [*pool.map(lambda box: [_start(box) for _ in range(4)], boxes)]
        whole = time.perf_counter() - begun
    each = [taken for box in together for taken in box]
    sample = f"{len(each)} starts"
    return [
        Row("a child's start, alone", median(alone), sample=f"{len(alone)} starts"),
        Row(f"a child's start, beside {several - 1} others", median(each), sample=sample),
        Row(f"starts a second, {several} at once", 4 * several / whole, "/s", sample=sample),
        *_ends(),
    ]


def _start(box: Sandbox) -> float:
    start = time.perf_counter()
    child = box.open()
    taken = time.perf_counter() - start
    child.close()
    return taken


def _ends() -> list[Row]:
    """A child's end: the driver gives back what it has."""
    with Sandbox(device="cuda", ahead=1) as box:
        taken = []
        for _ in range(5):
            child = box.open()
            start = time.perf_counter()
            child.close()
            taken.append(time.perf_counter() - start)
    return [Row("a child's end", median(taken), sample=f"{len(taken)} ends")]
