"""`grader doctor`: what this machine offers."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..course.catalog import Course
from ..errors import adding_package
from .common import ALL_POINTS, POINTS_MISSING, console_for, course_option, open_course
from .same_name import other_distribution, others_on_path

if TYPE_CHECKING:
    from rich.console import Console

    from ..sandbox import Sandbox


@click.command()
@click.option(
    "--devices",
    "parity",
    is_flag=True,
    help="Also run the parity table: small programs, and what CUDA does with them, on every device.",
)
@course_option
def doctor(parity: bool, folder: Path | None) -> None:
    """Shows what this machine offers: versions, devices, and each layer of isolation, on or off, and why.

    Of a course, also which of the packages are there that it needs.

    Exit status: 0, or 1 if `--devices` found a device that differs from CUDA, or a package is missing.
    """
    from rich.table import Table
    from rich.text import Text

    from ..machines import DEVICES, Machines, warm_up
    from ..sandbox.isolation.gpu_diagnosis import NO_DEVICE, devices

    course = open_course(folder, Path())
    # a second process imports torch only where there may be something to reach
    gpu_tried = parity or bool(devices())
    with Machines(course, (*DEVICES, "cuda") if gpu_tried else DEVICES) as machines:
        warm_up()
        here, layers = machines.environment, machines.sandbox().layers()
        grouped = machines.sandbox().has_control_group
        tried = here.devices if parity else ()
        compared = {device: _compare(machines.sandbox(device), device) for device in tried}
    console = console_for()
    console.print(f"Python {here.python}, torch {here.torch}, devices: {', '.join(here.devices)}")
    console.print(f"grader {here.grader}; torch lies in {_home_of_torch()}", soft_wrap=True)
    table = Table("layer", "", "why not")
    for layer in layers:
        # why is told as it is: it may name a file
        state = Text("on", "green") if layer.on else Text("off", "red")
        table.add_row(layer.name, state, Text(layer.why))
    console.print(table)
    if grouped:
        console.print(
            "The kernel bounds memory and processes at every page and fork: control group."
        )
    for absent in (*here.absent, *(() if gpu_tried else (f"cuda: {NO_DEVICE}",))):
        console.print(f"No {absent}.", markup=False, soft_wrap=True)
    for sentence in filter(None, (*others_on_path(), other_distribution())):
        console.print(sentence, markup=False, soft_wrap=True)
    for device, (count, differences, skipped) in compared.items():
        alike = count - len(differences)
        console.print(f"{device}: {alike} of {count} programs give what they should.")
        for difference in differences:
            console.print(f"  {difference}", markup=False, soft_wrap=True)
        for reason, left_out in skipped.items():
            console.print(f"  {left_out} more were not tried: {reason}.")
    missing = _tell_of_packages(course, console)
    amiss = missing or any(found for _, found, _ in compared.values())
    sys.exit(POINTS_MISSING if amiss else ALL_POINTS)


def _tell_of_packages(course: Course, console: Console) -> bool:
    """Says which of the course's packages are installed here; whether one is not."""
    from ..course.packages import packages_of

    missing = False
    for package in packages_of(course.packages):
        if package.installed:
            told = f"{package.name} {package.version} is installed; the course asks for {package.requirement}."
        else:
            missing = True
            told = f"{package.name} is not installed, and the course needs it: {adding_package(package.requirement)}"
        console.print(told, markup=False, soft_wrap=True)
    return missing


def _home_of_torch() -> Path:
    """The folder of packages that it was found in; the sandbox looks there as well."""
    import torch

    return Path(torch.__file__).parents[1]


def _compare(sandbox: Sandbox, device: str) -> tuple[int, list[str], Counter[str]]:
    """How many programs were tried, a sentence for each that differs from CUDA, and why others were not tried."""
    from ..sandbox.parity import run_all
    from ..text import clean

    outcomes = list(run_all(sandbox, device))
    differences = [
        f"{o.program.name}: {clean(o.difference, 300)}" for o in outcomes if o.difference
    ]
    skipped = Counter(o.skipped for o in outcomes if o.skipped)
    return len(outcomes) - skipped.total(), differences, skipped
