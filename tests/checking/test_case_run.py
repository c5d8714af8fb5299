"""One case is run to its end: what its function gets, how it ended, and whether it asks the same another time."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from typing import Any, cast

import pytest
import torch

from grader import Draw, Student, expect, probe
from grader.checking.alarm import Overrun
from grader.checking.case_run import expect_steady, run_case
from grader.checking.collect import Case
from grader.checking.drawing.rounds import ROUNDS
from grader.checking.memo import MemoizedSession
from grader.checking.outcome import CaseEnd, CheckFailed, CheckOutcome, CheckRaised, DtypeNotTaken
from grader.checking.session import Request, Session
from grader.errors import CourseError, CourseFault, SandboxLost
from grader.sandbox import Message


@probe
def same(student: Any, x: Any) -> Any:
    return x


class Answering:
    """A session that answers with a number, or raises."""

    def __init__(self, error: Exception | None = None) -> None:
        self.asked: list[Request] = []
        self._error = error

    def ask(self, request: Request) -> Message:
        self.asked.append(request)
        if self._error:
            raise self._error
        return Message({"value": len(self.asked)}, b"", b"%d" % len(self.asked))

    def read(self, request: Request, answer: Message) -> Any:
        return answer.header["value"]


def case_of(function: Callable[..., object], **params: Any) -> Case:
    names = tuple(function.__code__.co_varnames[: function.__code__.co_argcount])
    given: Mapping[str, Any] = {"device": "sim", "home": "cpu", "dtype": torch.float64} | params
    return Case("it[sim]", function, names, given)


def memoized(session: Answering) -> MemoizedSession:
    return MemoizedSession(cast(Session, session))


def run(function: Callable[..., object], error: Exception | None = None) -> CaseEnd:
    return run_case(case_of(function), memoized(Answering(error)), seed=3)


def test_a_function_gets_what_it_asks_for() -> None:
    got: list[Any] = []

    def check(student: Student, elsewhere: Student, draw: Draw, dtype: object, n: int) -> None:
        got.extend((student, elsewhere, draw, dtype, n))

    case = case_of(check, n=5, device="cuda")
    assert run_case(case, memoized(Answering()), seed=3) == CaseEnd()
    student, elsewhere, draw, dtype, n = got
    assert student is elsewhere  # one that runs on the case's device
    assert student.device == "cuda"
    assert torch.equal(draw.normal(2), Draw(3, torch.float64).normal(2))
    assert (dtype, n) == (torch.float64, 5)


@pytest.mark.parametrize(
    ("device", "dtype", "place"),
    [
        ("sim", torch.float32, "sim"),
        ("sim", torch.float64, "sim:1"),
        ("cpu", torch.float64, "cpu"),
        ("cuda", torch.float64, "cuda"),
    ],
)
def test_of_two_simulated_devices_each_has_a_case(
    device: str, dtype: torch.dtype, place: str
) -> None:
    got: list[str] = []

    def check(student: Student) -> None:
        got.append(student.device)

    case = case_of(check, device=device, dtype=dtype)
    assert run_case(case, memoized(Answering()), seed=3) == CaseEnd()
    assert got == [place]


def test_what_was_drawn_is_told_however_the_case_ends() -> None:
    def check(draw: Draw) -> None:
        draw.size("n", 3, 3)
        raise CheckFailed("It is wrong.")

    assert run(check) == CaseEnd("failed", "It is wrong.", drawn="n = 3")


def test_a_round_says_what_is_drawn_from_and_which_default_dtype_there_is() -> None:
    session, equal = Answering(), ROUNDS["equal"]

    def check(student: Student, draw: Draw) -> None:
        expect(draw.round == equal and student.default_dtype == torch.float64, "no")
        draw.size("n", 3, 3)
        student.run(same, x=1)

    end = run_case(case_of(check, round=equal), memoized(session), seed=3)
    assert end == CaseEnd(drawn="n = 3, torch.set_default_dtype(torch.float64)")
    assert [request.default for request in session.asked] == ["float64"]


def test_a_case_without_a_round_has_the_published_one() -> None:
    session = Answering()

    def check(student: Student, draw: Draw) -> None:
        expect(draw.round.is_published, "no")
        student.run(same, x=1)

    assert run_case(case_of(check), memoized(session), seed=3) == CaseEnd()
    assert [request.default for request in session.asked] == ["float32"]


def raising(error: BaseException) -> Callable[[], None]:
    def check() -> None:
        raise error

    return check


@pytest.mark.parametrize(
    ("error", "end"),
    [
        (CheckFailed("It is wrong."), CaseEnd("failed", "It is wrong.")),
        (CheckOutcome("not_started", "Not yet."), CaseEnd("not_started", "Not yet.")),
        (pytest.fail.Exception("not so"), CaseEnd("failed", "not so")),
    ],
)
def test_how_a_case_ends(error: BaseException, end: CaseEnd) -> None:
    assert run(raising(error)) == end


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_what_takes_no_half_is_no_mistake_in_half(dtype: torch.dtype) -> None:
    check = raising(DtypeNotTaken("vander raised …"))
    end = run_case(case_of(check, dtype=dtype), memoized(Answering()), seed=3)
    assert end == (CaseEnd() if dtype.itemsize == 2 else CaseEnd("failed", "vander raised …"))


@pytest.mark.parametrize(
    "kind",
    [ValueError, AssertionError, RecursionError, MemoryError, CourseError, pytest.skip.Exception],
)
def test_what_is_no_end_is_looked_into(kind: type[Exception]) -> None:
    with pytest.raises(CheckRaised) as raised:
        run(raising(kind("odd")))
    assert isinstance(raised.value.__cause__, kind)


def test_a_check_that_ends_the_program_is_the_courses_fault() -> None:
    with pytest.raises(CourseFault, match=r"it\[sim\] ends the program"):
        run(raising(SystemExit(1)))


@pytest.mark.parametrize("kind", [GeneratorExit, type("Odd", (BaseException,), {})])
def test_so_is_whatever_is_no_exception(kind: type[BaseException]) -> None:
    with pytest.raises(CourseFault, match="ends the program"):
        run(raising(kind()))


def test_the_end_of_the_time_passes_through() -> None:
    with pytest.raises(Overrun):
        run(raising(Overrun()))


def test_a_check_returns_nothing() -> None:
    """What it returns was meant to be looked at."""

    def check(student: Student) -> bool:
        return bool(student.run(same, x=1) == 5)

    with pytest.raises(CourseFault, match=r"it\[sim\] returns something"):
        run(check)


def test_torchs_settings_are_the_same_for_every_case() -> None:
    def careless() -> None:
        torch.set_default_dtype(torch.float64)
        torch.set_grad_enabled(False)

    def check() -> None:
        expect(torch.get_default_dtype() == torch.float32 and torch.is_grad_enabled(), "no")

    try:
        run(careless)
        assert run(check) == CaseEnd()
    finally:
        torch.set_default_dtype(torch.float32)
        torch.set_grad_enabled(True)


@pytest.mark.parametrize("kind", [SandboxLost, CourseFault, KeyboardInterrupt])
def test_a_fault_passes_through(kind: type[BaseException]) -> None:
    with pytest.raises(kind, match="It is gone"):
        run(raising(kind("It is gone.")))


def swallowing(student: Student) -> None:
    for _ in range(3):
        try:
            student.run(same, x=1)
        except Exception:
            continue


def test_no_check_swallows_that_there_is_no_answer() -> None:
    assert run(swallowing, CheckOutcome("timeout", "It was late.")).status == "timeout"
    with pytest.raises(SandboxLost):
        run(swallowing, SandboxLost("It is gone."))
    with pytest.raises(KeyError):  # a bug of ours
        run(swallowing, KeyError("status"))


def test_nothing_is_asked_after_that() -> None:
    session = Answering(CheckOutcome("failed", "It died."))
    run_case(case_of(swallowing), memoized(session), seed=3)
    assert len(session.asked) == 1


def test_the_shared_generators_follow_from_the_seed() -> None:
    drawn: list[tuple[float, float]] = []

    def check() -> None:
        drawn.append((torch.rand(()).item(), random.random()))

    for seed in (3, 3, 4):
        torch.rand(5)  # whatever ran before
        run_case(case_of(check), memoized(Answering()), seed)
    assert drawn[0] == drawn[1] != drawn[2]


# a second run


def steady(function: Callable[..., object]) -> int:
    """Runs a case twice; how many times the student's code was asked."""
    session = Answering()
    first = memoized(session)
    run_case(case_of(function), first, seed=3)
    expect_steady(case_of(function), cast(Session, session), first, seed=3)
    return len(session.asked)


