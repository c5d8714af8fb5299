"""A case that meets known answers ends as it did before, and what depends on a student's own source is never kept."""

from __future__ import annotations

import gc
import os
import re
import sys
import weakref
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any, cast

import pytest
import torch

from grader import grade, language, probe
from grader.checking import case_run, collect, run
from grader.checking import memo as memo_module
from grader.checking.memo import Asked, CaseMemo, MemoizedSession, Replay, key_of
from grader.checking.outcome import CaseEnd, CheckFailed, CheckOutcome, SeenEnough
from grader.checking.session import Request, Session
from grader.course.catalog import Course
from grader.errors import CourseFault
from grader.machines import DEVICES, Machines
from grader.report import Report
from grader.sandbox import Limits, Message
from grader.sandbox.wire.values import decode
from grader.submission import Submission
from tests.conftest import ROOT, told

SEED = 11
# all exercises and all their submissions with MEMO=all, which takes minutes
NAMES, MOST = ["line_fit", "folder_dataset"], 8
if os.environ.get("MEMO") == "all":
    MOST = sys.maxsize
    NAMES = sorted(path.stem for path in (ROOT / "solutions").glob("*.py"))


@pytest.fixture
def forget(course: Course) -> Iterator[Callable[[str], None]]:
    """Makes the cases of an exercise forget what they have met."""

    def forgotten(name: str) -> None:
        for check in collect.collect((course[name].checks,), DEVICES).values():
            for case in check.cases:
                case.memo.under(object())

    yield forgotten
    for name in ("line_fit", "logistic_regression"):
        forgotten(name)


