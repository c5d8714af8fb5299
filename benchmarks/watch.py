"""From save to verdict: `grader watch` on a pseudo-terminal, and the time from saving a file to its answer."""

from __future__ import annotations

import shutil
import tempfile
import time
from pathlib import Path
from statistics import median

from tests.terminal import Terminal

ROOT = Path(__file__).resolve().parent.parent
# a mistake that costs points, so that each save has another verdict than the one before
MISTAKES = {
    "logistic_regression": ("+ self.b)", "- self.b)"),
    "my_linear": ("output + self.bias", "output - self.bias"),
    "train_step": ("optimizer.zero_grad()", "optimizer.step()"),
}


def from_save_to_verdict(name: str, runs: int) -> dict[str, float | int]:
    """Saves a wrong and a right solution in turn, by renaming; one pair is not counted."""
    right = (ROOT / "solutions" / f"{name}.py").read_text(encoding="utf-8")
    wrong = right.replace(*MISTAKES[name])
    taken = []
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        shutil.copy(ROOT / "exercises" / f"{name}.py", folder)
        with Terminal(["watch"], folder) as terminal:
            terminal.until(f"open {name}.py")
            for run in range(runs + 2):
                text, verdict = (right, "✓ ") if run % 2 else (wrong, "◐ ")
                beside = folder / "beside"
                beside.write_text(f"{text}# {run}\n", encoding="utf-8")
                start = time.perf_counter()
                beside.replace(folder / f"{name}.py")
                terminal.until(f"{verdict}{name}", gone="Grading")
                if run > 1:
                    taken.append(time.perf_counter() - start)
    return {"runs": runs, "seconds": round(median(taken), 3), "fastest": round(min(taken), 3)}
