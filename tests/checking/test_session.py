"""A session keeps a child at work: it loads the student's file, replaces a lost child, and stops when time is up."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any, cast

import pytest
import torch
from torch import Tensor

from grader import probe
from grader.checking.memo import MemoizedSession
from grader.checking.outcome import CheckFailed, CheckOutcome
from grader.checking.session import Request, Session
from grader.checking.sessions import Sessions
from grader.checking.telling.raised import seen_in
from grader.errors import NoAnswer, SandboxLost
from grader.sandbox import Child, Limits, Message, Sandbox
from grader.sandbox.wire.values import Received, decode
from grader.submission.submission import Cell, Source

TEXT = """
import os
import torch

count = 0

def counted():
    global count
    count += 1
    return count

def double(x):
    return 2 * x

def spoil(x):
    x.zero_()

def slope(x):
    x = x.clone().requires_grad_()
    (x ** 2).sum().backward()
    return x.grad

def leave():
    os._exit(3)
"""


@probe(once="it counts")
def counted(student: Any) -> int:
    return int(student.counted())


@probe
def double(student: Any, x: Tensor) -> Any:
    return student.double(x)


@probe
def spoil(student: Any, x: Tensor, y: Tensor) -> None:
    student.spoil(x)
    student.spoil(y)


@probe(changes=("x",))
def spoil_one(student: Any, x: Tensor) -> None:
    student.spoil(x)


@probe
def slope(student: Any, x: Tensor) -> Any:
    return student.slope(x)


@probe
def twice(student: Any) -> None:
    student.twice()


@probe
def named(student: Any, name: str) -> Any:
    return getattr(student, name, None) is None


@probe
def leave(student: Any) -> None:
    student.leave()


@probe
def absent(student: Any) -> None:
    student.doubel()


class Counting:
    """A sandbox that notes what it is asked for, with a time for an exercise of one's own."""

    def __init__(self, sandbox: Sandbox, seconds: float = 100) -> None:
        self._sandbox = sandbox
        self.limits = replace(sandbox.limits, exercise_seconds=seconds)
        self.preloads: list[Sequence[str]] = []

    def open(self, preload: Sequence[str] = (), *, threads: bool = True) -> Child:
        self.preloads.append(preload)
        return self._sandbox.open(preload, threads=threads)

    def has_imported(self, modules: Sequence[str]) -> bool:
        return True


@pytest.fixture
def counting(sandbox: Sandbox) -> Counting:
    return Counting(sandbox)


Start = Callable[..., Session]


@pytest.fixture
def start(counting: Counting) -> Iterator[Start]:
    started: list[Session] = []

    def session(
        text: str = TEXT, box: object = counting, notebook: bool = False, **more: Any
    ) -> Session:
        source = Source("work.py", (Cell("work.py", text),), notebook=notebook)
        started.append(Session("work", source, cast(Sandbox, box), **more))
        return started[-1]

    yield session
    for each in started:
        each.close()


def run(session: Session, what: Any, device: str = "cpu", /, **inputs: Any) -> Any:
    request = Request(what, inputs, device, seed=1)
    return session.read(request, session.ask(request))


@pytest.mark.parametrize("device", ["cpu", "sim"])
def test_an_answer_crosses_as_plain_data_and_tensors(start: Start, device: str) -> None:
    session = start()
    assert run(session, counted) == 1
    got = run(session, double, device, x=torch.tensor([1.0, 2.0]))
    assert isinstance(got, Received)
    assert got.tensor.tolist() == [2.0, 4.0]
    assert got.home == device


def test_one_child_serves_until_it_is_lost(start: Start, counting: Counting) -> None:
    session = start(preload=("json",))
    assert counting.preloads == []  # none before the first probe
    assert [run(session, counted) for _ in range(3)] == [1, 2, 3]
    assert len(counting.preloads) == 1
    with pytest.raises(CheckOutcome) as lost:
        run(session, leave)
    assert lost.value.status == "failed"
    assert "ended its process" in lost.value.message
    assert run(session, counted) == 1  # in another child
    assert counting.preloads == [("json",), ("json",)]


def test_a_closed_session_has_no_child(start: Start, counting: Counting) -> None:
    session = start()
    session.close()  # before there is one
    assert run(session, counted) == 1
    session.close()
    session.close()
    assert run(session, counted) == 1
    assert len(counting.preloads) == 2


