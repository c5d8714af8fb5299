"""What happened to a student's work, in order, with what counts marked."""

from __future__ import annotations

from datetime import timedelta

from grader.classroom.gradebook.history import CHANGED
from grader.classroom.gradebook.reader import Gradebook
from grader.classroom.gradebook.writer import GradebookWriter
from grader.classroom.handin.read import Submitted
from tests.gradebooks import NOON, graded, received, report, submitted


def test_history_is_in_order_and_marks_what_counts(sqlite_gradebook: Gradebook) -> None:
    graded(sqlite_gradebook, "ada", "one", 5).finish()
    graded(sqlite_gradebook, "ada", "two", 7).finish()
    sqlite_gradebook.adjust("ada", -1, why="late", who="me")
    events = sqlite_gradebook.history("ada")
    assert [event.when for event in events] == sorted(event.when for event in events)
    graded_events = [event for event in events if event.kind == "graded"]
    assert [(event.score, event.counts) for event in graded_events] == [(5, False), (7, True)]
    handed_in = [event.counts for event in events if event.kind == "handed in"]
    assert sorted(handed_in) == [False, True]
    assert events[-1].text == "-1 by me: late"
    assert sqlite_gradebook.history("bob") == []


def test_what_was_handed_in_is_named_by_its_commit_and_digest(sqlite_gradebook: Gradebook) -> None:
    graded(sqlite_gradebook, "ada", "one", 5)
    [handed, result] = sqlite_gradebook.history("ada")
    digest = submitted("one").digest[:12]
    assert (handed.when, handed.text) == (NOON, f"commit c0ffee, {digest}")
    assert (result.text, result.score) == (f"5 of 10 for {digest}", 5)


def test_a_hand_in_without_a_text_says_why(sqlite_gradebook: Gradebook) -> None:
    writer = GradebookWriter.begin(sqlite_gradebook, {}, False)
    received(writer, "ada", Submitted({}, "It is not a zip file.", when=NOON), "")
    received(writer, "ada", Submitted({}, when=NOON + timedelta(hours=1)), "")
    found = [(event.text, event.counts) for event in sqlite_gradebook.history("ada")]
    assert found == [("It is not a zip file.", False), ("not read", True)]


def test_a_result_that_was_wanted_again_says_so(sqlite_gradebook: Gradebook) -> None:
    graded(sqlite_gradebook, "ada", "one", 5).finish()
    writer = graded(sqlite_gradebook, "ada", "one", 7, forced=True)
    told = [event.text for event in sqlite_gradebook.history("ada") if event.kind == "graded"]
    assert [text.endswith(", graded again") for text in told] == [False, True]
    # points for one exercise are told with its name
    sqlite_gradebook.adjust("ada", 2, why="kind", who="me", exercise="my_linear")
    assert sqlite_gradebook.history("ada")[-1].text == "+2 in my_linear by me: kind"
    writer.store_result("ada", "another", submitted("one").digest, report(1), 0.5)
    assert sum(event.counts for event in sqlite_gradebook.history("ada")) == 3


def test_what_happened_is_in_order_whatever_its_kind(sqlite_gradebook: Gradebook) -> None:
    graded(sqlite_gradebook, "ada", "one", 5)
    sqlite_gradebook.adjust("ada", 1, why="kind", who="me")
    writer = GradebookWriter.begin(sqlite_gradebook, {}, False)
    later = submitted("two", NOON.replace(year=2999))
    received(writer, "ada", later, "key of two")
    kinds = [event.kind for event in sqlite_gradebook.history("ada")]
    assert kinds == ["handed in", "graded", "adjusted", "handed in"]


def test_what_a_call_changed_is_in_everybodys(sqlite_gradebook: Gradebook) -> None:
    graded(sqlite_gradebook, "ada", "one", 5)
    news = {CHANGED: {"who": "me", "settings": ["title: A → B", "deadline: none → noon"]}}
    GradebookWriter.begin(sqlite_gradebook, news, False)
    event = sqlite_gradebook.history("ada")[-1]
    assert event.kind == "changed"
    assert event.text == "for everybody by me: title: A → B. deadline: none → noon"
    assert [each.kind for each in sqlite_gradebook.history("bob")] == ["changed"]
