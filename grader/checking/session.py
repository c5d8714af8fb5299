"""The student's file at work: a child that has it loaded, and another child when that one is lost.

    Request ──ask──▶ child ──Message──▶ read ──▶ plain data and tensors

Where no usable answer comes, `failures.py` says what the student reads.
"""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any
from zlib import crc32

from ..errors import NoAnswer, SandboxLost
from ..sandbox import Child, Message, Sandbox
from ..sandbox.gpu import is_of_cuda
from ..sandbox.wire.values import WireError, as_received, decode, encode
from ..submission import Source
from .loading import OnceMore, WithThreads
from .outcome import CheckOutcome
from .probes import Probe
from .telling.failures import Failures, cut_short, not_loaded, out_of_time, unusable
from .telling.left_changed import changed
from .telling.raised import strings, tags_of

_EVERY = 9  # one of so many runs of a watched probe is traced, beside its first and its last
_MOST_PRINTED = 4000  # characters of what is printed that are kept
# torch imports this when `torch.func`, an optimizer and more are first used: seconds on a slow disk
_LATE = ("torch._dynamo",)


@dataclass(frozen=True)
class Request:
    """A call of a probe, whosever code it is to run on.

    Attributes:
        device: where its inputs are to be.
        default: torch's default dtype while it runs.
    """

    probe: Probe
    inputs: dict[str, Any]
    device: str
    seed: int
    default: str = "float32"

    @cached_property
    def wire(self) -> tuple[dict[str, Any], bytes]:
        """Header and block, as they are sent."""
        tree, block = encode(self.inputs)
        header = {"probe": self.probe.name, "code": self.probe.code, "arguments": tree}
        header |= {"seed": self.seed, "device": self.device, "default": self.default}
        return header, block

    @property
    def texts(self) -> frozenset[str]:
        """The texts among its inputs themselves, which may name what the probe is to call."""
        arguments = self.wire[0]["arguments"]["dict"]
        return frozenset(value for _name, value in arguments if isinstance(value, str))

    def without_inputs(self) -> Request:
        """The same request, which holds what is sent alone, and not what that was made from."""
        sent = replace(self, inputs={})
        vars(sent)["wire"] = self.wire
        return sent


