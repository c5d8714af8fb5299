"""A case that meets known answers ends as it did before, and what depends on a student's own source is never kept."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from grader import grade, grading, language
from grader.checking import collect, run
from grader.course.catalog import Course
from grader.machines import DEVICES, Machines
from grader.report import Report
from grader.sandbox import Limits
from grader.submission import Submission

from tests.conftest import ROOT

SEED = 11
# all of them with MEMO=all, which takes minutes
NAMES = ["line_fit", "folder_dataset"]
if os.environ.get("MEMO") == "all":
    NAMES = sorted(path.stem for path in (ROOT / "solutions").glob("*.py"))


@pytest.fixture
def forget(course: Course) -> Iterator[Callable[[str], None]]:
    """Makes the cases of an exercise forget what they have met."""

    def forgotten(name: str) -> None:
        for check in collect.collect((course[name].checks,), DEVICES).values():
            for case in check.cases:
                case.memo.key = case.memo.first = None

    yield forgotten
    for name in ("line_fit", "logistic_regression"):
        forgotten(name)


@pytest.fixture
def worked_out(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The cases that were run, and not only asked again."""
    ran: list[str] = []
    run_case = run._run_case

    def counted(case: collect.Case, *rest: Any) -> Any:
        ran.append(case.name)
        return run_case(case, *rest)

    monkeypatch.setattr(run, "_run_case", counted)
    return ran


def graded(machines: Machines, name: str, text: str) -> Report:
    return grade(Submission.of_text(name, text), machines=machines, seed=SEED)


def told(report: Report) -> Any:
    """The report without the time that each check took."""
    exercises = [
        replace(one, checks=tuple(replace(check, seconds=0.0) for check in one.checks))
        for one in report.exercises
    ]
    return replace(report, exercises=tuple(exercises)).to_dict()


def solution(name: str) -> str:
    return (ROOT / "solutions" / f"{name}.py").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", NAMES)
def test_reports_are_those_of_a_grader_without_memos(
    machines: Machines, forget: Callable[[str], None], name: str
) -> None:
    folder = ROOT / "tests" / "submissions" / name
    texts = [path.read_text(encoding="utf-8") for path in sorted(folder.glob("*/*.py"))]
    assert len(texts) > 20
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


def test_a_lost_child_is_not_remembered(forget: Callable[[str], None]) -> None:
    forget("line_fit")
    right = solution("line_fit")
    hanging = right.replace("### BEGIN SOLUTION", "import time; time.sleep(30)", 1)
    with Machines(limits=Limits(call_seconds=0.5)) as box:
        assert graded(box, "line_fit", hanging).score < 10
        assert graded(box, "line_fit", right).score == 10


def test_who_differentiates_is_seen_although_the_answers_are_known(
    machines: Machines, forget: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same numbers to the bit, and an engine that ran beside them; the source is not looked at here."""
    monkeypatch.setattr(grading, "violations", lambda *_: [])
    forget("line_fit")
    right = solution("line_fit")
    assert graded(machines, "line_fit", right).score == 10
    aside = (
        "with torch.enable_grad():\n        torch.ones((), requires_grad=True).mul(2).backward()"
    )
    text = right.replace("### BEGIN SOLUTION", aside)
    for _ in range(2):
        report = graded(machines, "line_fit", text)
        assert report.score == 0
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
