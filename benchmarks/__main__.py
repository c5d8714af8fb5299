"""Runs the benchmarks, prints their tables and writes them as JSON and Markdown after each part."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import click
from rich.console import Console

from . import again, classes, cold, gpu, growth, layers, phases, report, results, watch
from .results import Row
from .sizes import FULL, QUICK, Sizes

HERE = Path(__file__).resolve().parent
PARTS: dict[str, tuple[str, Callable[[Sizes], list[Row]]]] = {
    "cold": ("One exercise, from cold", lambda sizes: cold.measure(sizes.runs)),
    "watch": ("One exercise, warm", lambda sizes: watch.measure(sizes.runs)),
    "class": ("A class: submissions a minute", classes.measure),
    "again": ("A class that was graded before", again.measure),
    "growth": ("How it grows", lambda sizes: growth.measure(sizes.growth)),
    "report": (
        "The class's report",
        lambda sizes: report.measure(sizes.students, sizes.reports),
    ),
    "layers": ("What isolation costs", lambda sizes: layers.measure(sizes.gradings)),
    "phases": (
        "Where the time goes, a submission with one job",
        lambda sizes: phases.measure(sizes.gradings),
    ),
    "gpu": ("On a GPU, against the same without", lambda sizes: gpu.measure(sizes.runs)),
}
NAMED = ("gpu",)  # not every machine has what these need


@click.command()
@click.option("--only", multiple=True, type=click.Choice(list(PARTS)), help="Default: all but gpu.")
@click.option("--quick", is_flag=True, help="Small sizes: to see it work, not for the figures.")
@click.option(
    "--output",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    help="A folder for results.json and results.md. Default: with all parts, this one's; else none.",
)
def main(only: tuple[str, ...], quick: bool, output: Path | None) -> None:
    """Speed, as ratios between things measured in turn in one run."""
    console = Console(width=None if Console().is_terminal else 160)
    about, told = results.machine(), dict[str, tuple[str, list[Row]]]()
    if not quick and not only:
        output = output or HERE
    for name, (title, measure) in PARTS.items():
        if name not in (only or PARTS.keys() - NAMED):
            continue
        start = time.perf_counter()
        told[name] = title, measure(QUICK if quick else FULL)
        minutes = (time.perf_counter() - start) / 60
        about.setdefault("minutes", {})[name] = round(minutes, 1)
        console.print(results.as_table(f"{title} ({minutes:.1f} minutes)", told[name][1]))
        if output:
            results.write(output, about, told)
    if not output:
        print(results.as_markdown(about, told))


if __name__ == "__main__":
    main()
