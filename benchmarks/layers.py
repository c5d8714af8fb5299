"""What isolation costs: one exercise, warm, on the CPU, with one layer after the other.

Layers that the product has no switch for are taken out of the zygote by a line of code that goes before its own;
no code of the product knows of this. The wall clock, the output cap and the clean environment come with a child.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from unittest.mock import patch

import torch

from grader.checking.source.source_scan import Scan
from grader.grading import grading
from grader.machines import DEVICES, Machines
from grader.sandbox import sandbox as sandbox_module
from grader.submission import Submission

from .inprocess import grade_here
from .results import Row

ROOT = Path(__file__).resolve().parent.parent
EXERCISE = "logistic_regression"
_ENTRY = "from grader.sandbox.inside.zygote import main; "
_NO_LIMITS = "from grader.sandbox.isolation import limits; limits.apply_limits = lambda limits, device='cpu': None; "
_NO_SECCOMP = (
    "from grader.sandbox.isolation import seccomp; seccomp.Filter.install = lambda *_: None; "
)
_NO_LANDLOCK = (
    "from grader.sandbox.isolation import landlock; "
    "landlock.SharedRules.enforce = landlock.OwnRules.enforce = lambda *_, **__: None; "
)
TRACE, RULES = (grading, "watched_for"), (grading, "scan")  # what says what is looked for


@dataclass(frozen=True)
class Layers:
    """What is there. Attributes: without: what is taken out of the zygote."""

    name: str
    without: str = ""
    confined: bool = True
    trace: bool = True
    rules: bool = True
    devices: Sequence[str] = ("cpu",)


SAME_PROCESS = "the checks and the student's code in one process"
STEPS = (
    Layers("a forked child, with frames on a socket", _NO_LIMITS, False, False, False),
    Layers("+ resource limits", "", False, False, False),
    Layers("+ Landlock", _NO_SECCOMP, True, False, False),
    Layers("+ seccomp", "", True, False, False),
    Layers("+ the trace at run time", rules=False),
    Layers("+ the rules in the source: as on --device cpu"),
    Layers("+ the simulated accelerator: as by default", devices=DEVICES),
)
# on top of the resource limits
ALONE = (Layers("seccomp alone", _NO_LANDLOCK, True, False, False),)


def measure(gradings: int) -> list[Row]:
    """Each in turn in every round; a row says what its layer adds to the one before."""
    torch.set_num_threads(1)  # as grading does
    with ExitStack() as stack:
        run: dict[str, Callable[[str], None]] = {SAME_PROCESS: _grade_here}
        machines: dict[tuple[str, bool], Machines] = {}
        for layers in (*STEPS, *ALONE):
            key = layers.without, layers.confined
            if key not in machines:
                machines[key] = stack.enter_context(started(*key))
            run[layers.name] = _grader(layers, machines[key])
        text = (ROOT / "solutions" / f"{EXERCISE}.py").read_text(encoding="utf-8")
        taken: dict[str, list[float]] = {name: [] for name in run}
        for number in range(gradings + 5):  # the first ones start what is started once
            for name, grade in run.items():
                start = time.perf_counter()
                grade(f"{text}\n# {number}\n")
                if number >= 5:
                    taken[name].append(1000 * (time.perf_counter() - start))
    return list(_rows(taken))


def _rows(taken: dict[str, list[float]]) -> Iterator[Row]:
    sample = f"{len(taken[SAME_PROCESS])} in turn"
    names = [SAME_PROCESS, *(layers.name for layers in STEPS)]
    yield _row(SAME_PROCESS, taken, "", sample)
    for before, name in zip(names, names[1:], strict=False):  # noqa: RUF007
        yield _row(name, taken, before, sample)
    for layers in ALONE:
        yield _row(f"resource limits + {layers.name}", taken, STEPS[1].name, sample)
    yield _row("all of it", {**taken, "all of it": taken[names[-2]]}, SAME_PROCESS, sample)


def _row(name: str, taken: dict[str, list[float]], against: str, sample: str) -> Row:
    key = name.removeprefix("resource limits + ")
    ones = taken[key]
    if not against:
        return Row(name, median(ones), "ms", sample=sample, samples=tuple(ones))
    others = taken[against]
    ratio = median(one / other for one, other in zip(ones, others, strict=True))
    return Row(name, median(ones), "ms", against, median(others), ratio, None, sample, tuple(ones))


@contextmanager
def started(without: str, confined: bool) -> Iterator[Machines]:
    """A sandbox whose zygote runs `without` before its own code."""
    assert _ENTRY in sandbox_module._BOOT
    with patch.object(
        sandbox_module, "_BOOT", sandbox_module._BOOT.replace(_ENTRY, _ENTRY + without)
    ):
        machines = Machines(confined=confined)
    with machines:
        told = {layer.name: layer.on for layer in machines.sandbox().layers()}
        # a layer that was not taken out, or never was there, would be timed for nothing
        assert told["files hidden"] == (confined and without != _NO_LANDLOCK), told
        assert told["no network"] == (confined and without != _NO_SECCOMP), told
        yield machines


def _grader(layers: Layers, machines: Machines) -> Callable[[str], None]:
    mine = machines.on(devices=layers.devices)

    def grade(text: str) -> None:
        with ExitStack() as stack:
            if not layers.trace:
                stack.enter_context(patch.object(*TRACE, lambda *_: {}))
            if not layers.rules:
                stack.enter_context(patch.object(*RULES, lambda *_: Scan()))
            submission = Submission.of_text(EXERCISE, text)
            report = grading.grade(submission, machines=mine, seed=1)
        assert report.score == report.max_score

    return grade


def _grade_here(text: str) -> None:
    names = {"__name__": EXERCISE}
    exec(compile(text, EXERCISE, "exec", dont_inherit=True), names)
    assert all(check.score for check in grade_here(EXERCISE, names))
