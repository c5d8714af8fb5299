"""A case that has met the same answers before ends as it did then.

A case is a function of its random inputs, which follow from its seed, and of what the student's code answers. In a
class that is graded with one seed, most answers are equal to the bit: they are asked for as they were, and inputs,
reference and comparison need not be worked out again. What depends on a student's source is never kept.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any

from ..sandbox import Message
from .outcome import CheckOutcome
from .probes import Probe
from .session import Request, Workbench

# different answers to one request: beyond, the class is too mixed for more to be worth it
_MOST = 64


@dataclass
class End:
    """How a case ended: `None` is well."""

    outcome: CheckOutcome | None


@dataclass
class Step:
    """What a case asks, and what came after each answer to it."""

    request: Request
    after: dict[bytes, Step | End] = field(default_factory=dict)


@dataclass
class Memory:
    """What is known of one case with one seed; `first` is `None` until it has run."""

    key: object = None
    first: Step | End | None = None

    def about(self, key: object) -> Memory:
        """Itself, emptied if what it knows is of another seed or language."""
        if key != self.key:
            self.key, self.first = key, None
        return self


class Recorder:
    """Stands before a workbench: hands out the answers that are there already, and keeps the others."""

    def __init__(self, bench: Workbench) -> None:
        self._bench = bench
        self._path: list[tuple[Request, Message]] = []
        self._read = 0
        self._whole = True  # every request was answered

    def follow(self, memory: Memory) -> End | None:
        """Asks what was asked before, as long as the answers are known; the end, if they lead to one."""
        step = memory.first
        while isinstance(step, Step):
            answer = self._bench.ask(step.request)
            self._path.append((step.request, answer))
            step = step.after.get(key_of(answer))
        return step

    def call(self, probe: Probe, inputs: dict[str, Any], device: str, seed: int) -> Any:
        """As `Workbench.call`; the first answers are those that `follow` has met with."""
        if self._read == len(self._path):
            request = Request(probe, inputs, device, seed)
            self._whole = False
            self._path.append((request, self._bench.ask(request)))
            self._whole = True
        request, answer = self._path[self._read]
        self._read += 1
        return self._bench.read(request, answer)

    def keep(self, memory: Memory, end: End) -> None:
        """Remembers the way to `end`, unless an answer on it depends on the student's source."""
        keys = [key_of(answer) for _, answer in self._path]
        if not self._whole or not keys or not all(keys):
            return
        if not isinstance(memory.first, Step):
            memory.first = Step(self._path[0][0])
        step = memory.first
        for key, (request, _) in zip(keys, self._path[1:], strict=False):
            after = step.after.setdefault(key, Step(request))
            if not isinstance(after, Step) or len(step.after) > _MOST:
                return
            step = after
        if len(step.after) < _MOST:
            step.after[keys[-1]] = end


def key_of(answer: Message) -> bytes:
    """Equal for answers that are equal to the bit; empty for one that tells of the student's own source."""
    if "error" in answer.header or answer.header.get("seen"):
        return b""
    return blake2b(answer.text + answer.block, digest_size=20).digest()
