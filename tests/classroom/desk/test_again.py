"""Two at once: nobody's work is lost, and what was typed is there to be sent again."""

from __future__ import annotations

import re
from html import unescape

import pytest
from werkzeug.test import TestResponse

from grader.classroom.gradebook.reader import Gradebook, open_gradebook
from grader.classroom.gradebook.regrade_requests import ask_for_regrade
from grader.classroom.gradebook.rubric import add_item, rubric_items
from tests.desks import HOSTILE, Visitor


@pytest.fixture
def other(book: Gradebook) -> Visitor:
    """Somebody else, at a desk of their own on the same gradebook."""
    return Visitor(open_gradebook(str(book.engine.url.database)), "you")


def sent_again(visitor: Visitor, answer: TestResponse, **mended: str) -> TestResponse:
    """Sends the form of the page as it stands there, but for what is mended."""
    page = answer.text.partition("<form")[2].partition("</form>")[0]
    [target] = re.findall(r'action="([^"]*)"', page)
    form = dict(re.findall(r'name="(\w+)" value="([^"]*)"', page))
    form |= dict(re.findall(r'<textarea name="(\w+)"[^>]*>([^<]*)<', page))
    texts = {name: unescape(text) for name, text in form.items()}
    return visitor.post(target, **(texts | mended))


def test_points_that_both_give_for_the_same(
    book: Gradebook, visitor: Visitor, other: Visitor
) -> None:
    form = {"student": "ada", "points": "2", "why": 'the "statement" <was> unclear', "seen": 0}
    assert other.post("/points", **form).status_code == 303
    answer = visitor.post("/points", **form)
    assert answer.status_code == 409
    assert "Somebody else was faster" in answer.text
    assert "+2 by you" in answer.text
    assert "the &#34;statement&#34; &lt;was&gt; unclear" in answer.text
    assert book.record("ada").by_hand == 2
    assert sent_again(visitor, answer).status_code == 303
    assert [each.why for each in book.record("ada").adjustments] == [form["why"]] * 2


def test_comments_of_both_are_kept(book: Gradebook, visitor: Visitor, other: Visitor) -> None:
    for one in (visitor, other):
        form = {"student": "ada", "exercise": "my_linear", "line": 2}
        assert one.post("/comment", text="x", **form).status_code == 303
    assert [each.who for each in book.record("ada").comments] == ["me", "you"]


def test_a_comment_that_both_change(book: Gradebook, visitor: Visitor, other: Visitor) -> None:
    visitor.post("/comment", student="ada", text="one")
    [made] = book.record("ada").comments
    other.post("/comment/change", student="ada", seen=made.number, text="yours")
    answer = visitor.post("/comment/change", student="ada", seen=made.number, text="mine")
    assert answer.status_code == 409
    assert "you has changed comment" in answer.text
    assert "yours" in answer.text
    assert "mine" in answer.text
    sent_again(visitor, answer)
    assert [each.text for each in book.record("ada").comments] == ["mine"]


def test_a_comment_that_one_takes_back_and_one_changes(
    book: Gradebook, visitor: Visitor, other: Visitor
) -> None:
    visitor.post("/comment", student="ada", text="one", exercise="my_linear", line=2)
    [made] = book.record("ada").comments
    other.post("/comment/take-back", student="ada", seen=made.number)
    at = {"exercise": "my_linear", "place": "my_linear.py", "line": 2}
    answer = visitor.post("/comment/change", student="ada", seen=made.number, text="mine", **at)
    assert "Write it as a comment of its own" in answer.text
    assert sent_again(visitor, answer).status_code == 303
    [left] = book.record("ada").comments
    assert (left.text, left.line) == ("mine", 2)


def test_an_item_that_both_change_or_one_gives(
    book: Gradebook, visitor: Visitor, other: Visitor
) -> None:
    item = add_item(book, "style", -1, who="me")
    form = {"item": item.number, "seen": 1, "exercise": "", "back": "rubric"}
    other.post("/item/change", text="style", points="-5", **form)
    answer = visitor.post("/item/give", student="ada", item=item.number, seen=1, given=1)
    assert answer.status_code == 409
    assert "style (-5)" in answer.text
    assert book.record("ada").by_hand == 0
    sent_again(visitor, answer)
    assert book.record("ada").by_hand == -5
    answer = visitor.post("/item/change", text="styles", points="-2", **form)
    assert answer.status_code == 409
    sent_again(visitor, answer)
    assert [(each.text, each.points, each.version) for each in rubric_items(book)] == [
        ("styles", -2, 3)
    ]


def test_an_item_that_both_give_is_given_once(
    book: Gradebook, visitor: Visitor, other: Visitor
) -> None:
    item = add_item(book, "style", -1, who="me")
    for one in (visitor, other):
        form = {"student": "ada", "item": item.number, "seen": 1, "given": 1}
        assert one.post("/item/give", **form).status_code == 303
    assert book.record("ada").by_hand == -1


def test_a_request_that_both_answer(book: Gradebook, visitor: Visitor, other: Visitor) -> None:
    asked = ask_for_regrade(book, "ada", "please", who="me")
    other.post("/request/answer", student="ada", request=asked.number, text="no")
    answer = visitor.post("/request/answer", student="ada", request=asked.number, text="yes")
    assert answer.status_code == 409
    assert "you has answered request" in answer.text
    sent_again(visitor, answer)
    assert [each.text for each in book.record("ada").comments] == ["yes"]


def test_what_was_typed_is_there_to_be_mended(book: Gradebook, visitor: Visitor) -> None:
    answer = visitor.post("/points", student=HOSTILE, points="two", why=HOSTILE, seen=0)
    assert answer.status_code == 400
    assert "This is not written yet" in answer.text
    assert 'value="two"' in answer.text
    assert "<script>window" not in answer.text
    assert visitor.guard.form_token in answer.text
    assert sent_again(visitor, answer, points="2").status_code == 303
    assert book.record(HOSTILE).by_hand == 2
