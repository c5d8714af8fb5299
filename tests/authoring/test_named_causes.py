"""The causes that checks name are held against those that wrong submissions state."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from grader.authoring.named_causes import (
    Verdict,
    named_causes,
    stated_causes,
    tallies,
    tally,
    verdict_of,
    verdicts,
)
from grader.errors import CourseFault
from grader.report import ExerciseResult
from tests.authoring.conftest import SHARP, SOLUTION, write
from tests.hostile import plain_report


@pytest.mark.parametrize(
    ("text", "stated"),
    [
        ("# wrong: x\n# fails: y\n# cause: sign\n", {"sign"}),
        ("# wrong: x\n# fails: y\n# cause: sign, factor\nx = 1\n", {"sign", "factor"}),
        ("# cause: sign\n", set()),
        ("# wrong: x\n# fails: y\nx = 1\n", set()),
        ("", set()),
    ],
)
def test_what_a_submission_states(text: str, stated: set[str]) -> None:
    assert stated_causes(text) == stated


def result(*causes: str) -> ExerciseResult:
    """An exercise with a failed check for each cause, and one that passed."""
    [exercise] = plain_report([(0, 1)] * len(causes) + [(1, 1)]).exercises
    named = [
        replace(check, cause_id=cause)
        for check, cause in zip(exercise.checks, [*causes, "sign"], strict=True)
    ]
    return replace(exercise, checks=tuple(named))


def test_what_failed_checks_name() -> None:
    assert named_causes(result("factor", "", "raised-not-there", "factor")) == {"factor"}
    assert named_causes(result()) == set()  # a passed check names nothing


def verdict(stated: set[str], named: set[str], exercise: str = "x") -> Verdict:
    return Verdict(exercise, "a", frozenset(stated), frozenset(named))


@pytest.mark.parametrize(
    ("stated", "named", "shows", "right", "wrong"),
    [
        ({"sign"}, {"sign"}, True, True, False),
        ({"sign", "factor"}, {"sign"}, True, True, False),
        ({"sign"}, {"factor"}, True, False, True),
        ({"sign"}, {"sign", "factor"}, True, False, True),
        ({"sign"}, set(), True, False, False),
        ({"other"}, set(), True, False, False),
        ({"none"}, {"sign"}, False, False, True),
        ({"graph-cut"}, {"graph-cut"}, False, True, False),
    ],
)
def test_a_verdict(
    stated: set[str], named: set[str], shows: bool, right: bool, wrong: bool
) -> None:
    given = verdict(stated, named)
    assert (given.shows, given.right, given.wrong) == (shows, right, wrong)


def test_a_verdict_comes_from_text_and_result() -> None:
    text = "# wrong: x\n# fails: y\n# cause: factor\n"
    assert verdict_of("x", "a", text, result("factor")) == verdict({"factor"}, {"factor"})


def test_verdicts_are_counted_by_exercise_and_in_all() -> None:
    given = [
        verdict({"sign"}, {"sign"}),
        verdict({"sign"}, set()),
        verdict({"none"}, {"sign"}),
        verdict({"graph-cut"}, {"graph-cut"}),  # asked outright, so no feat
        verdict({"sign"}, {"factor"}, "y"),
    ]
    first, second, whole = tallies(given)
    assert (first.exercise, first.submissions, first.shows) == ("x", 4, 2)
    assert (first.right_share, first.wrong_share) == (0.5, 0.5)
    assert (second.exercise, second.right_share, second.wrong_share) == ("y", 0.0, 1.0)
    assert (whole.exercise, whole.submissions, whole.right, whole.wrong) == ("all", 5, 1, 2)


def test_shares_of_nothing() -> None:
    assert (tally("x", []).right_share, tally("x", []).wrong_share) == (1.0, 0.0)
    assert tally("x", [verdict({"none"}, {"sign"})]).wrong_share == 1.0


def test_a_check_that_fails_by_itself_is_no_cause_that_was_missed(folder: Path) -> None:
    (folder / "checks" / "scaled.py").write_text(SHARP.replace("3 * x + 1)", "refernce)"))
    write(folder, "wrong", "minus", f"# wrong: minus\n# fails: scaled\n# cause: offset\n{SOLUTION}")
    with pytest.raises(CourseFault, match=r"minus\.py: .*`scaled` is at fault.*refernce"):
        list(verdicts(folder, ["scaled"]))


def test_the_wrong_submissions_of_a_course(folder: Path) -> None:
    wrong = SOLUTION.replace("y + 1", "y - 1")
    write(folder, "wrong", "minus", f"# wrong: minus\n# fails: scaled\n# cause: offset\n{wrong}")
    [found] = verdicts(folder, ["scaled"])
    assert (found.exercise, found.submission) == ("scaled", "minus")
    assert found.stated == {"offset"}
