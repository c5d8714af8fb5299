"""A check that raised: the course is at fault, unless the solution shows that the answer was the reason."""

from __future__ import annotations

import ast
import math
from collections.abc import Callable
from contextlib import closing
from typing import Any

import pytest
import torch

from grader import Student, expect, probe
from grader.checking.case_run import run_case
from grader.checking.collect import Case
from grader.checking.evidence import Solution, Suspicion, expect_solved, suspected
from grader.checking.memo import CaseMemo, MemoizedSession
from grader.checking.outcome import CheckRaised
from grader.checking.session import Session
from grader.checking.sessions import Sessions
from grader.errors import CourseFault
from grader.sandbox import Sandbox
from grader.submission import Source

SOLUTION = "def work(): return 4\ndef text(): return '4'\n"


@probe
def work(student: Any) -> Any:
    return student.work()


@probe
def text(student: Any) -> Any:
    return student.text()


def error_of(function: Callable[[], object]) -> BaseException:
    try:
        function()
    except Exception as error:
        return error
    raise AssertionError("it raises nothing")


@pytest.mark.parametrize(
    "function",
    [
        lambda: undefined,  # type: ignore[name-defined]  # noqa: F821
        lambda: __import__("no_such_module"),
        lambda: torch.no_such_function,  # type: ignore[attr-defined]
        lambda: math.no_such,  # type: ignore[attr-defined]
    ],
)
def test_no_answer_makes_a_name_unknown(function: Callable[[], object]) -> None:
    error = error_of(function)
    with pytest.raises(CourseFault) as fault:
        suspected(error)
    assert fault.value.__cause__ is error
    assert str(fault.value) == f"{type(error).__name__}: {error}"


def unbound() -> None:
    answer = ""
    for last in answer:
        print(last)
    print(last)


@pytest.mark.parametrize(
    "function",
    [
        unbound,
        lambda: getattr(torch, "of " + "an answer"),
        lambda: None.shape,  # type: ignore[attr-defined]
        lambda: dict[str, int]()["weights"],
        lambda: int("1" * 5000),
        lambda: ast.literal_eval("(" * 9),
    ],
)
def test_another_error_may_come_from_an_answer(function: Callable[[], object]) -> None:
    error = error_of(function)
    end = suspected(error)
    assert end.status == "failed"
    start = f"The check cannot work with what your code gave back ({type(error).__name__}: "
    assert end.message.startswith(start)
    assert len(end.message) < 500


def test_what_an_assertion_says_is_told() -> None:
    assert suspected(AssertionError("It is 3.\x1b")).message == "It is 3.\\x1b"
    assert "(AssertionError)" in suspected(AssertionError()).message


Look = Callable[..., None]


def root_of_work(student: Student) -> None:
    math.sqrt(student.run(work))


@pytest.fixture
def look(sandbox: Sandbox) -> Look:
    """Has a check raise with a student's text, and looks into it."""

    def look_into(
        check: Callable[[Student], object], student: str, solution: str | None = SOLUTION
    ) -> None:
        right = Source.of_text("work.py", solution) if solution else None
        session = Session("work", Source.of_text("work.py", student), sandbox)
        case = Case("it", check, ("student",), {"device": "cpu"})
        with closing(session):
            with pytest.raises(CheckRaised) as raised:
                run_case(case, MemoizedSession(session), 3)
            error = raised.value.__cause__
            assert error is not None
            suspicion = Suspicion("it", case, session, CaseMemo(), 3, error)
            with Solution(Sessions(session, solution=lambda: right)) as at_work:
                expect_solved(suspicion, at_work)
            # and the student's own file can be asked again
            assert session.read(*asked(session)) != 4

    return look_into


def asked(session: Session) -> Any:
    from grader.checking.session import Request

    request = Request(work, {}, "cpu", 1)
    return request, session.ask(request)


@pytest.mark.parametrize(
    ("solution", "fault"),
    [
        (SOLUTION, "The solution does not pass the check it either: It is 5."),
        ("def work(): return 5\n", ""),
        (None, ""),
        ("1 / 0\n", ""),  # it tells nothing
        ("def work(): raise NotImplementedError\n", ""),
    ],
)
def test_a_failure_is_the_courses_if_the_solution_fails_as_well(
    sandbox: Sandbox, solution: str | None, fault: str
) -> None:
    right = Source.of_text("work.py", solution) if solution else None
    session = Session("work", Source.of_text("work.py", "def work(): return 3\n"), sandbox)
    case = Case(
        "it",
        lambda student: expect(student.run(work) == 5, "It is 5."),
        ("student",),
        {"device": "cpu"},
    )
    suspicion = Suspicion("it", case, session, CaseMemo(), 3)
    told = ""
    with closing(session), Solution(Sessions(session, solution=lambda: right)) as at_work:
        try:
            expect_solved(suspicion, at_work)
        except CourseFault as error:
            told = str(error)
    assert told == fault


@pytest.mark.parametrize("answer", ["None", "'four'", "[]", "{'n': 4}", "1j"])
def test_a_solution_that_passes_shows_that_it_was_the_answer(look: Look, answer: str) -> None:
    look(root_of_work, f"def work(): return {answer}\n")


def test_what_raises_with_the_solution_is_the_courses(look: Look) -> None:
    with pytest.raises(CourseFault, match="ZeroDivisionError") as fault:
        look(lambda student: 1 // (student.run(work) - 4), "def work(): return 4\n")
    assert isinstance(fault.value.__cause__, ZeroDivisionError)


def test_what_the_solution_does_not_pass_is_the_courses(look: Look) -> None:
    def check(student: Student) -> None:
        if student.run(work) == 4:
            pytest.fail("not four")
        raise ValueError("odd")

    with pytest.raises(CourseFault, match=r"ValueError: odd.*does not pass.*not four"):
        look(check, "def work(): return 5\n")


def test_without_a_solution_there_is_no_verdict(look: Look) -> None:
    with pytest.raises(CourseFault, match="no solution here to tell") as fault:
        look(root_of_work, "def work(): return ''\n", None)
    assert isinstance(fault.value.__cause__, TypeError)