def test_a_file_with_a_problem_is_not_tried(counting: Counting) -> None:
    session = Session("work", Source("work.py", problem="It is empty."), cast(Sandbox, counting))
    with pytest.raises(CheckOutcome) as outcome:
        run(session, counted)
    assert outcome.value.status == "not_reached"
    assert session.load_problem == "It is empty."
    assert counting.preloads == []


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("1 / 0", "work.py, line 1: importing the file raises ZeroDivisionError"),
        ("x = 1 +", "work.py, line 1: SyntaxError: invalid syntax"),
    ],
)
def test_a_file_that_cannot_be_loaded_is_tried_once(
    start: Start, counting: Counting, text: str, problem: str
) -> None:
    session = start(text)
    assert session.load_problem == ""
    for _ in range(2):
        with pytest.raises(CheckOutcome) as outcome:
            run(session, counted)
        assert outcome.value.status == "not_reached"
    assert problem in session.load_problem
    assert len(counting.preloads) == 1


def test_the_names_of_the_file_are_known_to_what_is_told(start: Start) -> None:
    with pytest.raises(CheckFailed, match="It has `double`: is that the one"):
        run(start(), absent)


def test_a_notebook_is_loaded_cell_by_cell(counting: Counting) -> None:
    cells = Cell("work.ipynb, cell 1", "1 / 0"), Cell("work.ipynb, cell 2", TEXT + "\n%time 1\n")
    source = Source("work.ipynb", cells, notebook=True)
    session = Session("work", source, cast(Sandbox, counting))
    assert run(session, counted) == 1
    session.close()


# the time for an exercise