class Session:
    """Runs probes on one file of a student's in a child of one sandbox, and replaces a child that is lost.

    No child is made before the first probe. The probes have `exercise_seconds` in all, and so have the children that
    load the file again where one was lost. What is loaded for the first time, or for the grader's own ends, is free.
    What does not finish in time is tried again, once for each start of the sandbox, where torch may have imported
    something late in the student's time: in a child that has it already.

    Args:
        name: the exercise's, and so that of the student's module.
        source: what was handed in for it.
        sandbox: where the children come from.
        preload: modules to import before a child is made.
        watched_for: what a probe is to be watched for, as a request says it; empty for nothing. The first run in each
            check of such a probe is traced, and others that its seed draws; `ask_again` traces the last one. All of
            them are in a child that can start no thread, which no trace would follow, unless the file cannot be loaded
            without one. A probe that is not watched and fails there has another try where threads can start.
        given: files that the code finds in its folder, and can import.
        parameters: the names by which a student knows what is handed in; `None` where a probe's own will do.

    Attributes:
        load_problem: why the student's file cannot be loaded, once that is known.
        failures, programs: what is told of what failed; the student's texts.
        is_waiting: whether this process waits for the sandbox at the moment.
        printed: the beginning of what the student's code has printed in answers; whoever reads it empties it.
    """

    def __init__(
        self,
        name: str,
        source: Source,
        sandbox: Sandbox,
        preload: Sequence[str] = (),
        watched_for: Callable[[Probe], Mapping[str, Any]] = lambda _: {},
        given: Mapping[str, bytes] | None = None,
        parameters: frozenset[str] | None = None,
    ) -> None:
        self.name = name
        self.parameters = parameters
        self.load_problem = source.problem
        self.programs = tuple(source.programs)
        self._source = source
        self._sandbox = sandbox
        self._preload = preload
        self._given = given or {}
        self._watched_for = watched_for
        self._runs: Counter[object] = Counter()  # of each watched probe, since the check began
        self._untraced: dict[str, Request] = {}  # the last run of each, where it was not traced
        self._names: frozenset[str] = frozenset()  # what the student's module defines
        self._asked: Counter[tuple[str, ...]] = Counter()
        self._has_threads = True  # whether the child may start threads
        self._threaded: set[str] = set()  # probes not watched, that failed where none can start
        self._needs_threads = False  # whether the file can be loaded only where it may
        self._with_threads = WithThreads()
        self._once_more = OnceMore()
        self._child: Child | None = None
        self.failures = Failures(name, source)
        self._seconds = 0.0
        self._free_seconds = 0.0
        self._was_lost = False
        self._waiting_since = 0.0
        self.is_waiting = False
        self.printed = ""

    @property
    def waited(self) -> float:
        """For how many seconds this process has waited for the sandbox."""
        now = time.monotonic() - self._waiting_since if self.is_waiting else 0.0
        return self._seconds + now

    def with_source(self, source: Source) -> Session:
        """A session of the same sandbox for another file, which nothing is watched in. One of them may have a child."""
        return Session(self.name, source, self._sandbox, self._preload, given=self._given)

    def close(self) -> None:
        """Ends the child."""
        if self._child:
            self._child.close()
            self._child = None

    def begin_check(self, *, anew: bool = False) -> None:
        """Says that what is asked from now on is for another check.

        Args:
            anew: whether the code is to know nothing of what it was asked before: another child answers.
        """
        self._runs.clear()
        if anew:
            self.close()

    def ask(self, request: Request) -> Message:
        """Runs a probe.

        Raises:
            CheckOutcome: if no answer came, with the reason.
            SandboxLost: if there can be no child.
        """
        name, watched = request.probe.name, self._watched_for(request.probe)
        traced = bool(watched) and self._draws(request)
        self._untraced.pop(name, None)
        answer = self._sent(request, watched, traced)
        if watched and not traced:
            self._untraced[name] = request.without_inputs()
        return answer

    def ask_again(self) -> Iterator[tuple[Request, Message]]:
        """Runs the last request of each watched probe once more, where it was not traced, and traces it.

        One that gives no answer now is passed over: it has had one.
        """
        for request in [*self._untraced.values()]:
            with suppress(CheckOutcome):
                yield request, self._sent(request, self._watched_for(request.probe), traced=True)
        self._untraced.clear()

    def _draws(self, request: Request) -> bool:
        """Whether a run of a watched probe is traced: the check's first, and one of `_EVERY` of the others."""
        asked = request.probe.name, request.texts  # one probe may be for several functions
        self._runs[asked] += 1
        number = self._runs[asked]
        drawn = crc32(f"{request.seed} {request.probe.name} {number}".encode()) % _EVERY
        return number == 1 or drawn == 0

    def _sent(self, request: Request, watched: Mapping[str, Any], traced: bool) -> Message:
        name = request.probe.name
        header, block = request.wire
        header = {**header, "trace": watched if traced else None}
        with self._waiting():
            if watched or name in self._threaded:
                self._let_start_threads(not watched or self._needs_threads)
            answer = self._exchange(header, block, request)
            if "error" in answer.header and not watched and not self._has_threads:
                self._threaded.add(name)  # it may be for want of a thread
                self._let_start_threads(True)
                answer = self._exchange(header, block, request)
            if request.device == "cuda" and is_of_cuda(answer.header.get("error")):
                answer = self._asked_again(header, block, request)
        return answer

    def _rehearsal(self, request: Request) -> str | None:
        """How a probe is rehearsed, if it is: the first two times that it is asked for what it names of the module."""
        if request.device != "cpu" or request.probe.once:
            return None
        inputs = request.wire[0]["arguments"]["dict"]
        named = (text for _, text in inputs if isinstance(text, str) and text in self._names)
        asked = request.probe.name, *named
        self._asked[asked] += 1
        return {1: "plain", 2: "otherwise"}.get(self._asked[asked])

    def read(self, request: Request, answer: Message) -> Any:
        """What a probe returned, as plain data and `Received` tensors.

        Raises:
            CheckOutcome: if the answer is of no use, with the reason.
        """
        header, block, _text = answer
        if "error" in header:
            watched = bool(self._watched_for(request.probe))
            raise self.failures.raised(header["error"], request.device, watched)
        try:
            value = decode(header.get("value"), block, as_received(request.device))
        except (WireError, ValueError, TypeError, OverflowError) as error:
            raise unusable(error) from error
        kept = request.probe.changes
        if names := [name for name in strings(header.get("changed")) if name not in kept]:
            raise changed(names, self.parameters)
        return value

    @contextmanager
    def _waiting(self) -> Iterator[None]:
        self._waiting_since, self.is_waiting = time.monotonic(), True
        try:
            yield
        finally:
            self._seconds, self.is_waiting = self.waited, False

    def _exchange(self, header: dict[str, Any], block: bytes, request: Request) -> Message:
        child = self._ready()
        left, start = self._left(), self.waited
        try:
            try:
                return child.call({**header, "rehearsal": self._rehearsal(request)}, block, left)
            finally:
                self.printed = (self.printed + child.printed)[:_MOST_PRINTED]
                self._free_seconds += child.held_up
        except NoAnswer as error:
            self._child, self._was_lost = None, True
            if self._may_be_late(error, start):
                return self._exchange(header, block, request)
            if request.device == "cuda":
                self._expect_device()
            if self._was_cut_short(error, left):
                raise cut_short(self._sandbox.limits.exercise_seconds) from error
            raise self.failures.lost(error, request.device) from error

    def _asked_again(self, header: dict[str, Any], block: bytes, request: Request) -> Message:
        """The answer where CUDA itself refused: believed when it comes twice, in between which the device has worked.

        After such an error, nothing may work any more in that child.

        Raises:
            SandboxLost: if the device does not work.
        """
        self.close()
        self._expect_device()
        answer = self._exchange(header, block, request)
        if is_of_cuda(answer.header.get("error")):
            self.close()
        return answer

    def _expect_device(self) -> None:
        """Tries the device with code of ours, in a child of its own; it takes none of the student's time.

        Raises:
            SandboxLost: if it does not work, or has less memory left than one submission may take.
        """
        start = self.waited
        if trouble := self._sandbox.device_trouble():
            raise SandboxLost(f"The GPU cannot be used: {trouble}")
        self._free_seconds += self.waited - start

    def _let_start_threads(self, threads: bool) -> None:
        """Ends a child that may start threads where none should, and the reverse."""
        if threads != self._has_threads:
            self.close()
            self._has_threads = threads

    def _left(self) -> float:
        """The seconds that are left for this exercise.

        Raises:
            CheckOutcome: if there are none.
        """
        most = self._sandbox.limits.exercise_seconds
        left = most - (self.waited - self._free_seconds)
        if left <= 0:
            raise out_of_time(most)
        return left

    def _was_cut_short(self, error: NoAnswer, left: float) -> bool:
        """Whether it was the exercise's time that ended before the probe's or the import's."""
        return error.reason == "timeout" and error.values.get("seconds") == left

    def _may_be_late(self, error: NoAnswer, start: float) -> bool:
        """Whether the time since `start` may have gone to an import of torch's own; then it is free."""
        if error.reason != "timeout" or self._sandbox.has_imported(_LATE):
            return False
        self._preload = (*self._preload, *_LATE)
        self._free_seconds += self.waited - start
        self._was_lost = False
        return True

    def _ready(self) -> Child:
        """The child with the student's source loaded in it."""
        if not self.load_problem and self._child is None:
            self._child = self._load()
        if self._child is None:
            raise not_loaded()
        return self._child

    def _load(self) -> Child | None:
        """A new child with the source in it; without one, `load_problem` says why."""
        left = self._left() if self._was_lost else math.inf
        start = self.waited
        child = self._sandbox.open(self._preload, threads=self._has_threads)
        if self._was_lost:  # the start of a child is nobody's time, nor that of a GPU in it
            self._free_seconds += self.waited - start
        cells = list(zip(tags_of(self.name, self._source), self._source.programs, strict=True))
        notebook, once_more = self._source.notebook, self._once_more
        wanted = once_more.left_out, once_more.definitions
        if self._given:
            child.give(self._given)
        try:
            most = min(left, once_more.seconds)
            header = child.load(self.name, cells, notebook, most, *wanted)
        except NoAnswer as error:
            if self._may_be_late(error, start):
                return self._load()
            if self._was_cut_short(error, left):
                raise cut_short(self._sandbox.limits.exercise_seconds) from error
            spent = self.waited - start - child.held_up
            if once_more.without(error, self._sandbox.limits.import_seconds, spent):
                return self._load_again(start)
            self.load_problem = self.failures.lost_at_import(once_more.first or error)
            return None
        errors = header["errors"] if isinstance(header.get("errors"), list) else []
        raised = header.get("error") or next(iter(errors), None)
        if self._with_threads.changes_what_raises(errors or raised, self._has_threads):
            child.close()
            self._has_threads = self._needs_threads = self._with_threads.is_tried
            return self._load_again(start)
        self.failures.note_loaded(header, once_more.first)
        if "error" in header or self.failures.is_nothing_defined:
            child.close()
            if is_of_cuda(raised):
                self._expect_device()
            self.load_problem = self.failures.not_loaded(raised)
            return None
        self._names = frozenset(strings(header.get("names")))
        self._make_free(start)
        self._was_lost = False
        return child

    def _load_again(self, start: float) -> Child | None:
        self._make_free(start)
        return self._load()

    def _make_free(self, start: float) -> None:
        """Lets the time since `start` not count, where it went to loading the file for the first time."""
        if not self._was_lost:
            self._free_seconds += self.waited - start
