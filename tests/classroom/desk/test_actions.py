"""What is sent to the desk is written down with who sent it, and the page that it came from is shown again."""

from __future__ import annotations

import pytest

from grader.classroom.desk.to_look_at import queue
from grader.classroom.gradebook.comments import all_comments
from grader.classroom.gradebook.reader import Gradebook
from grader.classroom.gradebook.regrade_requests import regrade_requests
from grader.classroom.gradebook.rubric import rubric_items
from tests.desks import HOSTILE, Visitor


def test_a_comment_at_a_line(book: Gradebook, visitor: Visitor) -> None:
    at = {"exercise": "my_linear", "place": "my_linear.py", "line": 2, "spot": "L0-0-2"}
    answer = visitor.post("/comment", student="ada", text="why?\r\nreally", queue="1", **at)
    assert answer.status_code == 303
    assert answer.headers["Location"] == "/student?id=ada&queue=1#L0-0-2"
    [made] = book.record("ada").comments
    assert (made.line, made.text, made.who) == (2, "why?\nreally", "me")
    visitor.post("/comment/change", student="ada", seen=made.number, text="better")
    [changed] = book.record("ada").comments
    assert (changed.line, changed.text) == (2, "better")
    visitor.post("/comment/take-back", student="ada", seen=changed.number)
    assert book.record("ada").comments == ()


def test_a_question_and_its_answer(book: Gradebook, visitor: Visitor) -> None:
    visitor.post("/comment", student="bob", text="copied?", for_colleagues="on")
    [question] = all_comments(book, "bob")
    assert question.for_colleagues
    visitor.post("/comment", student="bob", text="no", answers=question.number)
    assert len(all_comments(book, "bob")) == 2
    assert book.record("bob").comments == ()


def test_rubric_items(book: Gradebook, visitor: Visitor) -> None:
    visitor.post("/item/add", student="ada", text="style", points="−0,5", exercise="my_linear")
    [item] = rubric_items(book)
    assert (item.points, item.exercise, item.uses, item.who) == (-0.5, "my_linear", 1, "me")
    answer = visitor.post("/item/change", item=1, seen=1, text="styles", points="-1", exercise="")
    assert answer.headers["Location"] == "/rubric"
    visitor.post("/item/give", student="bob", item=1, seen=2, given=1)
    visitor.post("/item/give", student="ada", item=1, seen=2, given=0)
    assert [record.by_hand for record in book.records()][:2] == [-1, 0]
    visitor.post("/item/change", item=1, seen=2, text="styles", points="-1", retired="on")
    assert rubric_items(book) == []


def test_points_excuses_and_requests(book: Gradebook, visitor: Visitor) -> None:
    visitor.post("/points", student="ada", points="1.5", why="kind", seen=0, exercise="my_linear")
    [given] = book.record("ada").adjustments
    assert (given.points, given.why, given.who, given.exercise) == (1.5, "kind", "me", "my_linear")
    visitor.post("/excuse", student="bob", why="ill")
    assert book.record("bob").state == "excused"
    visitor.post("/excuse", student="bob", why="well again", undo="1")
    assert book.record("bob").state == "nothing handed in"
    visitor.post("/request/add", student="ada", why="please")
    [request] = regrade_requests(book)
    visitor.post("/request/answer", student="ada", request=request.number, text="no")
    assert regrade_requests(book)[0].answer == "no"


def test_looked_at_is_what_was_shown(book: Gradebook, visitor: Visitor) -> None:
    [entry] = queue(book)
    visitor.post("/looked-at", student="ada", what="0" * 64)  # of another moment
    assert len(queue(book)) == 1
    answer = visitor.post("/looked-at", student="ada", what=entry.what, back="queue")
    assert answer.headers["Location"] == "/"
    assert queue(book) == []


def test_a_name_that_is_hostile_leads_back_to_its_page(book: Gradebook, visitor: Visitor) -> None:
    answer = visitor.post("/points", student=HOSTILE, points="1", why="x", spot="points-title")
    location = answer.headers["Location"]
    assert location.startswith("/student?id=%3C%2Fscript%3E")
    assert visitor.client.get(location, base_url="http://127.0.0.1:4711").status_code == 200
    assert book.record(HOSTILE).by_hand == 1


def test_a_line_break_in_a_spot_stays_in_the_address(visitor: Visitor) -> None:
    answer = visitor.post("/points", student="ada", points="1", why="x", spot="a\r\nSet-Cookie: b")
    assert answer.headers["Location"] == "/student?id=ada#a%0D%0ASet-Cookie%3A%20b"


def test_an_item_for_somebody_who_is_not_there_is_not_made(
    book: Gradebook, visitor: Visitor
) -> None:
    answer = visitor.post("/item/add", student="nobody", text="style", points="-1")
    assert answer.status_code == 400
    assert "no student is called" in answer.text
    assert rubric_items(book) == []


@pytest.mark.parametrize(
    ("path", "form", "told"),
    [
        ("/points", {"points": "x", "why": "y"}, "no number of points"),
        ("/points", {"points": "1", "why": ""}, "needs a reason"),
        ("/points", {"points": "1", "why": "y", "seen": "x"}, "Load the page again"),
        ("/comment", {"text": " "}, "A comment needs a text"),
        ("/comment", {"text": "x", "exercise": "losses"}, "no exercise"),
        ("/comment/change", {"text": "x"}, "Load the page again"),
        ("/item/give", {"item": "99", "given": "1"}, "no rubric item 99"),
        ("/item/add", {"text": "x", "points": "0.3"}, "whole or half"),
        ("/excuse", {"why": ""}, "needs a reason"),
        ("/excuse", {"why": "x", "undo": "1"}, "not excused"),
        ("/request/answer", {"request": "9", "text": "x"}, "no regrade request 9"),
    ],
)
def test_a_form_that_is_wrong_changes_nothing(
    book: Gradebook, visitor: Visitor, path: str, form: dict[str, str], told: str
) -> None:
    before = list(book.records()), book.history("ada")
    answer = visitor.post(path, student="ada", **form)
    assert answer.status_code == 400
    assert told in answer.text
    assert (list(book.records()), book.history("ada")) == before
