"""What grading writes: once, whoever writes it and however often."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text

from grader.classroom.gradebook.reader import Gradebook
from grader.classroom.gradebook.writer import GradebookWriter, ReceivedHandIn
from grader.classroom.handin.read import Submitted
from tests.gradebooks import NOON, graded, received, report, submitted


def test_what_was_graded_is_not_graded_again(gradebook: Gradebook) -> None:
    graded(gradebook, "ada", "one", 5).finish()
    graded(gradebook, "ada", "one", 9).finish()
    assert gradebook.record("ada").score == 5
    graded(gradebook, "ada", "two", 7).finish()
    assert gradebook.record("ada").score == 7
    graded(gradebook, "ada", "one", 9).finish()  # back to what was handed in first
    assert gradebook.record("ada").score == 5
    assert [event.score for event in gradebook.history("ada") if event.score] == [5, 7]
    assert gradebook.check() == []


def test_force_keeps_the_history(gradebook: Gradebook) -> None:
    graded(gradebook, "ada", "one", 5).finish()
    forced = graded(gradebook, "ada", "one", 9, forced=True)
    assert gradebook.record("ada").score == 9
    # killed before its end: the same command goes on with it, and does nothing twice
    again = graded(gradebook, "ada", "one", 1, forced=True)
    assert again.run == forced.run
    assert gradebook.record("ada").score == 9
    again.finish()
    graded(gradebook, "ada", "one", 2, forced=True).finish()
    events = [event for event in gradebook.history("ada") if event.kind == "graded"]
    assert [(event.score, event.counts) for event in events] == [(5, False), (9, False), (2, True)]
    graded(gradebook, "ada", "one", 1).finish()
    assert gradebook.record("ada").score == 2


def test_a_forced_run_of_other_conditions_is_another_run(sqlite_gradebook: Gradebook) -> None:
    one = GradebookWriter.begin(sqlite_gradebook, {"seed": 1}, True)
    other = GradebookWriter.begin(sqlite_gradebook, {"seed": 2}, True)
    assert one.run != other.run
    assert GradebookWriter.begin(sqlite_gradebook, {"seed": 2}, True).run == other.run
    assert GradebookWriter.begin(sqlite_gradebook, {"seed": 2}, False).run != other.run


def test_a_forced_run_leaves_what_counts_until_it_has_another(sqlite_gradebook: Gradebook) -> None:
    graded(sqlite_gradebook, "ada", "one", 5).finish()
    forced = GradebookWriter.begin(sqlite_gradebook, {"checks": "x"}, True)
    assert received(forced, "ada", submitted("one"), "key of one")
    assert sqlite_gradebook.record("ada").score == 5
    # of a text that was not graded yet, nothing counts yet
    assert received(forced, "ada", submitted("two"), "key of two")
    assert sqlite_gradebook.record("ada").report is None


def test_two_at_once_do_not_double(gradebook: Gradebook) -> None:
    one = GradebookWriter.begin(gradebook, {}, False)
    two = GradebookWriter.begin(gradebook, {}, False)
    handed = submitted("x")
    assert received(one, "ada", handed, "key")
    assert received(two, "ada", handed, "key")
    one.store_result("ada", "key", handed.digest, report(5), 0.5)
    two.store_result("ada", "key", handed.digest, report(5), 0.5)
    assert len([event for event in gradebook.history("ada") if event.kind == "graded"]) == 1
    assert gradebook.record("ada").score == 5
    assert gradebook.check() == []


def test_a_fault_is_no_result_and_is_tried_again(gradebook: Gradebook) -> None:
    writer = GradebookWriter.begin(gradebook, {}, False)
    handed = submitted("one")
    assert received(writer, "ada", handed, "key of one")
    writer.store_fault("ada", "key of one", "The grader\x1b[31m failed")
    record = gradebook.record("ada")
    assert (record.report, record.problem) == (None, "The grader\\x1b[31m failed")
    assert (record.state, record.score) == ("not graded", None)
    graded(gradebook, "ada", "one", 5)
    assert (gradebook.record("ada").problem, gradebook.record("ada").score) == ("", 5)


def test_a_report_with_a_fault_is_refused(sqlite_gradebook: Gradebook) -> None:
    writer = GradebookWriter.begin(sqlite_gradebook, {}, False)
    handed = submitted("one")
    received(writer, "ada", handed, "key")
    fine = report(5)
    faulty = replace(fine.exercises[0], status="fault", score=0, checks=())
    with pytest.raises(ValueError, match="is no verdict, and is not stored: my_linear"):
        writer.store_result("ada", "key", handed.digest, replace(fine, exercises=(faulty,)), 0.5)
    assert [event.kind for event in sqlite_gradebook.history("ada")] == ["handed in"]


def test_an_earlier_result_of_the_same_key_outlives_a_fault(sqlite_gradebook: Gradebook) -> None:
    graded(sqlite_gradebook, "ada", "one", 5).finish()
    graded(sqlite_gradebook, "ada", "two", 7).finish()
    # what was handed in at first is there again, and is to be graded again
    writer = GradebookWriter.begin(sqlite_gradebook, {"checks": "x"}, True)
    assert received(writer, "ada", submitted("one"), "key of one")
    assert sqlite_gradebook.record("ada").score == 5
    writer.store_fault("ada", "key of one", "The check is broken.")
    record = sqlite_gradebook.record("ada")
    assert (record.state, record.score, record.problem) == ("graded", 5, "")
    assert record.notes == (
        "It could not be graded again, and the earlier result counts. The check is broken.",
    )
    assert sqlite_gradebook.check() == []
    # of another text, or by other checks, it does not count
    assert received(writer, "ada", submitted("three"), "key of three")
    writer.store_fault("ada", "key of three", "The check is broken.")
    assert sqlite_gradebook.record("ada").score is None


def test_what_cannot_be_graded_is_written_down_and_wants_no_result(
    sqlite_gradebook: Gradebook,
) -> None:
    graded(sqlite_gradebook, "ada", "one", 5)
    writer = GradebookWriter.begin(sqlite_gradebook, {}, False)
    broken = Submitted({}, problem="It is not a zip file.", when=NOON + timedelta(hours=1))
    fine = submitted("two")
    several = [
        ReceivedHandIn("ada", broken, NOON, ""),
        ReceivedHandIn("bob", fine, NOON, "key of two"),
    ]
    assert writer.receive(several) == [False, True]
    record = sqlite_gradebook.record("ada")
    assert (record.report, record.problem, record.late_days) == (None, "It is not a zip file.", 1)
    assert [event.text for event in sqlite_gradebook.history("ada") if event.counts] == [
        "It is not a zip file. my_linear: it is not in what counts now; an earlier hand-in had 5 points in it."
    ]


def test_a_note_is_there_once_and_until_the_next_hand_in(sqlite_gradebook: Gradebook) -> None:
    writer = graded(sqlite_gradebook, "ada", "one", 5)
    for note in ("look here", "look there", "look here"):
        writer.add_note("ada", note)
    assert sqlite_gradebook.record("ada").notes == ("look here", "look there")
    noted = replace(submitted("one"), notes=("another",))
    assert not received(writer, "ada", noted, "key of one")
    assert sqlite_gradebook.record("ada").notes == ("another",)


def test_a_result_stands_in_the_tables_for_queries(sqlite_gradebook: Gradebook) -> None:
    writer = graded(sqlite_gradebook, "ada", "one", 5)
    writer.finish()
    with sqlite_gradebook.engine.connect() as connection:
        [exercise] = connection.execute(text("SELECT exercise, status, score FROM exercise_result"))
        [check] = connection.execute(text("SELECT name, status, score, points FROM check_result"))
        [run] = connection.execute(text("SELECT id, finished IS NOT NULL FROM run"))
    assert tuple(exercise) == ("my_linear", "partial", 5)
    assert tuple(check) == ("forward", "passed", 5, 10)
    assert tuple(run) == (writer.run, True)


def test_a_forced_run_that_changed_a_setting_is_gone_on_with(sqlite_gradebook: Gradebook) -> None:
    first = GradebookWriter.begin(sqlite_gradebook, {"checks": "x", "changed": {"who": "me"}}, True)
    assert GradebookWriter.begin(sqlite_gradebook, {"checks": "x"}, True).run == first.run
    assert GradebookWriter.begin(sqlite_gradebook, {"checks": "y"}, True).run != first.run