def test_a_case_that_asks_the_same_is_steady() -> None:
    def check(student: Student, draw: Draw) -> None:
        torch.nn.Linear(2, 2)  # draws, to no effect on what is asked
        got = student.run(same, x=draw.normal(2))
        student.run(same, x=got)
        raise CheckFailed("It is wrong.")

    assert steady(check) == 2  # nothing runs again


counter = iter(range(100))


@pytest.mark.parametrize(
    "drawn",
    [
        lambda: torch.randn(2),
        random.random,
        lambda: next(counter),
        lambda: torch.nn.Linear(1, 1).weight.detach(),
        lambda: [torch.randperm(1000)],
    ],
)
@pytest.mark.parametrize("before", [0, 1])
def test_a_case_that_asks_for_something_else_is_the_courses_fault(
    drawn: Callable[[], Any], before: int
) -> None:
    def check(student: Student) -> None:
        for _ in range(before):
            student.run(same, x=1)
        student.run(same, x=drawn())

    with pytest.raises(CourseFault, match="Draw them with `draw`"):
        steady(check)


def test_a_case_that_asks_less_is_the_courses_fault() -> None:
    runs = iter((2, 1))

    def check(student: Student) -> None:
        for _ in range(next(runs)):
            student.run(same, x=1)

    with pytest.raises(CourseFault, match="Draw them with `draw`"):
        steady(check)


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 MiB."),
        RuntimeError("CUDA error: unspecified launch failure\nCUDA kernel errors might be"),
    ],
)
def test_a_reference_that_the_gpu_fails_is_a_fault(error: Exception) -> None:
    def check() -> None:
        raise error

    with pytest.raises(SandboxLost, match=r"^The GPU fails the grader itself: CUDA [^\n]*$"):
        run(check)