class Clock:
    """Stands for the module `time` in a session: whatever is waited for takes as long as a test says."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now


class Slow:
    """A sandbox whose children take their time by a clock of the test's own, and keep to what they may take.

    Args:
        imports: seconds of each import, one child after the other.
        calls: seconds of each call; a call of `None` seconds ends the child.
    """

    def __init__(self, clock: Clock, imports: list[float], calls: list[float | None]) -> None:
        self.limits = Limits(import_seconds=10, call_seconds=5, exercise_seconds=30)
        self.opened = 0
        self.printed, self.held_up = "", 0.0
        self.late: list[str] = []  # to be imported before a child that is forked has it
        self._clock, self._imports, self._calls = clock, imports, calls

    def open(self, preload: Sequence[str], *, threads: bool = True) -> Slow:
        self.opened += 1
        self.late = [name for name in self.late if name not in preload]
        return self

    def has_imported(self, modules: Sequence[str]) -> bool:
        return not set(self.late) & set(modules)

    def load(
        self, name: str, cells: object, notebook: bool, most_seconds: float, *_: object
    ) -> dict[str, Any]:
        self._spend(self._imports.pop(0), min(10, most_seconds))
        return {"names": ["counted"]}

    def call(self, request: object, block: bytes, most_seconds: float) -> Message:
        seconds = self._calls.pop(0)
        if seconds is None:
            raise NoAnswer("died", "crashed")
        self._spend(seconds, min(5, most_seconds))
        return Message({"value": 1}, b"", b"")

    def close(self) -> None: ...

    def _spend(self, seconds: float, most: float) -> None:
        self._clock.now += min(seconds, most)
        if seconds > most:
            raise NoAnswer("timeout", "did not finish within {seconds:g} seconds", seconds=most)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr("grader.checking.session.time", clock)
    return clock


def told(session: Session) -> str:
    """What comes of a probe."""
    try:
        return str(run(session, counted))
    except CheckOutcome as outcome:
        return f"{outcome.status}: {outcome.message}"


def test_the_first_import_does_not_count(start: Start, clock: Clock) -> None:
    session = start(box=Slow(clock, imports=[9], calls=[4.9] * 9))
    assert [told(session) for _ in range(6)] == ["1"] * 6
    assert clock.now == pytest.approx(1000 + 9 + 6 * 4.9)
    # of which 29.4 s count: the seventh call is stopped after 0.6 s
    cut = "timeout: Your code did not finish within the 30 seconds for all of this exercise."
    assert told(session) == cut
    assert clock.now == pytest.approx(1000 + 9 + 30)
    assert session.waited == pytest.approx(39)


def test_what_the_machine_took_does_not_count(start: Start, clock: Clock) -> None:
    box = Slow(clock, imports=[1], calls=[4.9] * 9)
    box.held_up = 2.0
    session = start(box=box)
    assert [told(session) for _ in range(9)] == ["1"] * 9  # 9 · 2.9 s count


def test_a_file_that_dies_at_each_call_is_not_imported_for_ever(start: Start, clock: Clock) -> None:
    box = Slow(clock, imports=[9.0] * 99, calls=[None] * 99)
    session = start(box=box)
    ends = [told(session) for _ in range(40)]
    assert ends[:4] == ["failed: Your code crashed."] * 4
    assert ends[4] == (
        "timeout: Your code did not finish within the 30 seconds for all of this exercise."
    )
    assert set(ends[5:]) == {"timeout: Not run: the 30 seconds for this exercise are used up."}
    assert clock.now == pytest.approx(1000 + 9 + 30)
    assert box.opened == 5
    assert session.load_problem == ""  # it was imported before


def test_what_the_grader_itself_loads_anew_does_not_count(start: Start, clock: Clock) -> None:
    box = Slow(clock, imports=[9.0] * 6, calls=[1.0] * 6)
    session = start(box=box)
    for _ in range(6):
        assert told(session) == "1"
        session.close()
    assert box.opened == 6
    assert clock.now == pytest.approx(1000 + 6 * (9 + 1))


def test_a_probes_own_limit_is_told_as_such(start: Start, clock: Clock) -> None:
    session = start(box=Slow(clock, imports=[1, 1], calls=[6, 1]))
    assert told(session) == "timeout: Your code did not finish within 5 seconds."
    assert told(session) == "1"


def test_the_time_of_an_import_of_torchs_own_is_nothing_of_the_students(
    start: Start, clock: Clock
) -> None:
    box = Slow(clock, imports=[1, 1, 1], calls=[6, 4, 6, 4])
    box.late = ["torch._dynamo"]
    session = start(box=box)
    assert [told(session) for _ in range(3)] == [
        "1",
        "timeout: Your code did not finish within 5 seconds.",  # which this child has imported
        "1",
    ]
    box = Slow(clock, imports=[11, 1], calls=[6])
    box.late = ["torch._dynamo"]
    assert told(start(box=box)) == "timeout: Your code did not finish within 5 seconds."
    assert box.opened == 2


def test_a_slow_first_import_is_the_files_problem(start: Start, clock: Clock) -> None:
    """It is loaded once more, which has as much time in all."""
    session = start(box=Slow(clock, imports=[11, 4], calls=[1]))
    assert told(session) == "1"
    [note] = session.failures.notes
    assert "importing the file did not finish within 10 seconds" in note
    box = Slow(clock, imports=[11] * 9, calls=[])
    session, before = start(box=box), clock.now
    assert told(session).startswith("not_reached: ")
    assert "importing the file did not finish within 10 seconds" in session.load_problem
    assert (clock.now - before, box.opened) == (20, 2)


def test_it_is_known_whether_the_sandbox_is_waited_for(start: Start, counting: Counting) -> None:
    seen = []

    class Watching(Counting):
        def open(self, preload: Sequence[str] = (), *, threads: bool = True) -> Child:
            seen.append(session.is_waiting)
            return super().open(preload)

    session = start(box=Watching(counting._sandbox))
    assert not session.is_waiting
    run(session, counted)
    assert seen == [True]
    assert not session.is_waiting
    assert session.waited > 0


def test_the_time_for_an_exercise_is_used_up(start: Start, sandbox: Sandbox) -> None:
    session = start(box=Counting(sandbox, seconds=1e-9))
    for _ in range(2):
        with pytest.raises(CheckOutcome, match="seconds for this exercise are used up") as outcome:
            run(session, counted)
        assert outcome.value.status == "timeout"


def test_another_file_in_the_same_sandbox(start: Start, counting: Counting) -> None:
    session = start(preload=("json",))
    assert [run(session, counted) for _ in range(2)] == [1, 2]
    session.close()
    other = session.with_source(Source.of_text("work.py", TEXT.replace("count = 0", "count = 7")))
    assert run(other, counted) == 8
    other.close()
    assert run(session, counted) == 1  # in a new child
    assert counting.preloads == [("json",)] * 3


def test_a_hang_is_a_timeout_that_names_the_line(start: Start, strict_sandbox: Sandbox) -> None:
    text = "def counted():\n    while True: pass\n"
    with pytest.raises(CheckOutcome) as outcome:
        run(start(text, strict_sandbox), counted)
    assert outcome.value.status == "timeout"
    assert "It was at work.py, line 2: `while True: pass`." in outcome.value.message


def test_what_torch_imports_late_costs_nobody_an_answer(start: Start) -> None:
    text = (
        "import sys, time\n"
        "def counted():\n"
        "    if 'torch._dynamo' not in sys.modules: time.sleep(9)\n"
        "    return 1\n"
    )
    with Sandbox(Limits(call_seconds=1)) as cold:
        assert run(start(text, cold), counted) == 1


def test_a_lost_sandbox_is_nothing_of_the_students(start: Start, counting: Counting) -> None:
    class Lost:
        limits = counting.limits

        def open(self, preload: Sequence[str], *, threads: bool = True) -> Child:
            raise SandboxLost("It is gone.")

    session = start(box=Lost())
    with pytest.raises(SandboxLost):
        run(session, counted)
    assert session.load_problem == ""


def test_inputs_are_to_be_left_as_they_were(start: Start) -> None:
    session = start()
    with pytest.raises(CheckFailed, match="The inputs `x` and `y` were changed"):
        run(session, spoil, x=torch.ones(2), y=torch.ones(2))
    assert run(session, spoil_one, x=torch.ones(2)) is None


@pytest.mark.parametrize(
    "header",
    [
        {"value": {"tensor": "t0"}},
        {"value": {"unknown": 1}},
        {"value": {"float": "a"}},
        {"value": {"float": []}},
    ],
)
def test_an_answer_that_is_no_value_is_of_no_use(start: Start, header: dict[str, Any]) -> None:
    request = Request(counted, {}, "cpu", 1)
    with pytest.raises(CheckFailed, match="The answer of your code cannot be used"):
        start().read(request, Message(header, b"", b""))


def test_what_a_child_says_was_changed_is_not_believed_blindly(start: Start) -> None:
    request = Request(spoil_one, {}, "cpu", 1)
    for changed in ("x", {"x": 1}, [1, None], ["x"]):
        assert start().read(request, Message({"value": 1, "changed": changed}, b"", b"")) == 1


BY_HAND = {"by hand": True}


class Traced:
    """A sandbox that notes which calls of a child are traced, and for what."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self.limits = sandbox.limits
        self.traces: list[tuple[str, Any]] = []

    def open(self, preload: Sequence[str] = (), *, threads: bool = True) -> Child:
        child = self._sandbox.open(preload, threads=threads)
        call = child.call

        def noted(header: dict[str, Any], block: bytes, seconds: float) -> Message:
            self.traces.append((header["probe"], header["trace"]))
            return call(header, block, seconds)

        child.call = noted  # type: ignore[method-assign, assignment]
        return child


