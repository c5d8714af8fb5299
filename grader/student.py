"""What a check works with: probes, which travel to the sandbox as source, and the student's module behind them."""

from __future__ import annotations

import ast
import difflib
import hashlib
import inspect
import re
import textwrap
import time
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any, TypeVar

import torch
from torch import Tensor

from .outcome import CheckFailed, CheckOutcome, CourseFault
from .report import CheckStatus
from .sandbox import Child, Sandbox, SandboxError
from .sandbox.wire import Received, WireError, as_received, decode, encode
from .submission import Source
from .text import clean, line_of, listed

T = TypeVar("T")


class Probe:
    """A function that runs beside the student's code: `probe(student, **inputs)`, with `student` the module.

    It sees that module, its inputs, `torch`, `nn`, `F`, `Tensor`, and what its own module marks as `helper`.
    """

    def __init__(self, function: Callable[..., Any], changes: Sequence[str] = ()) -> None:
        self.name = function.__name__
        self.changes = frozenset(changes)
        self._function = function

    @cached_property
    def source(self) -> str:
        """The text that is sent: the helpers that the probe uses, then the probe, without decorators."""
        pieces: dict[str, str] = {}
        _gather(self._function, pieces)
        return "from __future__ import annotations\n" + "\n\n".join(pieces.values())


def probe(*args: Any, changes: Sequence[str] = ()) -> Any:
    """Makes a function a probe; `changes` names the inputs that it is right to change in place."""
    if args:
        return Probe(args[0])
    return lambda function: Probe(function, changes)


def helper(thing: T) -> T:
    """Marks a function or class of a check's module as one that probes may use; it works here as well."""
    thing.__grader_helper__ = True  # type: ignore[attr-defined]
    return thing


def _gather(thing: Any, pieces: dict[str, str]) -> None:
    """Adds the source of `thing` to `pieces`, after that of every helper that it names."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(thing)))
    definition = tree.body[0]
    assert isinstance(definition, ast.FunctionDef | ast.ClassDef)
    definition.decorator_list = []
    known = vars(inspect.getmodule(thing)) if inspect.getmodule(thing) else {}
    scope = getattr(thing, "__globals__", known)
    for node in ast.walk(definition):
        if isinstance(node, ast.Name) and node.id not in pieces and node.id != thing.__name__:
            other = scope.get(node.id)
            if getattr(other, "__grader_helper__", False):
                _gather(other, pieces)
    pieces[thing.__name__] = ast.unparse(tree)


class Workbench:
    """One exercise of one submission on the sandbox: keeps a child at work, and replaces it when it is lost."""

    def __init__(
        self, name: str, source: Source, sandbox: Sandbox, preload: Sequence[str] = ()
    ) -> None:
        self.name = name
        self.source = source
        self.load_problem = source.problem
        self._sandbox = sandbox
        self._preload = preload
        self._child: Child | None = None
        self._names: list[str] = []
        self._spent = 0.0

    def close(self) -> None:
        if self._child:
            self._child.close()
            self._child = None

    def call(self, probe: Probe, inputs: dict[str, Any], device: str, seed: int) -> Any:
        """Runs a probe and gives back what it returned, as plain data and `Received` tensors.

        Raises:
            CheckOutcome: if the student's code gave no usable answer, with the reason.
        """
        tree, block = encode(inputs)
        request = {
            "probe": probe.name,
            "source": probe.source,
            "arguments": tree,
            "seed": seed,
            "device": device,
        }
        child = self._ready()
        header, answer = self._timed(lambda: child.call(request, block))
        if "error" in header:
            raise self._raised(header["error"])
        try:
            value = decode(header.get("value"), answer, as_received(device))
        except (WireError, ValueError, TypeError, OverflowError) as error:
            raise CheckFailed(f"The answer of your code cannot be used: {error}.") from error
        self._expect_unchanged(header.get("changed"), probe)
        return value

    def _timed(
        self, exchange: Callable[[], tuple[dict[str, Any], bytes]]
    ) -> tuple[dict[str, Any], bytes]:
        if self._spent > self._sandbox.limits.exercise_seconds:
            raise CheckOutcome(
                "timeout",
                f"Not run: the {self._sandbox.limits.exercise_seconds:g} seconds for this exercise are used up.",
            )
        start = time.monotonic()
        try:
            return exchange()
        except SandboxError as error:
            self._child = None
            raise self._lost(error) from error
        finally:
            self._spent += time.monotonic() - start

    def _ready(self) -> Child:
        """The child with the student's file loaded in it."""
        if self.load_problem:
            raise CheckOutcome("not_reached", "The file could not be loaded.")
        if self._child is None:
            self._child = self._load()
        return self._child

    def _load(self) -> Child:
        assert self.source.text is not None
        child = self._sandbox.open(self._preload)
        filename = self.source.filename
        try:
            header = child.load(self.name, filename, self.source.text)
        except SandboxError as error:
            at = f", line {error.line}" if error.line else ""
            self.load_problem = f"{filename}{at}: importing the file {error}."
            if error.reason == "timeout":
                self.load_problem += (
                    ' Move training and demo code under `if __name__ == "__main__":`.'
                )
        else:
            if "error" in header:
                child.close()
                self.load_problem = self._import_problem(header["error"])
        if self.load_problem:
            raise CheckOutcome("not_reached", "The file could not be loaded.")
        names = header.get("names")
        self._names = (
            [name for name in names if isinstance(name, str)] if isinstance(names, list) else []
        )
        return child

    def _import_problem(self, error: Any) -> str:
        kind, message, lines = _told(error)
        number = lines[-1][0] if lines else None
        at = f", line {number}" if number else ""
        text = f": `{line_of(self.source.text or '', number)}`" if number else ""
        if kind in ("SyntaxError", "IndentationError", "TabError"):
            return f"{self.source.filename}{at}: {kind}: {message}{text}."
        verb = "ends the program" if kind == "SystemExit" else f"raises {kind}: {message}"
        return f"{self.source.filename}{at}: importing the file {verb}{text}.".replace("..", ".")

    def _lost(self, error: SandboxError) -> CheckOutcome:
        at = ""
        if error.line:
            text = line_of(self.source.text or "", error.line)
            at = f" It was at {self.source.filename}, line {error.line}: `{text}`."
        status: CheckStatus = "timeout" if error.reason == "timeout" else "failed"
        return CheckOutcome(status, f"Your code {error}.{at}")

    def _raised(self, error: Any) -> CheckOutcome:
        """The student's exception, or a probe's, as the outcome of a check."""
        kind, message, lines = _told(error)
        number, function = lines[-1] if lines else (0, "")
        text = line_of(self.source.text or "", number)
        if kind == "NotImplementedError" and "NotImplementedError" in text:  # torch raises it too
            return CheckOutcome("not_started", message or "Not written yet.")
        missing = re.fullmatch(r"module '(\w+)' has no attribute '(\w+)'", message)
        if kind == "AttributeError" and missing and missing[1] == self.name and not lines:
            return CheckFailed(self._not_defined(missing[2]))
        told = f"{kind}: {message}" if message else kind
        if not lines:
            return CheckFailed(f"Calling your code raised {told}.")
        return CheckFailed(
            f"`{function}` raised {told} ({self.source.filename}, line {number}: `{text}`)."
        )

    def _not_defined(self, name: str) -> str:
        told = f"{self.source.filename} does not define `{name}`."
        near = difflib.get_close_matches(name, self._names, 2, 0.6)
        return f"{told} It has {listed(near)}: is that the one?" if near else told

    def _expect_unchanged(self, changed: Any, probe: Probe) -> None:
        names = (
            [name for name in changed if isinstance(name, str)] if isinstance(changed, list) else []
        )
        wrong = [name for name in names if name not in probe.changes]
        if wrong:
            raise CheckFailed(
                f"The input {listed(wrong)} was changed; inputs are to be left as they were.",
                "An operation in place (`+=`, `x.mul_()`, `x[0] = …`) works on an input; work on a new tensor.",
            )


