"""From save to verdict: `grader watch` on a pseudo-terminal, against plain pytest from cold with the same checks."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median

from tests.terminal import Terminal

from . import peers
from .classes import ALL
from .results import Goal, Row, paired

ROOT = Path(__file__).resolve().parent.parent
COMPARED = ("logistic_regression", "my_linear", "train_step")  # with plain pytest
_MOST = 3  # pairs of saves of each of the others


def measure(runs: int) -> list[Row]:
    """A right save, a wrong save and, of some exercises, a run of pytest in turn; the middle of all exercises."""
    rows, middles = [], list[float]()
    for name in ALL:
        if name in COMPARED:
            saves, row = _compared(name, runs)
            rows.append(row)
        else:
            saves = from_save_to_verdict(name, min(runs, _MOST), lambda: None)
        middles.append(median(saves))
    sample = f"{len(ALL)} exercises, at least {2 * min(runs, _MOST)} saves each"
    what = "grader watch, save to verdict: "
    quickest, slowest = sorted(zip(middles, ALL, strict=True))[:: len(ALL) - 1]
    return [
        *rows,
        Row(f"{what}median", median(middles), goal=Goal(most=0.12), sample=sample, samples=middles),
        *(Row(what + name, seconds) for seconds, name in (quickest, slowest)),
    ]


def _compared(name: str, runs: int) -> tuple[list[float], Row]:
    """The times of the saves, and their pairs against plain pytest."""
    run, others = peers.pytest_once((name,)), list[float]()
    saves = from_save_to_verdict(name, runs, lambda: others.append(run(ROOT / "solutions")))
    row = paired(
        f"grader watch, save to verdict: {name}",
        [sum(pair) / 2 for pair in zip(saves[::2], saves[1::2], strict=True)],
        "plain pytest, cold",
        others,
        faster=True,
        goal=Goal(least=20),
        sample=f"{len(saves)} saves, {runs} runs",
    )
    return saves, row


def from_save_to_verdict(
    name: str, pairs: int, between: Callable[[], None], devices: Sequence[str] = ()
) -> list[float]:
    """Saves a wrong and a right solution in turn, by renaming; the first two pairs are not counted.

    Args:
        between: is called after each pair that is counted.
        devices: that are asked for by name.
    """
    right = (ROOT / "solutions" / f"{name}.py").read_text(encoding="utf-8")
    wrong = min((ROOT / "tests/submissions" / name / "wrong").glob("*.py")).read_text("utf-8")
    taken = []
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        shutil.copy(ROOT / "exercises" / f"{name}.py", folder)
        named = [part for device in devices for part in ("--device", device)]
        with Terminal(["watch", *named], folder) as terminal:
            terminal.until(f"open {name}.py")
            for run in range(2 * pairs + 4):
                text, verdict = (right, "✓ ") if run % 2 else (wrong, "◐ ")
                beside = folder / "beside"
                beside.write_text(f"{text}# {run}\n", encoding="utf-8")
                start = time.perf_counter()
                beside.replace(folder / f"{name}.py")
                terminal.until(f"{verdict}{name}", gone="Grading")
                if run > 3:
                    taken.append(time.perf_counter() - start)
                    if run % 2:
                        between()
    return taken
