"""From cold: a command's whole wall time, against `python -c "import torch"`."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from .results import Goal, Row, paired

ROOT = Path(__file__).resolve().parent.parent
BASELINE = (sys.executable, "-c", "import torch")
# what is named behind `grader check`
GOALS = {"logistic_regression": Goal(most=1.5), "train_step": None, "": Goal(most=2.5)}


def seconds(command: Sequence[str]) -> float:
    """Wall time of a whole process."""
    start = time.perf_counter()
    subprocess.run(command, cwd=ROOT, stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - start


def measure(runs: int) -> list[Row]:
    """Both in turn, after one run of each that is not counted."""
    rows = []
    for name, goal in GOALS.items():
        command = (sys.executable, "-m", "grader", "check", *name.split(), "--from", "solutions")
        seconds(BASELINE), seconds(command)
        pairs = [(seconds(command), seconds(BASELINE)) for _ in range(runs)]
        ones, others = zip(*pairs, strict=True)
        what = f"grader check {name or '(all exercises)'}"
        rows.append(paired(what, ones, "import torch", others, goal=goal))
    return rows
