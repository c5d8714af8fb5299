"""How far the CPU and a GPU differ, in units of what a check allows: what `grader/checking/compare.py` goes by.

    python -m benchmarks.rounding --device cuda

Two tables, in Markdown, for `docs/cuda.md`. The first has the checks themselves: every check of every exercise runs on
the course's own solution, with the inputs on the device and the reference on the CPU, and each comparison that it makes
is measured. The second has sums that grow beyond what checks draw. The settings are a child's: no TF32, kernels with a
fixed order of summation where torch has them. A figure of 1 is the most that a check lets pass.
"""

from __future__ import annotations

import json
import math
import os
import platform
import tempfile
import types
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import chdir, contextmanager
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from unittest.mock import patch

import click
import torch
import torch.nn.functional as F
from torch import Tensor

from grader import load_course
from grader.checking import compare
from grader.checking.collect import collect
from grader.checking.compare import RTOL, allowed_error, is_close, wrong_elements
from grader.checking.outcome import CheckFailed
from grader.checking.run import run_checks
from grader.checking.session import Request
from grader.checking.student import Draw
from grader.checking.torch_settings import as_they_come
from grader.course.catalog import Exercise
from grader.sandbox import Limits, Message
from grader.sandbox.inside import beneath
from grader.sandbox.inside.device_setup import on_device
from grader.sandbox.interpreter import clean_environment
from grader.sandbox.wire.values import as_received, decode, describe, write

from .inprocess import InProcess, sessions_here

DTYPES = (torch.float32, torch.float64)
SIZES = (10, 100, 1_000, 10_000)
SEEDS = 3


@dataclass
class Seen:
    """What was compared.

    Attributes:
        worst: the largest error in each dtype, in units of the tolerance.
        comparisons: how many tensors and numbers.
        elements: of the largest of those tensors.
        checks: how many checks there are.
        passed: the names of those that passed, once for each draw.
    """

    worst: dict[torch.dtype, float] = field(default_factory=lambda: defaultdict(float))
    comparisons: int = 0
    elements: int = 0
    checks: int = 0
    passed: list[str] = field(default_factory=list)

    def note(
        self, got: Tensor, expected: Tensor, rtol: float, dtype: torch.dtype, scale: float = 1.0
    ) -> None:
        """Takes a comparison into account; what is not finite has to be equal, and is passed over."""
        finite = expected.isfinite() & got.isfinite()
        if dtype not in DTYPES or not rtol or not finite.any():
            return
        error = (got.double() - expected.double()).abs()[finite].max().item()
        allowed = allowed_error(expected, rtol, scale)
        share = error / allowed if allowed else math.inf * error if error else 0.0
        self.worst[dtype] = max(self.worst[dtype], share)
        self.comparisons += 1
        self.elements = max(self.elements, expected.numel())


@contextmanager
def _settings(device: str) -> Iterator[None]:
    """Those of a child while it lasts: a child has no other use of torch, and leaves them set."""
    before = torch.are_deterministic_algorithms_enabled()
    try:
        with on_device(device, Limits()):
            yield
    finally:
        torch.use_deterministic_algorithms(before)


class OnDevice(InProcess):
    """What a check sees as its session: the probe is called right here, with its inputs on a device."""

    def __init__(self, module: types.ModuleType, device: str) -> None:
        super().__init__(module)
        self._device = device

    def ask(self, request: Request) -> Message:
        tree, placed = describe(self.run(request), keep_layout=False)
        block = write([each._replace(tensor=beneath.to_cpu(each.tensor)) for each in placed])
        return Message({"value": tree}, block, json.dumps(tree).encode())

    def run(self, request: Request) -> Any:
        needing: list[Tensor] = []

        def leaf(tensor: Tensor, facts: dict[str, Any]) -> Tensor:
            if facts.get("requires_grad"):
                needing.append(tensor)
            return tensor

        header, block = request.wire
        inputs = decode(header["arguments"], block, leaf)
        beneath.reset(request.seed, self._device, request.default)
        beneath.move(inputs, self._device, needing)
        try:
            with _settings(self._device):
                return request.probe(self._module, **inputs)
        except Exception as error:  # a check of the CPU alone, which makes tensors there
            raise CheckFailed(str(error)) from error

    def read(self, request: Request, answer: Message) -> Any:
        """What a probe gave; where its tensors are does not matter here."""
        return decode(
            answer.header["value"],
            answer.block,
            lambda tensor, facts: as_received(facts["device"])(tensor, facts),
        )


