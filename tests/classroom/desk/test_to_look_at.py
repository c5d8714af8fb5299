"""The queue: who is in it, why, and how one leaves it."""

from __future__ import annotations

import pytest

from grader.classroom.desk.to_look_at import look_at, queue
from grader.classroom.gradebook.comments import Spot, add_comment
from grader.classroom.gradebook.reader import Gradebook
from grader.classroom.gradebook.regrade_requests import answer_request, ask_for_regrade
from grader.classroom.gradebook.rubric import add_item, give_item
from grader.classroom.gradebook.writer import GradebookWriter
from grader.classroom.handin.read import Submitted
from tests.desks import HOSTILE, report
from tests.gradebooks import graded, received, submitted


def reasons(book: Gradebook) -> dict[str, list[tuple[str, str]]]:
    return {
        entry.student.id: [(each.kind, each.text) for each in entry.reasons]
        for entry in queue(book)
    }


NOTED = [("note", "The workflow file differs."), ("remark", "my_linear: line 1 <i>looks</i>")]


def test_notes_and_remarks_until_somebody_looks(book: Gradebook) -> None:
    assert reasons(book) == {"ada": NOTED}
    [entry] = queue(book)
    look_at(book, entry, who="me")
    assert reasons(book) == {}
    GradebookWriter.begin(book, {}, False).add_note("ada", "Another one.")
    assert [text for _, text in reasons(book)["ada"]] == [
        "The workflow file differs.",
        "Another one.",
        "my_linear: line 1 <i>looks</i>",
    ]
    assert book.check() == []


def test_requests_and_questions_until_they_are_answered(gradebook: Gradebook) -> None:
    """In both databases."""
    asked = ask_for_regrade(gradebook, "bob", "Please.", who="me", exercise="my_linear")
    question = add_comment(gradebook, "ada", "Copied?", who="me", for_colleagues=True)
    add_comment(gradebook, "ada", "Well done.", who="me")
    assert reasons(gradebook) == {
        "bob": [("regrade request", "my_linear: Please.")],
        "ada": [("question", "me: Copied?")],
    }
    [first, _] = queue(gradebook)
    look_at(gradebook, first, who="me")  # a look answers nothing
    assert "bob" in reasons(gradebook)
    answer_request(gradebook, asked.number, "No.", who="me")
    add_comment(gradebook, "ada", "No.", who="you", answers=question.number)
    assert reasons(gradebook) == {}


def test_remarks_are_found_in_both_databases(gradebook: Gradebook) -> None:
    writer = GradebookWriter.begin(gradebook, {}, False)
    for who, remarks in (("ada", ('it says "remarks": ["x"]',)), ("bob", ())):
        handed = submitted(f"'{who}'")
        received(writer, who, handed, who)
        writer.store_result(who, who, handed.digest, report(4, remarks), 0.5)
    assert reasons(gradebook) == {"ada": [("remark", 'my_linear: it says "remarks": ["x"]')]}


def test_what_is_not_graded_and_what_could_not_be_read(book: Gradebook) -> None:
    writer = GradebookWriter.begin(book, {}, False)
    received(writer, "bob", submitted("x"), "key")
    received(writer, HOSTILE, Submitted({}, problem="It is no zip."), "")
    assert reasons(book) == {
        "bob": [("not graded", "Not graded yet.")],
        "ada": NOTED,
        HOSTILE: [("could not be read", "It is no zip.")],
    }


def test_an_item_of_an_earlier_hand_in_is_asked_about(book: Gradebook) -> None:
    item = add_item(book, "style", -1, who="me")
    give_item(book, "ada", item.number, who="me")
    assert reasons(book) == {"ada": NOTED}
    graded(book, "ada", "x = 2\n", 5)
    [(kind, text)] = reasons(book)["ada"]
    assert kind == "rubric"
    assert text.startswith(f"Rubric items {item.number} were given on an earlier hand-in.")


def test_of_who_is_excused_only_what_waits_for_an_answer(book: Gradebook) -> None:
    book.excuse("ada", why="ill", who="me")
    assert reasons(book) == {}
    ask_for_regrade(book, "ada", "why?", who="me")
    assert reasons(book) == {"ada": [("regrade request", "why?")]}


@pytest.mark.parametrize("line", [1, None])
def test_comments_to_the_student_are_nothing_to_look_at(book: Gradebook, line: int | None) -> None:
    add_comment(book, "ada", "x", who="me", spot=Spot("my_linear", line))
    assert reasons(book) == {"ada": NOTED}
