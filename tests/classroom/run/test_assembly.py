"""Each exercise of each text runs once; what ended in a fault is shared with nobody."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

import pytest

from grader.classroom.run.assembly import Assembly, Job, WantedReport
from grader.classroom.run.worker import GradingOutcome
from grader.report import CheckResult, Environment, ExerciseResult, Report

HERE = Environment("3.11", "2.13", ("cpu",), ("limits",))
ELSEWHERE = replace(HERE, isolation=())
LOST = "grader.errors.SandboxLost: It ended."
BROKEN = 'Traceback\n  File "/c.py", line 7, in test_mine\n    x\nNameError: x\n'


class Made:
    """A class whose jobs are run here, some of them at once.

    Args:
        texts: student → exercise → text; a text is its own key. One with `fault` or `lost` ends so.
        most: how many jobs are under way at once.
    """

    def __init__(
        self, texts: Mapping[str, Mapping[str, str]], *, most: int = 3, alone: bool = False
    ) -> None:
        self.kept: dict[str, Report] = {}
        self.ran: list[str] = []
        self.done: dict[str, WantedReport] = {}
        self.losses = 99
        self.here = HERE
        self._texts = texts
        self._most = most
        self._alone = alone

    def grade(self, luck: random.Random | None = None) -> Made:
        assembly = Assembly(
            self._wanted(), self._recall, self.kept.update, self._finished, self._alone
        )
        under_way: list[tuple[Job, GradingOutcome]] = []
        while True:
            while len(under_way) < self._most and (job := next(assembly, None)):
                under_way.append((job, self._outcome(job)))
            if not under_way:
                return self
            at = luck.randrange(len(under_way)) if luck else 0
            assembly.take(*under_way.pop(at))

    def _wanted(self) -> Iterator[WantedReport]:
        for student, texts in self._texts.items():
            yield WantedReport(student, "", "", texts, {})

    def _recall(self, keys: Iterable[str]) -> Mapping[str, Report]:
        return {key: self.kept[key] for key in keys if key in self.kept}

    def _finished(self, wanted: WantedReport) -> None:
        assert wanted.student not in self.done
        self.done[wanted.student] = wanted

    def _outcome(self, job: Job) -> GradingOutcome:
        results = []
        for name in job.exercises:
            text = job.wanted.keys[name]
            self.ran.append(text)
            traceback = BROKEN if "fault" in text else ""
            if "lost" in text and self.losses:
                self.losses -= 1
                traceback = LOST
            if traceback:
                results.append(ExerciseResult(name, "", 0, 0, "fault", traceback=traceback))
            else:
                slow = CheckResult("test_slow", "", "timeout", 0, 1)
                checks = (slow,) if "slow" in text else ()
                results.append(ExerciseResult(name, text, 0, 0, "passed", checks=checks))
        return GradingOutcome(Report(job.wanted.student, tuple(results), self.here), 1.0)

    def titles(self, student: str) -> dict[str, str]:
        """Exercise → the text that its result is of."""
        in_order = self.done[student].in_order
        return {name: report.exercises[0].title for name, report in in_order.items()}


def test_the_same_text_runs_once_also_while_it_is_under_way() -> None:
    texts = {
        "ada": {"a": "1", "b": "stub"},
        "bob": {"a": "2", "b": "stub"},
        "eve": {"a": "1", "b": "stub"},
    }
    made = Made(texts).grade()
    assert sorted(made.ran) == ["1", "2", "stub"]
    assert {student: made.titles(student) for student in texts} == texts
    assert [made.done[student].ran for student in texts] == [2, 1, 0]
    assert [made.done[student].seconds for student in texts] == [1, 1, 0]


def test_what_is_kept_does_not_run() -> None:
    made = Made({"ada": {"a": "1", "b": "2"}}).grade()
    assert set(made.kept) == {"1", "2"}
    again = Made({"ada": {"a": "1", "b": "3"}})
    again.kept = made.kept
    assert again.grade().ran == ["3"]
    assert again.titles("ada") == {"a": "1", "b": "3"}
    assert all(report.submission == "" for report in made.kept.values())


def test_alone_everybody_has_everything_run() -> None:
    texts = {"ada": {"a": "1"}, "bob": {"a": "1"}}
    made = Made(texts, alone=True)
    made.kept = Made(texts).grade().kept
    assert made.grade().ran == ["1", "1"]


def test_a_fault_is_shared_with_nobody_and_spoils_nothing_else() -> None:
    texts = {name: {"a": "fault", "b": "fine"} for name in ("ada", "bob", "eve")}
    made = Made(texts).grade()
    assert sorted(made.ran) == ["fault"] * 3 + ["fine"]
    assert set(made.kept) == {"fine"}
    for wanted in made.done.values():
        [trouble] = wanted.troubles
        assert (trouble.exercise, trouble.kind) == ("a", "course")


def test_what_ran_out_of_time_is_shared_with_nobody_and_not_kept() -> None:
    texts = {each: {"a": "slow", "b": "same"} for each in ("ada", "bob", "cy")}
    made = Made(texts).grade()
    assert sorted(made.ran) == ["same", "slow", "slow", "slow"]
    assert set(made.kept) == {"same"}
    assert {student: made.titles(student) for student in texts} == texts


@pytest.mark.parametrize(("losses", "times"), [(1, 2), (2, 3), (99, 6)])
def test_what_is_lost_is_tried_again_alone_and_whoever_waits_goes_on_waiting(
    losses: int, times: int
) -> None:
    texts = {"ada": {"a": "lost", "b": "1"}, "bob": {"a": "lost", "b": "2"}, "eve": {"a": "3"}}
    made = Made(texts)
    made.losses = losses
    made.grade()
    # three times for each whom it was lost for; the other exercises once
    assert sorted(made.ran) == ["1", "2", "3"] + ["lost"] * times
    assert {len(made.done[name].troubles) for name in ("ada", "bob")} == {int(losses == 99)}
    assert made.done["eve"].troubles == []


def test_an_outcome_without_a_report_is_a_fault_of_all_that_was_asked() -> None:
    made = Made({"ada": {"a": "1", "b": "2"}})
    made._outcome = lambda job: GradingOutcome(None, 0.1, "It broke.")  # type: ignore[method-assign]
    made.grade()
    [trouble] = made.done["ada"].troubles
    assert (trouble.exercise, trouble.reason) == ("", "It broke.")
    assert made.kept == {}


def test_a_report_is_of_one_environment() -> None:
    texts = {"ada": {"a": "1", "b": "2"}}
    made = Made(texts).grade()
    again = Made({"ada": {"a": "1", "b": "3"}})
    again.kept, again.here = made.kept, ELSEWHERE
    again.grade()
    assert again.ran == ["3", "1", "3"]
    assert {each.environment for each in again.done["ada"].results.values()} == {ELSEWHERE}
    # and what is kept of different ones runs again as well
    mixed = Made({"ada": {"a": "1", "b": "2"}})
    mixed.kept = again.kept | {"2": made.kept["2"]}
    assert mixed.grade().ran == ["1", "2"]


@pytest.mark.parametrize("seed", range(30))
def test_whatever_comes_first_everybody_gets_what_is_theirs(seed: int) -> None:
    luck = random.Random(seed)
    kinds = ["1", "2", "stub", "fault", "lost"]
    texts = {
        f"s{number}": {name: name + luck.choice(kinds) for name in "abc"} for number in range(12)
    }
    made = Made(texts, most=luck.randint(1, 5))
    made.losses = luck.randrange(6)
    made.grade(luck)
    assert set(made.done) == set(texts)
    fine = [text for text in made.ran if not text[1:].startswith(("fault", "lost"))]
    assert len(fine) == len(set(fine))
    for student, wanted in made.done.items():
        if not wanted.troubles:
            assert made.titles(student) == texts[student]
        else:
            assert {each.exercise for each in wanted.troubles} <= {
                name
                for name, text in texts[student].items()
                if text[1:].startswith(("fault", "lost"))
            }