def watching(*probes: Any) -> Callable[[Any], dict[str, Any]]:
    return lambda each: BY_HAND if each in probes else {}


def test_what_a_watched_probe_did_is_in_its_answer(start: Start) -> None:
    session = start(watched_for=watching(slope, double))
    answers = [
        session.ask(Request(each, {"x": torch.ones(2)}, "cpu", 1)) for each in (slope, double)
    ]
    rules, names = zip(*seen_in(answers[0]), strict=True)
    assert set(rules) == {"by hand"}
    assert any("engine" in name for name in names)
    assert seen_in(answers[1]) == []


def test_nothing_is_traced_otherwise(start: Start, sandbox: Sandbox) -> None:
    box = Traced(sandbox)
    session = start(box=box)
    assert seen_in(session.ask(Request(slope, {"x": torch.ones(2)}, "cpu", 1))) == []
    assert list(session.ask_again()) == []
    assert box.traces == [("slope", None)]


def test_the_first_run_some_others_and_the_last_are_traced(start: Start, sandbox: Sandbox) -> None:
    """Which others, the seed says: the same for everybody who has it."""
    drawn = set()
    for seed in range(3):
        patterns = []
        for _ in range(2):
            box = Traced(sandbox)
            session = start(box=box, watched_for=watching(double))
            for number in range(30):
                session.ask(Request(double, {"x": torch.ones(number + 1)}, "cpu", seed))
            traced = [bool(trace) for _probe, trace in box.traces]
            again = [request for request, _answer in session.ask_again()]
            assert len(again) == (not traced[-1])
            assert [request.wire for request in again] == [
                Request(double, {"x": torch.ones(30)}, "cpu", seed).wire for _ in again
            ]
            assert box.traces[-1] == ("double", BY_HAND)
            assert list(session.ask_again()) == []  # once is enough
            patterns.append(traced)
        assert patterns[0] == patterns[1]
        assert patterns[0][0]
        assert 1 < sum(patterns[0]) < 30
        drawn.add(tuple(patterns[0]))
    assert len(drawn) > 1


