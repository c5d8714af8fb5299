"""How a score comes about, in the feedback page's own sentences."""

from __future__ import annotations

from dataclasses import replace

from grader.classroom.giveback.sums import score_of, sums_of
from grader.classroom.report.feedback import markdown
from tests.given_back import graded_record


def test_a_score_that_was_changed_is_explained() -> None:
    record = graded_record()
    assert score_of(record) == "4 of 7 points"
    assert list(sums_of(record)) == [
        "graded: 3 points",
        "1 days late: −1 points",
        "by hand in my_linear: +2 points: a good question",
    ]
    told = markdown(record, "Lab 1").replace("\\", "")
    assert all(sentence in told for sentence in [score_of(record), *sums_of(record)])


def test_one_that_was_not_needs_no_words() -> None:
    assert not list(sums_of(replace(graded_record(), penalty=0, adjustments=())))
    [_graded, by_hand] = sums_of(
        replace(
            graded_record(),
            penalty=0,
            adjustments=(replace(graded_record().adjustments[0], exercise=""),),
        )
    )
    assert by_hand == "by hand: +2 points: a good question"
