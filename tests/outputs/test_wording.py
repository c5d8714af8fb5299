"""What several outputs say: every word of it, for every status."""

from __future__ import annotations

from dataclasses import replace

from grader.language import speaking
from grader.outputs import wording
from grader.report import CheckResult
from tests.hostile import (
    KOREAN,
    a_fault,
    of_every_status,
    plain_report,
    report_of,
    with_fault,
    with_violation,
)


def test_nobody_says_all_where_checks_are_kept_back() -> None:
    full = plain_report([(2, 2)], held_back=3)
    told = "All public checks passed. 3 more points are for checks that only your instructor runs."
    assert wording.verdict(full) == told
    assert wording.verdict(plain_report([(2, 2)])) == "All points."
    assert wording.verdict(plain_report([(0, 2)], held_back=1)) == (
        "0 of 1 public checks passed. 1 more point is for checks that only your instructor runs."
    )


def test_a_verdict_counts_the_checks_that_passed() -> None:
    assert wording.verdict(plain_report([(2, 2), (0, 3)])) == "1 of 2 checks passed."
    assert wording.verdict(of_every_status()).startswith("3 of 14 checks passed.")
    assert wording.verdict(report_of([])) == "All points."


def test_a_verdict_names_what_stands_above_the_checks() -> None:
    """A file that is not there or cannot be loaded, and what the code uses."""
    assert wording.verdict(of_every_status()) == (
        "3 of 14 checks passed. an_error: cannot be loaded. an_missing: not handed in."
    )
    broken = with_violation(plain_report([(0, 2), (3, 3)]), "no x")
    assert wording.verdict(broken) == (
        "0 of 2 checks passed. sums: points are missing, because of what the code uses."
    )
    full = with_violation(plain_report([(3, 3)], held_back=2), "no x")
    told = wording.verdict(full)
    assert told.startswith("0 of 1 public checks passed. sums: points are missing, because")
    assert told.endswith("uses. 2 more points are for checks that only your instructor runs.")


def test_a_report_with_faults_has_no_verdict() -> None:
    """Not even "all points" of what could be graded, and no count."""
    told = "Not graded, through no fault of the submission: a_fault. So there is no score."
    for report in (plain_report([(2, 2)], held_back=3), of_every_status(), report_of([])):
        assert wording.verdict(with_fault(report)) == wording.no_score(with_fault(report)) == told
    assert wording.worth(a_fault()) == "not graded"
    assert wording.worth(plain_report([(2, 2), (0, 1)]).exercises[0]) == "2/3"


def test_the_reason_is_what_no_check_tells() -> None:
    reasons = {each.status: wording.reason(each) for each in of_every_status().exercises}
    silent = dict.fromkeys(("passed", "partial", "failed", "not_attempted"), "")
    assert reasons == silent | {"missing": "why missing", "error": "why error"}
    assert wording.reason(a_fault()) == "the check is broken, not your code"
    [broken] = with_violation(plain_report([(3, 3)]), "no x").exercises
    assert wording.reason(broken) == ""
    # all of its checks are kept back: there is nothing to have
    [held] = plain_report([]).exercises
    assert wording.reason(replace(held, status="missing", message="Only your instructor.")) == ""


def test_checks_that_passed_are_counted() -> None:
    [exercise] = plain_report([(3, 3), (0, 2), (1, 1)]).exercises
    assert wording.checks_passed(exercise) == 2
    [broken] = with_violation(plain_report([(3, 3), (1, 1)]), "no").exercises
    assert wording.checks_passed(broken) == 0


def test_nothing_is_kept_back_without_a_word_less() -> None:
    assert wording.kept_back(0) == ""


def test_failures_are_what_went_wrong_in_work_that_was_attempted() -> None:
    found = [
        (exercise.status, check.status) for exercise, check in wording.failures(of_every_status())
    ]
    assert found == [
        ("partial", "failed"),
        ("partial", "timeout"),
        ("failed", "failed"),
        ("error", "failed"),
    ]
    [exercise] = plain_report([(0, 2)]).exercises
    assert not list(wording.failures(report_of([replace(exercise, status="not_attempted")])))


def test_sentences_of_one_place() -> None:
    [exercise] = KOREAN.exercises
    [check] = exercise.checks
    assert wording.total(3, 10) == "3/10 points"
    assert wording.look_at(check) == "Look at my_linear.py, 12번째 줄."
    assert wording.look_at(replace(check, place="")) == ""
    command = "grader check my_linear --seed 5"
    assert wording.again_command(exercise) == command
    assert wording.again(exercise) == f"With the same numbers again: {command}"
    with wording.repeated_with(["--from", "my work", "--device", "cuda"]):
        assert wording.again_command(exercise) == f"{command} --from 'my work' --device cuda"
        assert wording.again(exercise).endswith(f"{command} --from 'my work' --device cuda")
    assert wording.again_command(exercise) == command


def test_in_korean() -> None:
    [exercise] = KOREAN.exercises
    with speaking("ko"):
        assert wording.verdict(plain_report([(2, 2)])) == "만점입니다."
        assert wording.total(18, 20) == "18/20점"
        told = [wording.again(exercise), wording.look_at(exercise.checks[0])]
        told.append(wording.kept_back(1))
    assert wording.again_command(exercise) in told[0]
    english = ("With the same", "Look at", "point")
    assert not [text for text, word in zip(told, english, strict=True) if word in text]


def test_a_mistake_that_only_a_hidden_check_told_is_told_by_the_next() -> None:
    [exercise] = plain_report([(0, 1)] * 5).exercises
    told = (("a", ""), ("b", "a"), ("c", "a"), ("d", ""), ("e", "d"))
    checks = [
        replace(check, name=name, same_as=same)
        for check, (name, same) in zip(exercise.checks, told, strict=True)
    ]
    shown = wording.without(checks, {"a"})
    assert [(check.name, check.same_as) for check in shown] == [
        ("b", ""),
        ("c", "b"),
        ("d", ""),
        ("e", "d"),
    ]
    assert wording.without(checks, ()) == checks


def test_that_a_hidden_check_comes_first_is_not_said() -> None:
    checks = [
        CheckResult("a", "It is `secret`.", "failed", 1, 0, "secret"),
        CheckResult("b", "It is open.", "failed", 1, 0, "is 1"),
        CheckResult(
            "c", "C.", "not_reached", 1, 0, "Not tried, because this comes first: It is `secret`."
        ),
        CheckResult(
            "d", "D.", "not_reached", 1, 0, "Not tried, because this comes first: It is open."
        ),
    ]
    shown = {check.name: check.message for check in wording.without(checks, {"a"})}
    assert shown == {"b": "is 1", "c": "", "d": "Not tried, because this comes first: It is open."}