def test_each_check_has_its_first_run_traced_for_each_name_that_it_asks_for(
    start: Start, sandbox: Sandbox
) -> None:
    box = Traced(sandbox)
    session = start(box=box, watched_for=watching(named))
    for _ in range(2):
        session.begin_check()
        for name in ("counted", "counted", "again"):
            session.ask(Request(named, {"name": name}, "cpu", 1))
    traced = [bool(trace) for _probe, trace in box.traces]
    assert (traced[0], traced[2], traced[3], traced[5]) == (True, True, True, True)
    assert traced.count(False) == 2  # this seed draws none of the others
    both = Sessions(session)
    both.begin_check()
    session.ask(Request(named, {"name": "counted"}, "cpu", 1))
    assert box.traces[-1] == ("named", BY_HAND)


def test_a_last_run_that_gives_no_answer_the_second_time_is_passed_over(start: Start) -> None:
    text = (
        TEXT + "\ndef twice():\n    global count\n    count += 1\n    if count > 4: os._exit(3)\n"
    )
    session = start(text, watched_for=watching(twice, double))
    for seed in range(2):  # the second run is not drawn; each has a rehearsal
        run(session, double, x=torch.ones(1))
        session.ask(Request(twice, {}, "cpu", seed))
    again = [request.probe for request, _answer in session.ask_again()]
    assert twice not in again
    assert again in ([double], [])


@pytest.mark.parametrize(
    "seen",
    [None, "by hand", {"by hand": "x"}, [1], ["by hand"], [["by hand"]], [["by hand", 1]], [[]]],
)
def test_what_a_child_says_was_seen_is_not_believed_blindly(seen: Any) -> None:
    assert seen_in(Message({"seen": seen}, b"", b"")) == []
    assert seen_in(Message({}, b"", b"")) == []


def test_what_was_seen_is_plain_and_not_much_of_it() -> None:
    told = seen_in(Message({"seen": [["by hand", "\x1b" + "x" * 5000]] * 5000}, b"", b""))
    assert 0 < len(told) < 100
    assert all(name.isprintable() and len(name) < 200 for _rule, name in told)


def test_the_texts_of_a_request_may_name_what_is_called() -> None:
    request = Request(double, {"x": torch.ones(1), "name": "mse", "more": ["a"]}, "cpu", 1)
    assert request.texts == request.without_inputs().texts == {"mse"}


@probe
def default_dtype(student: Any) -> Any:
    return str(torch.ones(()).dtype)


def test_each_request_runs_under_its_own_default_dtype(start: Start) -> None:
    session = start()
    requests = [Request(default_dtype, {}, "cpu", 1, *more) for more in (("float64",), ())]
    answers = [session.read(request, session.ask(request)) for request in requests]
    assert answers == ["torch.float64", "torch.float32"]


def test_a_request_is_encoded_once() -> None:
    request = Request(double, {"x": torch.arange(3.0)}, "sim", 5)
    header, block = request.wire
    assert request.wire is request.wire
    assert (header["probe"], header["device"], header["seed"]) == ("double", "sim", 5)
    sent = decode(header["arguments"], block, lambda tensor, _: tensor)
    assert sent["x"].tolist() == [0.0, 1.0, 2.0]


def test_a_request_without_its_inputs_is_sent_as_it_was() -> None:
    request = Request(double, {"x": torch.arange(3.0)}, "sim", 5)
    sent = request.without_inputs()
    assert sent.inputs == {}
    assert sent.wire == request.wire
    assert (sent.probe, sent.device, sent.seed) == (double, "sim", 5)


# on a GPU

ASSERTED = {"type": "AcceleratorError", "message": "CUDA error: device-side assert triggered"}
FULL = {"type": "OutOfMemoryError", "message": "CUDA out of memory. Tried to allocate 9 GiB."}
NUMPY = {"type": "TypeError", "message": "can't convert cuda:0 device type tensor to numpy"}


