"""The desk's pages: everything of a student is on one, everybody is found, and hostile texts are texts."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path

import pytest

from grader.classroom.gradebook.comments import Spot, add_comment
from grader.classroom.gradebook.enrolment import enrol
from grader.classroom.gradebook.reader import Gradebook
from grader.classroom.gradebook.regrade_requests import ask_for_regrade
from grader.classroom.gradebook.rubric import RubricChange, add_item, change_item, give_item
from grader.classroom.gradebook.writer import GradebookWriter
from grader.classroom.records import Enrolled
from tests.desks import HOSTILE, Visitor, class_at_a_desk


class Seen(HTMLParser):
    """The texts of a page, the tags that it is made of, and where its links go."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.text, self.tags, self.links = "", set[str](), list[str]()
        self.feed(page)

    def handle_data(self, data: str) -> None:
        self.text += data

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.links += [value or "" for name, value in attributes if name == "href"]


def test_a_student_has_everything_on_one_page(book: Gradebook, visitor: Visitor) -> None:
    item = add_item(book, "no docstring", -0.5, who="me", exercise="my_linear")
    give_item(book, "ada", item.number, who="me")
    book.adjust("ada", 2, why="statement unclear", who="prof")
    add_comment(book, "ada", "at line two", who="me", spot=Spot("my_linear", 2))
    add_comment(book, "ada", "copied?", who="you", for_colleagues=True)
    ask_for_regrade(book, "ada", "my bias is in w", who="me")
    seen = Seen(visitor.page("/student", id="ADA-L"))
    for text in (
        *("Ada Lovelace", "5.5 of 10", "no docstring", "statement unclear", "prof"),
        *("at line two", "copied?", "my bias is in w", "The workflow file differs."),
        *("class MyLinear:", "is 1, expected 2", "The bias is not added", "forward, 2 of 8"),
        *("`@`".strip("`"), "handed in", "graded"),
    ):
        assert text in seen.text, text
    assert "\u202e" not in seen.text


@pytest.mark.parametrize(
    ("asked", "found"),
    [("", 3), ("jose", 1), ("JOSÉ", 1), ("ada love", 1), ("ada@x.org", 1), ("nobody", 0), ("B", 3)],
)
def test_everybody_is_found(visitor: Visitor, asked: str, found: int) -> None:
    page = visitor.page("/students", q=asked)
    assert page.count("data-open") == found


def test_many_students_come_some_at_a_time(book: Gradebook, visitor: Visitor) -> None:
    enrol(book, None, [Enrolled(f"s{number:03}") for number in range(120)])
    counts = [visitor.page("/students", page=str(page)).count("data-open") for page in (1, 2, 3)]
    assert counts == [50, 50, 23]
    assert visitor.page("/students", page="99").count("data-open") == 23
    assert visitor.page("/students", page="x").count("data-open") == 50


def test_next_and_previous_in_the_class_and_in_the_queue(book: Gradebook, visitor: Visitor) -> None:
    ask_for_regrade(book, HOSTILE, "please", who="me")
    assert 'rel="next"' in visitor.page("/student", id="bob")
    page = visitor.page("/student", id="ada", queue="1")
    assert "José" in page
    assert 'rel="prev"' not in page  # Bob does not wait
    assert 'rel="prev"' in visitor.page("/student", id="ada")


def test_hostile_texts_are_texts(book: Gradebook, visitor: Visitor) -> None:
    item = add_item(book, HOSTILE, 1, who=HOSTILE)
    for student in ("ada", HOSTILE):
        give_item(book, student, item.number, who="me")
        add_comment(book, student, HOSTILE, who=HOSTILE)
        ask_for_regrade(book, student, HOSTILE, who="me")
        book.adjust(student, 1, why=HOSTILE, who=HOSTILE)
    change_item(book, item.number, RubricChange(text=f"`{HOSTILE}`"), who=HOSTILE)
    pages = [visitor.page(path) for path in ("/", "/students", "/rubric")]
    pages += [visitor.page("/student", id=who) for who in ("ada", HOSTILE)]
    for page in pages:
        seen = Seen(page)
        assert not seen.tags & {"b", "i", "img", "iframe", "object", "base"} - {"b"}
        assert page.count("<script") == 1
        assert "</script><script>window" not in page
        assert HOSTILE in seen.text
        own = ("/", "#")
        assert all(link.startswith(own) and "://" not in link for link in seen.links)


def test_what_students_are_not_to_see_is_marked(book: Gradebook, visitor: Visitor) -> None:
    assert "kept back from students" not in visitor.page("/student", id="ada")
    hidden = {"my_linear": {"kept_back": ["forward"], "shown": ["shapes"]}}
    GradebookWriter.begin(book, {"assigned": hidden}, False)
    # where the check is told, and in the list of all checks
    assert visitor.page("/student", id="ada").count("kept back from students") == 2


def test_a_long_reason_does_not_fill_the_queue(book: Gradebook, visitor: Visitor) -> None:
    ask_for_regrade(book, "ada", "why " * 2000, who="me")
    assert visitor.page("/").count("why ") < 150
    assert visitor.page("/student", id="ada").count("why ") > 1000


@pytest.mark.parametrize("query", [{}, {"id": ""}, {"id": "nobody"}])
def test_who_is_not_there(visitor: Visitor, query: dict[str, str]) -> None:
    answer = visitor.get("/student", **query)
    assert answer.status_code == 404
    assert "no student is called" in answer.text


def test_a_damaged_gradebook_is_told_in_a_sentence(tmp_path: Path) -> None:
    with class_at_a_desk(tmp_path / "g.db") as book:
        visitor = Visitor(book)

        def damage(session: object) -> None:
            from sqlalchemy import text

            session.execute(text("DROP TABLE comment"))  # type: ignore[attr-defined]

        book.write(damage)
        answer = visitor.get("/student", id="ada")
    assert answer.status_code == 500
    assert "no such table: comment. `grader gradebook check`" in answer.text
    assert "Traceback" not in answer.text


def test_what_is_retired_is_offered_to_nobody_else(book: Gradebook, visitor: Visitor) -> None:
    item = add_item(book, "obsolete reason", 1, who="me")
    give_item(book, "ada", item.number, who="me")
    change_item(book, item.number, RubricChange(retired=True), who="me")
    assert 'aria-pressed="true"' in visitor.page("/student", id="ada")
    assert "obsolete reason" not in visitor.page("/student", id="bob")
    assert "obsolete reason" in visitor.page("/rubric")