def _told(error: Any) -> tuple[str, str, list[tuple[int, str]]]:
    """Type, message and lines of an exception that the child told of; whatever is not of that form is dropped."""
    if not isinstance(error, dict):
        return "Exception", "", []
    lines = error.get("lines")
    good = [
        (entry[0], clean(entry[1], 80))
        for entry in (lines if isinstance(lines, list) else [])
        if isinstance(entry, list)
        and len(entry) == 2
        and type(entry[0]) is int
        and 0 < entry[0] < 10**7
        and isinstance(entry[1], str)
    ]
    kind = error.get("type")
    message = error.get("message")
    return (
        clean(kind, 80) if isinstance(kind, str) else "Exception",
        clean(message).strip() if isinstance(message, str) else "",
        good,
    )


class Student:
    """The student's module, as one case of a check sees it: on one device, with one seed."""

    def __init__(self, workbench: Workbench, device: str, seed: int) -> None:
        self.device = device
        self._workbench = workbench
        self._seed = seed

    def run(self, probe: Probe, /, **inputs: Any) -> Any:
        """Runs `probe(student, **inputs)` in the sandbox, with every tensor on the case's device.

        Returns:
            What the probe returned; tensors as `Received`.

        Raises:
            CheckOutcome: if the student's code raises, hangs, crashes, is not written yet, or changes an input that
                the probe does not name in `changes`.
        """
        if not isinstance(probe, Probe):
            raise CourseFault(f"{probe!r} is not marked with @probe.")
        return self._workbench.call(probe, inputs, self.device, self._seed)


class Draw:
    """Random inputs of one case, on the CPU and in its dtype; the same seed gives the same inputs."""

    def __init__(self, seed: int, dtype: torch.dtype) -> None:
        self.dtype = dtype
        self._generator = torch.Generator().manual_seed(seed)

    def normal(self, *shape: int) -> Tensor:
        """Standard normal values."""
        return torch.randn(shape, generator=self._generator, dtype=torch.float64).to(self.dtype)

    def uniform(self, low: float, high: float, *shape: int) -> Tensor:
        """Values between `low` and `high`."""
        values = torch.rand(shape, generator=self._generator, dtype=torch.float64)
        return (low + (high - low) * values).to(self.dtype)

    def integers(self, low: int, high: int, *shape: int) -> Tensor:
        """int64 values from `low` up to and without `high`."""
        return torch.randint(low, high, shape, generator=self._generator)

    def labels(self, *shape: int) -> Tensor:
        """Zeros and ones in the case's dtype."""
        return self.integers(0, 2, *shape).to(self.dtype)

    def strided(self, tensor: Tensor) -> Tensor:
        """The same values in a memory layout that is not contiguous (where there is more than one element)."""
        if tensor.dim() == 0:
            return tensor
        wide = tensor.new_zeros(*tensor.shape, 2)
        wide[..., 0] = tensor
        return wide[..., 0]


def seed_of(*parts: object) -> int:
    """A seed from whatever identifies a case, the same on every machine."""
    text = "\0".join(map(str, parts))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:6], "big")


__all__ = ["Draw", "Probe", "Received", "Student", "Workbench", "helper", "probe", "seed_of"]