class Gpu:
    """A sandbox whose children answer as a test says, and whose device has these troubles, one try after the other.

    Args:
        answers: the header of each; one that is a string stands for a child that ends so.
        loads: the header of each answer to a load; by default nothing is wrong.
    """

    def __init__(
        self,
        answers: Sequence[dict[str, Any] | str],
        troubles: Sequence[str] = (),
        loads: Sequence[dict[str, Any]] = (),
    ) -> None:
        self.limits = Limits()
        self.printed, self.held_up = "", 0.0
        self.events: list[str] = []
        self._answers, self._troubles, self._loads = [*answers], [*troubles], [*loads]

    def open(self, preload: Sequence[str], *, threads: bool = True) -> Gpu:
        self.events.append("open")
        return self

    def load(self, *_: object) -> dict[str, Any]:
        return self._loads.pop(0) if self._loads else {"names": []}

    def call(self, *_: object) -> Message:
        answer = self._answers.pop(0)
        self.events.append("call")
        if isinstance(answer, str):
            raise NoAnswer("timeout" if "finish" in answer else "died", answer)
        return Message(answer, b"", b"")

    def close(self) -> None:
        self.events.append("close")

    def has_imported(self, modules: Sequence[str]) -> bool:
        return True

    def device_trouble(self) -> str:
        self.events.append("try")
        return self._troubles.pop(0) if self._troubles else ""


def on_gpu(start: Start, box: Gpu) -> str:
    try:
        return str(run(start(box=box), counted, "cuda"))
    except CheckOutcome as outcome:
        return f"{outcome.status}: {outcome.message} {[cause.id for cause in outcome.causes]}"


@pytest.mark.parametrize("error", [ASSERTED, FULL])
def test_an_error_of_cudas_that_comes_twice_is_the_students(
    start: Start, error: dict[str, Any]
) -> None:
    box = Gpu([{"error": error}, {"error": error}])
    told = on_gpu(start, box)
    assert told.startswith(
        f"failed: The check could not go on with what it got: {error['type']}: CUDA "
    )
    assert told.endswith("['raised-index']" if error is ASSERTED else "['raised-memory']")
    # each time in a child of its own, which is not used again
    assert box.events == ["open", "call", "close", "try", "open", "call", "close"]


def test_an_error_of_cudas_that_does_not_come_again_costs_nothing(start: Start) -> None:
    box = Gpu([{"error": FULL}, {"value": 7}])
    assert on_gpu(start, box) == "7"
    assert box.events == ["open", "call", "close", "try", "open", "call"]


@pytest.mark.parametrize(
    "answer",
    [{"error": FULL}, {"error": ASSERTED}, "crashed (SIGABRT)", "did not finish within 5 seconds"],
)
def test_where_the_gpu_does_not_work_it_is_a_fault(
    start: Start, answer: dict[str, Any] | str
) -> None:
    box = Gpu([answer], ["AcceleratorError: CUDA error: the device is lost"])
    with pytest.raises(SandboxLost, match=r"^The GPU cannot be used: .*the device is lost$"):
        on_gpu(start, box)


def test_where_it_does_a_child_that_was_lost_is_the_students(start: Start) -> None:
    box = Gpu(["crashed (SIGABRT)"])
    assert on_gpu(start, box) == "failed: Your code crashed (SIGABRT). []"
    assert box.events == ["open", "call", "try"]


def test_an_import_that_the_gpu_fails_is_a_fault(start: Start) -> None:
    loads = [{"error": ASSERTED}, {"error": ASSERTED}]
    with pytest.raises(SandboxLost, match="it is full"):
        on_gpu(start, Gpu([], ["it is full"], loads))
    assert on_gpu(start, Gpu([], [], loads)) == "not_reached: The file could not be loaded. []"


def test_a_mistake_with_devices_needs_no_second_look(start: Start) -> None:
    box = Gpu([{"error": NUMPY}])
    assert on_gpu(start, box).endswith("['raised-device']")
    assert box.events == ["open", "call"]