@contextmanager
def _noting(seen: Seen) -> Iterator[None]:
    """While it lasts, each comparison of numbers is measured, and made as always."""
    names = {rtol: dtype for dtype, rtol in RTOL.items()}

    def of_tensors(got: Tensor, expected: Tensor, rtol: float, scale: float = 1.0) -> Tensor:
        seen.note(got, expected, rtol, expected.dtype, scale)
        return wrong_elements(got, expected, rtol, scale)

    def of_floats(actual: float, expected: float, rtol: float, scale: float = 1.0) -> bool:
        got, wanted = (torch.tensor(each, dtype=torch.float64) for each in (actual, expected))
        if rtol in names:  # others are a check's own, and not for rounding
            seen.note(got, wanted, rtol, names[rtol], scale)
        return is_close(actual, expected, rtol, scale)

    with (
        patch.object(compare, "wrong_elements", of_tensors),
        patch.object(compare, "is_close", of_floats),
    ):
        yield


def of_checks(exercise: Exercise, device: str, seeds: int = SEEDS) -> Seen:
    """Measures every comparison that an exercise's checks make of its solution on `device`."""
    seen = Seen()
    module = types.ModuleType(exercise.name)
    exec(
        compile(exercise.solution.read_text(encoding="utf-8"), exercise.name, "exec"), vars(module)
    )
    for seed in range(seeds):
        checks = collect((exercise.checks,), ("cpu",))
        with _noting(seen), as_they_come(), tempfile.TemporaryDirectory() as folder, chdir(folder):
            results = run_checks(checks, sessions_here(OnDevice(module, device)), seed).checks
        seen.checks = len(results)
        seen.passed += [each.name for each in results if each.status == "passed"]
    return seen


def _product(n: int, draw: Draw) -> tuple[Callable[..., Tensor], list[Tensor]]:
    x, w, y = draw.normal(16, n), draw.normal(n, 8) / n**0.5, draw.normal(16, 8)
    return lambda x, w, y: F.mse_loss(x @ w, y), [x, w, y]


def _mean(n: int, draw: Draw) -> tuple[Callable[..., Tensor], list[Tensor]]:
    x, w, y = draw.normal(n, 8), draw.normal(8), draw.labels(n)
    return lambda x, w, y: F.binary_cross_entropy_with_logits(x @ w, y), [x, w, y]


def _softmax(n: int, draw: Draw) -> tuple[Callable[..., Tensor], list[Tensor]]:
    z, target = draw.normal(16, n), draw.uniform(0, 1, 16, n)
    return lambda z, target: F.cross_entropy(z, target), [z, target]


def _network(n: int, draw: Draw) -> tuple[Callable[..., Tensor], list[Tensor]]:
    given = [
        draw.normal(16, n),
        draw.normal(n, 32) / n**0.5,
        draw.normal(32, 10),
        draw.normal(16, 10),
    ]
    return lambda x, v, w, y: F.mse_loss(torch.tanh(x @ v) @ w, y), given


def _statistics(n: int, draw: Draw) -> tuple[Callable[..., Tensor], list[Tensor]]:
    given = [draw.normal(n, 4) + 1, draw.normal(4), draw.normal(4), draw.normal(n, 4)]
    return (
        lambda x, w, b, y: F.mse_loss(F.batch_norm(x, None, None, w, b, training=True), y),
        given,
    )


