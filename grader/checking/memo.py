"""A case that meets the same answers as before ends as it did then.

A case is a function of its random inputs, which follow from its seed, and of what the student's code answers. In a
class that is graded with one seed, most answers are equal to the bit. So each case has a memo of what it asked, what
was answered and how it ended. As long as the answers are known, the requests of the memo are sent again as they were,
and inputs, reference and comparison need not be worked out.

What is in a memo is plain data: requests as they were sent, digests of answers, and ends. What depends on a student's
source is never in one, nor is what follows an answer that could not be read. A case that asks for something else when
it is run again is the course's fault: its answers would be held against other inputs than theirs.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any

from ..errors import CourseFault
from ..sandbox import Message
from .outcome import CaseEnd, CheckFailed, SeenEnough
from .probes import Probe
from .session import Request, Session
from .telling.left_changed import impolite

# different answers to one request: beyond, the class is too mixed for more to be worth it
_MOST_ANSWERS = 64
# of all requests and ends of one case; those of the built-in course have some KiB
_MOST_BYTES = 1 << 20


@dataclass
class Asked:
    """What a case asks, and what came after each answer to it: the next request, or the end."""

    request: Request
    after: dict[bytes, Asked | CaseEnd] = field(default_factory=dict)


@dataclass
class CaseMemo:
    """What is known of one case under one key.

    Attributes:
        first: what it asks first; `None` until it has run.
        solved: whether the exercise's own solution is known to pass it.
        size: of all that is kept, in bytes.
        steady: whether the case was seen to ask the same when it ran a second time, under whatever key.
    """

    key: object = None
    first: Asked | None = None
    solved: bool = False
    size: int = 0
    steady: bool = False

    def under(self, key: object) -> CaseMemo:
        """Itself, emptied if what it knows is of another key: a seed and a language."""
        if key != self.key:
            self.key, self.first, self.solved, self.size = key, None, False, 0
        return self

    def keep(self, answered: Sequence[tuple[Request, Message]], end: CaseEnd) -> None:
        """Keeps the way to `end`, as far as there is room for it."""
        if self.first is None:
            if not self._takes(_size_of_request(answered[0][0])):
                return
            self.first = Asked(answered[0][0].without_inputs())
        step = self.first
        keys = [key_of(answer) for _, answer in answered]
        for key, (request, _) in zip(keys, answered[1:], strict=False):
            if key not in step.after:
                if not self._has_room(step, _size_of_request(request)):
                    return
                step.after[key] = Asked(request.without_inputs())
            after = step.after[key]
            if not isinstance(after, Asked):
                return
            step = after
        if keys[-1] not in step.after and self._has_room(step, _size_of_end(end)):
            step.after[keys[-1]] = end

    def _has_room(self, step: Asked, size: int) -> bool:
        return len(step.after) < _MOST_ANSWERS and self._takes(size)

    def _takes(self, size: int) -> bool:
        if self.size + size > _MOST_BYTES:
            return False
        self.size += size
        return True


class MemoizedSession:
    """A session as one case sees it: hands out the answers that a look-up has met with, and asks for the others.

    Attributes:
        answered: every request that was answered, with its answer.
        final: why there will be no further answer: a fault, or a child that gave none. It ends the case, whatever the
            check makes of the exception.
        asked: the last request that was made, but for those that only tell mistakes apart.
    """

    def __init__(self, session: Session) -> None:
        self.answered: list[tuple[Request, Message]] = []
        self.asked: Request | None = None
        self.final: Exception | None = None
        self._session = session
        self._handed_out = 0
        self._all_were_read = True

    def look_up(self, memo: CaseMemo) -> CaseEnd | None:
        """Asks what was asked before, as long as the answers are known; the end, if they lead to one.

        Raises:
            CheckOutcome: if no answer came.
        """
        step: Asked | CaseEnd | None = memo.first
        while isinstance(step, Asked):
            self._note_asked(step.request)
            answer = self._session.ask(step.request)
            self.answered.append((step.request, answer))
            step = step.after.get(key_of(answer))
        return step

    def call(
        self,
        probe: Probe,
        inputs: dict[str, Any],
        device: str,
        seed: int,
        default: str = "float32",
    ) -> Any:
        """Runs `probe` on `inputs`, unless `look_up` has done so already.

        Returns:
            What the probe returned, as plain data and `Received` tensors.

        Raises:
            CheckOutcome: if there is no usable answer.
            CourseFault: if `look_up` knows another request in its place.
        """
        if self.final is not None:
            raise self.final
        request = Request(probe, inputs, device, seed, default)
        self._note_asked(request)
        sent = request.wire  # what cannot be sent is the check's own matter
        try:
            if self._handed_out < len(self.answered):
                if self.answered[self._handed_out][0].wire != sent:
                    raise not_steady()
            else:
                self.answered.append((request, self._session.ask(request)))
        except Exception as error:
            self.final = error
            raise
        request, answer = self.answered[self._handed_out]
        self._handed_out += 1
        try:
            return self._session.read(request, answer)
        except BaseException:
            self._all_were_read = False
            raise

    def _note_asked(self, request: Request) -> None:
        if not request.probe.aside:
            self.asked = request

    def impolite(self) -> CheckFailed | None:
        """The first thing that a call did not leave as it was, if there is one."""
        told = (
            impolite(answer.header["manners"], request.probe, self._session.parameters)
            for request, answer in self.answered
            if answer.header.get("manners")
        )
        return next(filter(None, told), None)

    def store(self, memo: CaseMemo, end: CaseEnd) -> None:
        """Keeps the way to `end`, if it depends on nothing but answers that could be read."""
        if self.final is None and self._all_were_read and self.answered:
            if all(key_of(answer) for _, answer in self.answered):
                memo.keep(self.answered, end)


def not_steady() -> CourseFault:
    """For a case that asks for something else when it is run again."""
    return CourseFault(
        "It gives the student's code other inputs when it runs a second time with the same seed, so that nobody could "
        "be judged as others are. Draw them with `draw`, and not with `torch.randn`, `random` or by the clock."
    )


class Replay:
    """The session of a case that runs a second time: has the same answers ready, and sees whether the same is asked.

    Args:
        answered: what was asked the first time, with the answers; one pair at least.

    Attributes:
        asks_alike: whether all of it was asked again; known when the case has ended.
    """

    def __init__(self, session: Session, answered: Sequence[tuple[Request, Message]]) -> None:
        self._session = session
        self._left = list(answered)
        self.asks_alike = False

    def call(
        self,
        probe: Probe,
        inputs: dict[str, Any],
        device: str,
        seed: int,
        default: str = "float32",
    ) -> Any:
        """What the probe returned the first time.

        Raises:
            SeenEnough: at the last of the answers, and where something else is asked.
        """
        known, answer = self._left.pop(0)
        alike = known.wire == Request(probe, inputs, device, seed, default).wire
        if not alike or not self._left:
            self.asks_alike = alike
            raise SeenEnough
        return self._session.read(known, answer)


def key_of(answer: Message) -> bytes:
    """Equal for answers that are equal to the bit; empty for one that tells of the student's own source."""
    if "error" in answer.header or answer.header.get("seen"):
        return b""
    digest = blake2b(digest_size=20)
    # what the trusted side has found out itself does not show in the text
    changed = json.dumps(answer.header.get("changed")).encode()
    for part in (answer.text, answer.block, changed):
        # with its length before it, no part can end in the next one's beginning
        digest.update(len(part).to_bytes(8, "little") + part)
    return digest.digest()


def _size_of_request(request: Request) -> int:
    header, block = request.wire
    return len(block) + len(json.dumps(header["arguments"]))


def _size_of_end(end: CaseEnd) -> int:
    numbers = sum(len(row) for picture in end.pictures for row in picture.rows)
    return (
        len(end.message)
        + len(end.drawn)
        + sum(len(cause.text) for cause in end.causes)
        + 8 * numbers
    )
