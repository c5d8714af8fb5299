"""What is sent to the desk: each form is written down at once, and answered with the page that it came from."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import quote, urlencode

from flask import Flask, redirect, request
from werkzeug.wrappers import Response

from ...errors import GradebookError
from ..gradebook.comments import Spot, add_comment, change_comment, take_comment_back
from ..gradebook.reader import Gradebook
from ..gradebook.regrade_requests import answer_request, ask_for_regrade
from ..gradebook.rubric import RubricChange, add_item, change_item, give_item
from ..points import parse_points
from .to_look_at import entry_of, look_at


class Actions:
    """The forms of the desk's pages. Each carries what its sender has seen, so that nobody is run over.

    A method may raise a `GradebookError`: the application answers with what is wrong and with what was typed.
    """

    def __init__(self, gradebook: Gradebook, who: str) -> None:
        self._gradebook, self._who = gradebook, who

    def install(self, app: Flask) -> None:
        """Adds a route for each form."""
        forms: dict[str, Callable[[], None]] = {
            "/comment": self.comment,
            "/comment/change": self.change,
            "/comment/take-back": self.take_back,
            "/item/give": self.give,
            "/item/add": self.add,
            "/item/change": self.change_item,
            "/points": self.points,
            "/excuse": self.excuse,
            "/request/add": self.ask,
            "/request/answer": self.answer,
            "/looked-at": self.looked_at,
        }
        for path, write in forms.items():
            app.add_url_rule(path, path, _answered(write), methods=["POST"])

    def comment(self) -> None:
        """A new comment, a question to colleagues, or an answer to one."""
        add_comment(
            self._gradebook,
            _given("student"),
            _given("text"),
            who=self._who,
            spot=Spot(_given("exercise"), _number("line"), _given("place")),
            for_colleagues="for_colleagues" in request.form,
            answers=_number("answers"),
        )

    def change(self) -> None:
        """Another text instead of a comment's."""
        change_comment(self._gradebook, _needed("seen"), _given("text"), who=self._who)

    def take_back(self) -> None:
        """A comment that holds no more."""
        take_comment_back(self._gradebook, _needed("seen"), who=self._who)

    def give(self) -> None:
        """A rubric item for a student, or taken from one."""
        give_item(
            self._gradebook,
            _given("student"),
            _needed("item"),
            who=self._who,
            given=_given("given") == "1",
            seen=_number("seen"),
        )

    def add(self) -> None:
        """A new rubric item; with a student, given at once."""
        if student := _given("student"):
            student = self._gradebook.record(student).student.id  # before anything is written
        item = add_item(
            self._gradebook,
            _given("text"),
            parse_points(_given("points")),
            who=self._who,
            exercise=_given("exercise"),
        )
        if student:
            give_item(self._gradebook, student, item.number, who=self._who)

    def change_item(self) -> None:
        """What an item says, for all who have it."""
        change = RubricChange(
            text=_given("text"),
            points=parse_points(_given("points")),
            exercise=_given("exercise"),
            retired="retired" in request.form,
        )
        change_item(self._gradebook, _needed("item"), change, who=self._who, seen=_number("seen"))

    def points(self) -> None:
        """Points by hand."""
        self._gradebook.adjust(
            _given("student"),
            parse_points(_given("points")),
            why=_given("why"),
            who=self._who,
            exercise=_given("exercise"),
            seen=_number("seen"),
        )

    def excuse(self) -> None:
        """Somebody is excused, or is so no longer."""
        book = self._gradebook
        write = book.unexcuse if "undo" in request.form else book.excuse
        write(_given("student"), why=_given("why"), who=self._who)

    def ask(self) -> None:
        """A regrade request."""
        ask_for_regrade(
            self._gradebook,
            _given("student"),
            _given("why"),
            who=self._who,
            exercise=_given("exercise"),
        )

    def answer(self) -> None:
        """The answer to a regrade request."""
        answer_request(self._gradebook, _needed("request"), _given("text"), who=self._who)

    def looked_at(self) -> None:
        """Somebody has looked at a student's notes and remarks, and at no others than those that were shown."""
        entry = entry_of(self._gradebook, _given("student"))
        if entry is not None and entry.what == _given("what"):
            look_at(self._gradebook, entry, who=self._who)


def _answered(write: Callable[[], None]) -> Callable[[], Response]:
    """Writes, and goes back to the page that the form was on."""

    def answer() -> Response:
        write()
        student, spot = _given("student"), _given("spot")
        if not student or _given("back") == "rubric":
            return redirect("/rubric", 303)
        if _given("back") == "queue":
            return redirect("/", 303)
        parts = {"id": student} | ({"queue": "1"} if "queue" in request.form else {})
        return redirect(f"/student?{urlencode(parts)}" + (f"#{quote(spot)}" if spot else ""), 303)

    return answer


def _given(name: str) -> str:
    return request.form.get(name, "").strip()


def _number(name: str) -> int | None:
    """A number that a page of ours put in its form; empty where there is none."""
    text = _given(name)
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise GradebookError(f"This form has no number in {name!r}. Load the page again.")
    return int(text)


def _needed(name: str) -> int:
    number = _number(name)
    if number is None:
        raise GradebookError(f"This form has no number in {name!r}. Load the page again.")
    return number
