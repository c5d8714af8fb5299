"""Runs the benchmarks, prints one table and writes it as JSON."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from statistics import median

import click
from rich.console import Console
from rich.table import Table

from .watch import MISTAKES, from_save_to_verdict

ROOT = Path(__file__).resolve().parent.parent
Command = Sequence[str]
BASELINE: Command = (sys.executable, "-c", "import torch")
COLD: dict[str, Command] = {
    "grader check logistic_regression": (
        *(sys.executable, "-m", "grader", "check", "logistic_regression"),
        *("--from", "solutions"),
    ),
    "grader check train_step": (
        *(sys.executable, "-m", "grader", "check", "train_step"),
        *("--from", "solutions"),
    ),
}


def seconds(command: Command) -> float:
    """Wall time of a whole process."""
    start = time.perf_counter()
    subprocess.run(command, cwd=ROOT, stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - start


def compare(command: Command, baseline: Command, runs: int) -> dict[str, float | int]:
    """Times both in turn, after one run of each that is not counted."""
    seconds(baseline), seconds(command)
    pairs = [(seconds(command), seconds(baseline)) for _ in range(runs)]
    return {
        "runs": runs,
        "seconds": round(median(one for one, _ in pairs), 3),
        "baseline_seconds": round(median(other for _, other in pairs), 3),
        "ratio": round(median(one / other for one, other in pairs), 2),
    }


@click.command()
@click.option("--runs", default=9, show_default=True, help="Counted runs of each command.")
@click.option("--output", type=click.Path(path_type=Path), default=ROOT / "benchmarks/cold.json")
def main(runs: int, output: Path) -> None:
    """From cold: a command's whole wall time, against `python -c "import torch"`; and warm: from save to verdict."""
    results = {name: compare(command, BASELINE, runs) for name, command in COLD.items()}
    usual = median(row["baseline_seconds"] for row in results.values())
    answered = {}
    for name in MISTAKES:
        row = from_save_to_verdict(name, 2 * runs)
        answered[name] = row | {"ratio": round(row["seconds"] / usual, 2)}
    machine = {
        "cores": os.cpu_count(),
        "machine": platform.machine(),
        "system": platform.system(),
        "python": platform.python_version(),
        "torch": version("torch"),
        "date": time.strftime("%Y-%m-%d"),
    }
    table = Table("from cold", "seconds", "import torch", "ratio", "runs")
    for name, row in results.items():
        table.add_row(
            name,
            f"{row['seconds']:.2f}",
            f"{row['baseline_seconds']:.2f}",
            f"{row['ratio']:.2f}",
            str(row["runs"]),
        )
    watched = Table(
        "grader watch: from save to verdict", "seconds", "import torch", "ratio", "runs"
    )
    for name, row in answered.items():
        watched.add_row(
            name, f"{row['seconds']:.2f}", f"{usual:.2f}", f"{row['ratio']:.2f}", str(row["runs"])
        )
    Console().print(table, watched)
    data = {"machine": machine, "cold": results, "watch": answered}
    output.write_text(json.dumps(data, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