def test_to_try_the_gpu_takes_none_of_the_students_time(
    start: Start, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = start(box=Gpu([{"error": FULL}, {"value": 7}, {"value": 8}]))
    monkeypatch.setattr(Gpu, "device_trouble", lambda _: setattr(clock, "now", clock.now + 99))
    assert run(session, counted, "cuda") == 7
    assert run(session, counted, "cuda") == 8


@probe
def call_named(student: Any, name: str, x: Tensor) -> Any:
    getattr(student, name)(x)
    student.calls.append(name)
    return len(student.calls)


@probe(once="a second call would be seen")
def call_once(student: Any, x: Tensor) -> int:
    student.calls.append(x.item())
    return len(student.calls)


def test_a_function_is_rehearsed_twice_each_time_in_its_own_way(start: Start) -> None:
    """Once as it is, once with other settings; for each function that the probe is told by name."""
    session = start("calls = []\ndef one(x): pass\ndef two(x): pass\n")
    lengths = []
    for name in ("one", "one", "one", "two", "two", "two", "one"):
        lengths.append(run(session, call_named, name=name, x=torch.ones(1)))
    assert lengths == [2, 4, 5, 7, 9, 10, 11]


def test_other_texts_and_other_devices_bring_no_rehearsal(start: Start) -> None:
    session = start("calls = []\n__getattr__ = lambda name: lambda x: None\n")
    lengths = []
    for name in ("a", "b", "c", "d"):
        lengths.append(run(session, call_named, name=name, x=torch.ones(1)))
    lengths.append(run(session, call_named, "sim", name="e", x=torch.ones(1)))
    assert lengths == [2, 4, 5, 6, 7]


def test_a_probe_that_says_why_is_called_once(start: Start) -> None:
    session = start("calls = []\n")
    assert [run(session, call_once, x=torch.ones(1)) for _ in range(2)] == [1, 2]


KEEPS = """
import torch

total = torch.zeros(2)

def double(x):
    return total.add_(2 * x)

def halve(x):
    torch.set_default_dtype(torch.float64)
    return x / 2

def itself(x):
    return x[:]
"""


@probe
def apply_named(student: Any, name: str, x: Tensor) -> Any:
    return getattr(student, name)(x)


@pytest.mark.parametrize(
    ("name", "sentence", "cause"),
    [
        ("double", "A second call changed what the first had given back.", "kept-result"),
        ("halve", "torch's default dtype is another one", "left-set"),
        ("itself", "shares its memory with an input", "shared-memory"),
    ],
)
def test_what_a_call_does_not_leave_as_it_was_is_told(
    start: Start, name: str, sentence: str, cause: str
) -> None:
    asked = MemoizedSession(start(KEEPS))
    asked.call(apply_named, {"name": name, "x": torch.ones(2)}, "cpu", 1)  # which has its answer
    broken = asked.impolite()
    assert broken
    assert sentence in broken.message
    assert [each.id for each in broken.causes] == [cause]


THREADS = """
import threading
import torch

count = 0

def counted():
    global count
    count += 1
    return count

def started():
    thread = threading.Thread(target=counted)
    thread.start()
    thread.join()
    return 7
"""


@probe(once="it counts")
def plain(student: Any) -> int:
    return int(student.counted())


@probe(once="it counts")
def started(student: Any) -> int:
    return int(student.started())


def test_watched_work_starts_no_threads_and_other_work_may(
    start: Start, counting: Counting, sandbox: Sandbox
) -> None:
    """A trace follows one thread: so watched work is done on one, in each of its runs."""
    session = start(THREADS, watched_for=watching(counted))
    assert run(session, started) == 7
    assert run(session, counted) == 1  # in another child, which is watched
    assert run(session, counted) == 2
    assert run(session, plain) == 3  # that child will do for what starts no thread
    assert len(counting.preloads) == 2
    assert run(session, started) == 7
    assert len(counting.preloads) == 3
    assert run(session, started) == 7
    assert len(counting.preloads) == 3
    if any(layer.name == "no new processes" and layer.on for layer in sandbox.layers()):
        watched = start(THREADS, watched_for=lambda _: BY_HAND)
        for _ in range(5):  # traced or not
            with pytest.raises(CheckFailed, match="can't start new thread"):
                run(watched, started)


@pytest.mark.parametrize("notebook", [False, True])
def test_a_file_that_starts_a_thread_when_it_is_loaded_is_right_by_hand(
    start: Start, notebook: bool
) -> None:
    """Progress bars do, and a demo may: nothing is lost for it, though a trace does not follow that thread."""
    text = THREADS + "\nstarted()\n"
    session = start(text, notebook=notebook, watched_for=lambda _: BY_HAND)
    assert run(session, counted) == 2
    assert run(session, started) == 7
