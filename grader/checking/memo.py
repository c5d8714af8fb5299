"""A case that meets the same answers as before ends as it did then.

A case is a function of its random inputs, which follow from its seed, and of what the student's code answers. In a
class that is graded with one seed, most answers are equal to the bit. So each case has a memo of what it asked, what
was answered and how it ended. As long as the answers are known, the requests of the memo are sent again as they were,
and inputs, reference and comparison need not be worked out. What depends on a student's source is never in a memo.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any

from ..sandbox import Message
from .outcome import CheckOutcome
from .probes import Probe
from .session import Request, Session

# different answers to one request: beyond, the class is too mixed for more to be worth it
_MOST_ANSWERS = 64


@dataclass
class CaseEnd:
    """How a case ended: `None` is well."""

    outcome: CheckOutcome | None


@dataclass
class Asked:
    """What a case asks, and what came after each answer to it: the next request, or the end."""

    request: Request
    after: dict[bytes, Asked | CaseEnd] = field(default_factory=dict)


@dataclass
class CaseMemo:
    """What is known of one case under one key; `first` is `None` until the case has run."""

    key: object = None
    first: Asked | None = None

    def under(self, key: object) -> CaseMemo:
        """Itself, emptied if what it knows is of another key: a seed and a language."""
        if key != self.key:
            self.key, self.first = key, None
        return self


class MemoizedSession:
    """A session as one case sees it: hands out the answers that a look-up has met with, and asks for the others."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._answered: list[tuple[Request, Message]] = []
        self._handed_out = 0
        self._complete = True  # every request was answered

    def look_up(self, memo: CaseMemo) -> CaseEnd | None:
        """Asks what was asked before, as long as the answers are known; the end, if they lead to one."""
        step: Asked | CaseEnd | None = memo.first
        while isinstance(step, Asked):
            answer = self._session.ask(step.request)
            self._answered.append((step.request, answer))
            step = step.after.get(key_of(answer))
        return step

    def call(self, probe: Probe, inputs: dict[str, Any], device: str, seed: int) -> Any:
        """Runs `probe` on `inputs`, unless `look_up` has done so already.

        Returns:
            What the probe returned, as plain data and `Received` tensors.

        Raises:
            CheckOutcome: if there is no usable answer.
        """
        if self._handed_out == len(self._answered):
            request = Request(probe, inputs, device, seed)
            self._complete = False
            self._answered.append((request, self._session.ask(request)))
            self._complete = True
        request, answer = self._answered[self._handed_out]
        self._handed_out += 1
        return self._session.read(request, answer)

    def store(self, memo: CaseMemo, end: CaseEnd) -> None:
        """Keeps the way to `end`, unless an answer on it depends on the student's source."""
        keys = [key_of(answer) for _, answer in self._answered]
        if not self._complete or not keys or not all(keys):
            return
        step = memo.first = memo.first or Asked(self._answered[0][0])
        for key, (request, _) in zip(keys, self._answered[1:], strict=False):
            if not _has_room(step, key):
                return
            after = step.after.setdefault(key, Asked(request))
            if not isinstance(after, Asked):
                return
            step = after
        if _has_room(step, keys[-1]):
            step.after[keys[-1]] = end


def _has_room(step: Asked, key: bytes) -> bool:
    return key in step.after or len(step.after) < _MOST_ANSWERS


def key_of(answer: Message) -> bytes:
    """Equal for answers that are equal to the bit; empty for one that tells of the student's own source."""
    if "error" in answer.header or answer.header.get("seen"):
        return b""
    return blake2b(answer.text + answer.block, digest_size=20).digest()