def _convolution(n: int, draw: Draw) -> tuple[Callable[..., Tensor], list[Tensor]]:
    side = 2 + round(n**0.5)
    x, w = draw.normal(2, 3, side, side), draw.normal(4, 3, 3, 3) / 27**0.5
    return lambda x, w: F.conv2d(x, w).tanh().square().mean(), [x, w]


GROWING: dict[str, Callable[[int, Draw], tuple[Callable[..., Tensor], list[Tensor]]]] = {
    "product of matrices, n terms": _product,
    "mean over n samples": _mean,
    "softmax of n classes": _softmax,
    "network with n inputs": _network,
    "batch normalisation of n samples": _statistics,
    "convolution, n places": _convolution,
}


def of_size(what: str, n: int, dtype: torch.dtype, device: str, seeds: int = SEEDS) -> float:
    """The largest error of a loss and its gradients on `device`, by autograd, in units of the tolerance.

    Args:
        what: a key of `GROWING`.
        n: how many terms its sums have.
    """
    seen = Seen()
    for seed in range(seeds):
        loss, given = GROWING[what](n, Draw(seed, dtype))
        with as_they_come():
            wanted = _differentiated(loss, given)
            with _settings(device):
                got = _differentiated(loss, [tensor.to(device) for tensor in given])
        for one, other in zip(got, wanted, strict=True):
            seen.note(one.cpu(), other, RTOL[dtype], dtype)
    return seen.worst[dtype]


def _differentiated(loss: Callable[..., Tensor], given: Sequence[Tensor]) -> list[Tensor]:
    leaves = [tensor.detach().requires_grad_() for tensor in given]
    value = loss(*leaves)
    return [value.detach(), *torch.autograd.grad(value, leaves)]


def tables(device: str, seeds: int) -> Iterator[str]:
    """Both tables, line by line, in Markdown."""
    yield "| exercise | checks that ran there | comparisons | largest tensor | float32 | float64 |"
    yield "| --- | --- | --- | --- | --- | --- |"
    course = load_course()
    for name in course.names:
        seen = of_checks(course[name], device, seeds)
        ran = f"{len(set(seen.passed))} of {seen.checks}"
        counts = f"{seen.comparisons:,}", f"{seen.elements:,}"
        yield _line(name, ran, *counts, *(seen.worst[each] for each in DTYPES))
    yield ""
    heads = [f"{str(dtype).removeprefix('torch.')}, n = {n:,}" for dtype in DTYPES for n in SIZES]
    yield _line("what", *heads)
    yield _line(*["---"] * (1 + len(heads)))
    for what in GROWING:
        yield _line(
            what, *(of_size(what, n, dtype, device, seeds) for dtype in DTYPES for n in SIZES)
        )


def _line(*cells: str | float) -> str:
    texts = [cell if isinstance(cell, str) else f"{cell:.1g}" for cell in cells]
    return f"| {' | '.join(texts)} |"


def _where(device: str) -> str:
    name = torch.cuda.get_device_name() if device == "cuda" else platform.machine()
    return f"{date.today()}: {name}, torch {torch.__version__}, Python {platform.python_version()}"


@click.command()
@click.option(
    "--device",
    type=click.Choice(["cuda", "cpu"]),
    default="cuda",
    show_default=True,
    help="What is held against the CPU; `cpu` to see it work.",
)
@click.option("--seeds", default=SEEDS, show_default=True, help="Draws of each check and size.")
def main(device: str, seeds: int) -> None:
    """The largest differences between the CPU and a device; 1 is the most that a check lets pass."""
    # before CUDA starts: cuBLAS sums in the same order each time
    os.environ["CUBLAS_WORKSPACE_CONFIG"] = clean_environment("cuda")["CUBLAS_WORKSPACE_CONFIG"]
    if device == "cuda" and not torch.cuda.is_available():
        raise click.ClickException("torch sees no GPU here")
    print(_where(device), "", sep="\n")
    for line in tables(device, seeds):
        print(line, flush=True)


if __name__ == "__main__":
    main()
