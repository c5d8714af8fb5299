"""The student's file at work: a child that has it loaded, and another child when that one is lost.

    Request ──ask──▶ child ──Message──▶ read ──▶ plain data and tensors

Where no usable answer comes, `failures.py` says what the student reads.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from ..errors import NoAnswer
from ..sandbox import Child, Message, Sandbox
from ..sandbox.wire.values import WireError, as_received, decode, encode
from ..submission import Source
from .failures import Failures, changed, not_loaded, out_of_time, strings, unusable
from .probes import Probe


@dataclass(frozen=True)
class Request:
    """A call of a probe, whosever code it is to run on; `device` is where its inputs are to be."""

    probe: Probe
    inputs: dict[str, Any]
    device: str
    seed: int

    @cached_property
    def wire(self) -> tuple[dict[str, Any], bytes]:
        """Header and block, as they are sent."""
        tree, block = encode(self.inputs)
        header = {"probe": self.probe.name, "code": self.probe.code, "arguments": tree}
        return {**header, "seed": self.seed, "device": self.device}, block


class Session:
    """Runs probes on one file of a student's in a child of one sandbox, and replaces a child that is lost.

    No child is made before the first probe.

    Args:
        name: the exercise's, and so that of the student's module.
        source: what was handed in for it.
        sandbox: where the children come from.
        preload: modules to import before a child is made.
        by_hand: whether a probe asks for what the student is to differentiate by hand. The first run of such a probe
            is traced, which shows what ran beneath Python. From then on its child can start no thread, which no trace
            would follow, and another child serves the probes that ask for something else.

    Attributes:
        load_problem: why the student's file cannot be loaded, once that is known.
        differentiated: the probes in whose trace something differentiates, each with the name of what does.
    """

    def __init__(
        self,
        name: str,
        source: Source,
        sandbox: Sandbox,
        preload: Sequence[str] = (),
        by_hand: Callable[[Probe], bool] = lambda _: False,
    ) -> None:
        self.name = name
        self.load_problem = source.problem
        self.differentiated: list[tuple[Probe, str]] = []
        self._source = source
        self._sandbox = sandbox
        self._preload = preload
        self._by_hand = by_hand
        self._traced: set[str] = set()
        self._watched = False  # whether the child has run under a trace
        self._child: Child | None = None
        self._failures = Failures(name, source)
        self._seconds = 0.0

    def close(self) -> None:
        """Ends the child."""
        self._watched = False
        if self._child:
            self._child.close()
            self._child = None

    def ask(self, request: Request) -> Message:
        """Runs a probe.

        Raises:
            CheckOutcome: if no answer came, with the reason.
            SandboxLost: if there can be no child.
        """
        probe = request.probe
        by_hand = self._by_hand(probe)
        trace = probe.name not in self._traced and by_hand
        self._traced.add(probe.name)
        if self._watched and not by_hand:
            self.close()  # this probe may start threads, and a child that was watched cannot any more
        child = self._ready()
        self._watched |= trace
        header, block = request.wire
        answer = self._timed(lambda: child.call({**header, "trace": trace}, block), request.device)
        if seen := strings(answer.header.get("seen")):
            self.differentiated.append((probe, seen[0]))
        return answer

    def read(self, request: Request, answer: Message) -> Any:
        """What a probe returned, as plain data and `Received` tensors.

        Raises:
            CheckOutcome: if the answer is of no use, with the reason.
        """
        header, block, _text = answer
        if "error" in header:
            raise self._failures.raised(header["error"], request.device)
        try:
            value = decode(header.get("value"), block, as_received(request.device))
        except (WireError, ValueError, TypeError, OverflowError) as error:
            raise unusable(error) from error
        kept = request.probe.changes
        if names := [name for name in strings(header.get("changed")) if name not in kept]:
            raise changed(names)
        return value

    def _timed(self, exchange: Callable[[], Message], device: str) -> Message:
        most = self._sandbox.limits.exercise_seconds
        if self._seconds > most:
            raise out_of_time(most)
        start = time.monotonic()
        try:
            return exchange()
        except NoAnswer as error:
            self._child = None
            raise self._failures.lost(error, device) from error
        finally:
            self._seconds += time.monotonic() - start

    def _ready(self) -> Child:
        """The child with the student's source loaded in it."""
        if not self.load_problem and self._child is None:
            self._child = self._load()
        if self._child is None:
            raise not_loaded()
        return self._child

    def _load(self) -> Child | None:
        """A new child with the source in it; without one, `load_problem` says why."""
        self._watched = False
        child = self._sandbox.open(self._preload)
        # plain names, whatever the path is: they travel through C code that knows ASCII alone
        tags = [f"{self.name}.py"]
        if self._source.notebook:
            tags = [f"{self.name}.ipynb:{number}" for number in range(len(self._source.cells))]
        cells = list(zip(tags, self._source.programs, strict=True))
        try:
            header = child.load(self.name, cells, self._source.notebook)
        except NoAnswer as error:
            self.load_problem = self._failures.lost_at_import(error)
            return None
        if "error" in header:
            child.close()
            self.load_problem = self._failures.raised_at_import(header["error"])
            return None
        self._failures.note_loaded(header)
        return child


@dataclass(frozen=True)
class Sessions:
    """The sessions of one exercise of one submission: `cuda` has a sandbox of its own, where there is a GPU."""

    main: Session
    cuda: Session | None = None

    def on(self, device: str | None) -> Session:
        """The one whose children have `device`; `None` stands for a case that runs nothing of the student's."""
        return self.cuda if device == "cuda" and self.cuda else self.main