@pytest.fixture
def worked_out(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The cases that were run, and not only asked again."""
    ran: list[str] = []
    run_case = case_run.run_case

    def counted(case: collect.Case, *rest: Any) -> Any:
        ran.append(case.name)
        return run_case(case, *rest)

    monkeypatch.setattr(run, "run_case", counted)
    return ran


def graded(machines: Machines, name: str, text: str) -> Report:
    return grade(Submission.of_text(name, text), machines=machines, seed=SEED)


def solution(name: str) -> str:
    return (ROOT / "solutions" / f"{name}.py").read_text(encoding="utf-8")


@pytest.mark.drawn
@pytest.mark.parametrize("name", NAMES)
def test_reports_are_those_of_a_grader_without_memos(
    machines: Machines, forget: Callable[[str], None], name: str
) -> None:
    folder = ROOT / "tests" / "submissions" / name
    paths = sorted(folder.glob("*/*.py"))
    some = paths[:: -(-len(paths) // MOST)]  # of every kind
    texts = [path.read_text(encoding="utf-8") for path in some]
    assert len(texts) > 5
    forget(name)
    after_others = [told(graded(machines, name, text)) for text in (*texts, *texts)]
    for text, first, second in zip(
        texts, after_others[: len(texts)], after_others[len(texts) :], strict=True
    ):
        forget(name)
        alone = told(graded(machines, name, text))
        assert first == alone
        assert second == alone


def test_the_second_right_answer_is_only_asked_for(
    machines: Machines, forget: Callable[[str], None], worked_out: list[str]
) -> None:
    forget("line_fit")
    right = solution("line_fit")
    first = graded(machines, "line_fit", right)
    assert len(worked_out) > 20
    del worked_out[:]
    second = graded(machines, "line_fit", f"{right}\n# somebody else's\n")
    assert worked_out == []
    assert second.score == 10
    assert [check.status for check in second.exercises[0].checks] == [
        check.status for check in first.exercises[0].checks
    ]
    other_seed = grade(Submission.of_text("line_fit", right), machines=machines, seed=SEED + 1)
    assert other_seed.score == 10
    assert len(worked_out) > 20


def test_an_exception_is_told_with_the_students_own_line(
    machines: Machines, forget: Callable[[str], None]
) -> None:
    forget("line_fit")
    for line in ("raise ValueError('no')", "raise ValueError('n' + 'o')"):
        text = solution("line_fit").replace("### BEGIN SOLUTION", line, 1)
        messages = [
            check.message for check in graded(machines, "line_fit", text).exercises[0].checks
        ]
        assert any(f"`{line}`" in message for message in messages)


@pytest.mark.drawn
def test_a_lost_child_is_not_remembered(forget: Callable[[str], None]) -> None:
    forget("line_fit")
    right = solution("line_fit")
    hanging = right.replace("### BEGIN SOLUTION", "import time; time.sleep(30)", 1)
    with Machines(limits=Limits(call_seconds=0.5)) as box:
        assert graded(box, "line_fit", hanging).score < 10
        assert graded(box, "line_fit", right).score == 10


def test_who_differentiates_is_seen_although_the_answers_are_known(
    machines: Machines, forget: Callable[[str], None]
) -> None:
    """The same numbers to the bit, and an engine that ran beside them."""
    forget("line_fit")
    right = solution("line_fit")
    assert graded(machines, "line_fit", right).score == 10
    aside = (
        "with torch.enable_grad():\n        torch.ones((), requires_grad=True).mul(2).backward()"
    )
    text = right.replace("### BEGIN SOLUTION", aside)
    for _ in range(2):
        report = graded(machines, "line_fit", text)
        assert report.score < 10
        assert report.exercises[0].violations


def test_what_is_told_is_in_the_language_of_the_moment(
    machines: Machines, forget: Callable[[str], None]
) -> None:
    forget("logistic_regression")
    text = solution("logistic_regression").replace("+ self.b)", "- self.b)")
    submission = Submission.of_text("logistic_regression", text)
    messages = []
    for spoken in ("en", "ko", "en"):
        report = grade(submission, machines=machines, seed=SEED, language=spoken)
        messages.append([check.message for check in report.exercises[0].checks])
    assert messages[0] == messages[2]
    for english, korean in zip(messages[0], messages[1], strict=True):
        assert bool(english) == bool(re.search("[가-힣]", korean))
    assert language.current() == "en"


# one memo, and a session that answers from a list


@probe
def ask(student: Any, n: int) -> Any:
    return student.work(n)


class Scripted:
    """Answers with the next of its headers, and notes what it was asked."""

    def __init__(self, *headers: dict[str, Any]) -> None:
        self._headers = list(headers)
        self.asked: list[int] = []

    def ask(self, request: Request) -> Message:
        self.asked.append(request.wire[0]["arguments"]["dict"][0][1])
        if not self._headers:
            raise CheckOutcome("timeout", "It was late.")
        header = self._headers.pop(0)
        return Message(header, b"", repr(header).encode())

    def read(self, request: Request, answer: Message) -> Any:
        return answer.header.get("value")


PASSED = CaseEnd()


def run_case(
    memo: CaseMemo, session: Scripted, end: CaseEnd = PASSED, asks: tuple[int, ...] = (1, 2)
) -> CaseEnd | None:
    """A case of two requests, of which the memo may know some; the end that it knew."""
    memoized = MemoizedSession(cast(Session, session))
    known = memoized.look_up(memo)
    if known is None:
        for n in asks:
            memoized.call(ask, {"n": n}, "cpu", 0)
        memoized.store(memo, end)
    return known


def values(*several: object) -> Scripted:
    return Scripted(*({"value": value} for value in several))


def test_equal_answers_lead_to_the_same_end() -> None:
    memo, end = CaseMemo(), CaseEnd("failed", "no")
    assert run_case(memo, values("a", "b"), end) is None
    again = values("a", "b")
    assert run_case(memo, again) is end
    assert again.asked == [1, 2]


def test_what_was_met_on_the_way_is_not_asked_again() -> None:
    memo = CaseMemo()
    run_case(memo, values("a", "b"))
    other = values("a", "c")
    assert run_case(memo, other) is None
    assert other.asked == [1, 2]
    other = values("d", "b")
    assert run_case(memo, other) is None
    assert other.asked == [1, 2]
    assert all(run_case(memo, values(*both)) for both in ("ab", "ac", "db"))


def test_the_answers_are_handed_out_in_their_order() -> None:
    memo = CaseMemo()
    run_case(memo, values("a", "b"))
    memoized = MemoizedSession(cast(Session, values("a", "c")))
    assert memoized.look_up(memo) is None
    assert [memoized.call(ask, {"n": n}, "cpu", 0) for n in (1, 2)] == ["a", "c"]


@pytest.mark.parametrize("own", [{"error": {}}, {"value": "b", "seen": ["autograd"]}])
def test_what_tells_of_the_students_own_source_is_in_no_memo(own: dict[str, Any]) -> None:
    memo = CaseMemo()
    for headers in ([own, {"value": "b"}], [{"value": "a"}, own]):
        assert run_case(memo, Scripted(*headers)) is None
        assert memo.first is None
        assert run_case(memo, Scripted(*headers)) is None


def test_a_request_without_an_answer_is_in_no_memo() -> None:
    memo, session = CaseMemo(), values("a")
    memoized = MemoizedSession(cast(Session, session))
    memoized.call(ask, {"n": 1}, "cpu", 0)
    for _ in range(2):  # whatever a check makes of it, there will be no other answer
        with pytest.raises(CheckOutcome) as outcome:
            memoized.call(ask, {"n": 2}, "cpu", 0)
        assert memoized.final is outcome.value
    assert session.asked == [1, 2]
    memoized.store(memo, outcome.value.end)
    assert memo.first is None


def test_a_case_that_asks_for_nothing_is_in_no_memo() -> None:
    memo = CaseMemo()
    MemoizedSession(cast(Session, values())).store(memo, CaseEnd())
    assert memo.first is None


def test_a_memo_is_of_one_key() -> None:
    memo = CaseMemo()
    run_case(memo.under((1, "en")), values("a", "b"))
    assert run_case(memo.under((1, "en")), values("a", "b"))
    assert run_case(memo.under((1, "ko")), values("a", "b")) is None
    assert run_case(memo.under((1, "en")), values("a", "b")) is None


@pytest.mark.parametrize("first", [True, False])
def test_a_memo_does_not_grow_without_end(first: bool) -> None:
    """However mixed a class is at one request, what was met early stays known."""
    memo = CaseMemo()
    answers = [(n, 0) if first else (0, n) for n in range(200)]
    for both in answers:
        run_case(memo, values(*both))
    known = [bool(run_case(memo, values(*both))) for both in answers]
    assert 0 < sum(known) < 100
    assert known[: sum(known)] == [True] * sum(known)
    assert memo.first is not None
    assert len(memo.first.after) < 100


def test_answers_are_equal_if_text_and_tensors_are() -> None:
    answer = Message({"value": 1}, b"block", b"text")
    assert key_of(answer) == key_of(answer)
    others = [
        answer,
        answer._replace(block=b"x"),
        answer._replace(text=b"x"),
        # no end of one can be the beginning of the other
        answer._replace(text=b"textb", block=b"lock"),
        answer._replace(text=b"", block=b"textblock"),
        answer._replace(text=b"textblock", block=b""),
        # what was found out on this side is no part of the text
        answer._replace(header={"value": 1, "changed": ["x"]}),
        answer._replace(header={"value": 1, "changed": []}),
    ]
    assert len({key_of(each) for each in others}) == len(others)
    assert key_of(answer._replace(header={"error": None})) == b""


def test_another_request_than_the_remembered_one_is_the_courses_fault() -> None:
    """The first answer is known, what came after it is not: so the case runs, and its first request is compared."""
    memo = CaseMemo()
    run_case(memo, values("a", "b"))
    for asks in ((3, 2), (1, 3)):
        session = values("a", "c")
        with pytest.raises(CourseFault, match="Draw them with `draw`"):
            run_case(memo, session, asks=asks)
    assert run_case(memo, values("a", "b"))


@pytest.mark.parametrize("error", [CheckFailed("The answer cannot be used."), MemoryError()])
def test_what_follows_an_answer_that_could_not_be_read_is_in_no_memo(error: Exception) -> None:
    class Unreadable(Scripted):
        def read(self, request: Request, answer: Message) -> Any:
            raise error

    memo = CaseMemo()
    memoized = MemoizedSession(cast(Session, Unreadable({"value": "a"})))
    with pytest.raises(type(error)):
        memoized.call(ask, {"n": 1}, "cpu", 0)
    memoized.store(memo, CaseEnd("failed", "The check goes on."))
    assert memo.first is None
    assert memoized.final is None  # it was an answer, and a check may wait for it


def test_a_memo_has_a_bound_on_its_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memo_module, "_MOST_BYTES", 2000)
    memo = CaseMemo().under("key")
    for n in range(20):
        run_case(memo, values("a", n), CaseEnd("failed", "x" * 300))
    assert memo.size <= 2000
    known = [bool(run_case(memo, values("a", n))) for n in range(20)]
    assert 3 < sum(known) < 7
    assert memo.under("another").size == 0
    # what has no room at all is not begun
    memoized = MemoizedSession(cast(Session, values("a")))
    memoized.call(ask, {"n": "x" * 3000}, "cpu", 0)
    memoized.store(memo, CaseEnd())
    assert memo.first is None


def test_a_memo_holds_what_was_sent_and_no_more() -> None:
    memo = CaseMemo()
    memoized = MemoizedSession(cast(Session, values("a")))
    tensor = torch.ones(3)
    weak = weakref.ref(tensor)
    memoized.call(ask, {"n": 1, "x": tensor}, "cpu", 0)
    memoized.store(memo, CaseEnd())
    del memoized, tensor
    gc.collect()
    assert weak() is None
    assert isinstance(memo.first, Asked)
    header, block = memo.first.request.wire
    sent = decode(header["arguments"], block, lambda tensor, _: tensor)
    assert sent["x"].tolist() == [1.0, 1.0, 1.0]


# a case that runs a second time


def asked(*numbers: int) -> list[tuple[Request, Message]]:
    return [
        (Request(ask, {"n": n}, "cpu", 0), Message({"value": 10 * n}, b"", b"")) for n in numbers
    ]


def replayed(replay: Replay, *numbers: int) -> list[object]:
    """What it answers to a case that asks so; it ends the case at the last of them."""
    got = []
    with suppress(SeenEnough):
        for n in numbers:
            got.append(replay.call(ask, {"n": n}, "cpu", 0))
    return got


@pytest.mark.parametrize(
    ("numbers", "alike", "got"),
    [((1, 2), True, [10]), ((1, 3), False, [10]), ((3, 2), False, []), ((1,), False, [10])],
)
def test_a_second_run_is_alike_if_all_is_asked_again(
    numbers: tuple[int, ...], alike: bool, got: list[object]
) -> None:
    replay = Replay(cast(Session, Scripted()), asked(1, 2))
    assert replayed(replay, *numbers) == got
    assert replay.asks_alike == alike


def test_no_check_ends_a_second_run_by_mistake() -> None:
    assert not issubclass(SeenEnough, Exception)
