"""From save to verdict: `grader watch` on a pseudo-terminal, against plain pytest from cold with the same checks."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from tests.terminal import Terminal

from . import peers
from .results import Goal, Row, paired

ROOT = Path(__file__).resolve().parent.parent
# a mistake that costs points, so that each save has another verdict than the one before
MISTAKES = {
    "logistic_regression": ("+ self.b)", "- self.b)"),
    "my_linear": ("output + self.bias", "output - self.bias"),
    "train_step": ("optimizer.zero_grad()", "optimizer.step()"),
}


def measure(runs: int) -> list[Row]:
    """A right save, a wrong save and a run of pytest in turn."""
    rows = []
    for name in MISTAKES:
        run, others = peers.pytest_once((name,)), list[float]()

        def pytest_once(run: Callable[[Path], float] = run, to: list[float] = others) -> None:
            to.append(run(ROOT / "solutions"))

        saves = from_save_to_verdict(name, runs, pytest_once)
        ones = [(wrong + right) / 2 for wrong, right in zip(saves[::2], saves[1::2], strict=True)]
        rows.append(
            paired(
                f"grader watch, save to verdict: {name}",
                ones,
                "plain pytest, cold",
                others,
                faster=True,
                goal=Goal(least=20),
                sample=f"{len(saves)} saves, {runs} runs",
            )
        )
    return rows


def from_save_to_verdict(
    name: str, pairs: int, between: Callable[[], None], devices: Sequence[str] = ()
) -> list[float]:
    """Saves a wrong and a right solution in turn, by renaming; the first two pairs are not counted.

    Args:
        between: is called after each pair that is counted.
        devices: that are asked for by name.
    """
    right = (ROOT / "solutions" / f"{name}.py").read_text(encoding="utf-8")
    wrong = right.replace(*MISTAKES[name])
    assert wrong != right
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
