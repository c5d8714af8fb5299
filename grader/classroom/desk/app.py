"""The desk as a web application: what it shows. What is sent to it is in `actions.py`."""

from __future__ import annotations

import unicodedata
from datetime import datetime
from json import JSONDecodeError
from typing import Any

from flask import Flask, Response, make_response, render_template, request
from jinja2 import StrictUndefined
from markupsafe import Markup
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.exceptions import HTTPException

from ...errors import GraderError
from ..gradebook.comments import all_comments, open_questions
from ..gradebook.reader import Gradebook
from ..gradebook.regrade_requests import regrade_requests
from ..gradebook.rubric import item_versions, rubric_items
from ..points import signed
from ..records import Enrolled
from ..sanitize import name_of, plain, shown
from .actions import Actions
from .again import problem_page
from .guard import Guard
from .listing import listed, mark_of
from .to_look_at import QueueEntry, queue

_ON_A_PAGE = 50
_MOST_BYTES = 1 << 20  # of a form


def make_app(gradebook: Gradebook, guard: Guard, who: str) -> Flask:
    """The application.

    Args:
        gradebook: read anew for every page, so that what others do meanwhile is seen.
        guard: decides who may talk to it.
        who: is at the desk; the name stands at all that is written there.
    """
    app = Flask("grader.classroom.desk", template_folder="page", static_folder="page/static")
    app.config.update(MAX_CONTENT_LENGTH=_MOST_BYTES, MAX_FORM_MEMORY_SIZE=_MOST_BYTES)
    app.jinja_env.filters.update(
        signed=signed, plain=plain, name=name_of, mark=mark_of, when=_when, code=_code
    )
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    guard.install(app)
    _Pages(gradebook, guard, who).install(app)
    Actions(gradebook, who).install(app)
    app.register_error_handler(HTTPException, _refused)
    app.register_error_handler(GraderError, problem_page)
    app.register_error_handler(SQLAlchemyError, _damaged)
    app.register_error_handler(JSONDecodeError, _damaged)
    return app


class _Pages:
    def __init__(self, gradebook: Gradebook, guard: Guard, who: str) -> None:
        self._gradebook, self._guard, self._who = gradebook, guard, who

    def install(self, app: Flask) -> None:
        app.before_request(self._gradebook.refresh)
        app.context_processor(self._everywhere)
        app.add_url_rule("/", "queue", self.queue)
        app.add_url_rule("/students", "students", self.students)
        app.add_url_rule("/student", "student", self.student)
        app.add_url_rule("/rubric", "rubric", self.rubric)

    def _everywhere(self) -> dict[str, Any]:
        book = self._gradebook
        return {
            "title": name_of(book.title) or "Desk",
            "who": self._who,
            "form_token": self._guard.form_token,
            "exercises": book.exercises,
            "step": "0.5" if book.half_points else "1",
        }

    def queue(self) -> str:
        """Whom somebody should look at."""
        entries = queue(self._gradebook)
        return render_template("queue.html", entries=entries)

    def students(self) -> str:
        """Everybody, some on a page, or those whom the search finds."""
        asked = request.args.get("q", "")[:200]
        found = _found(self._gradebook.students(), asked)
        pages = max(1, -(-len(found) // _ON_A_PAGE))
        page = min(max(1, request.args.get("page", 1, type=int)), pages)
        some = found[(page - 1) * _ON_A_PAGE : page * _ON_A_PAGE]
        return render_template(
            "students.html",
            lines=[(each, self._gradebook.record(each.id)) for each in some],
            asked=asked,
            count=len(found),
            page=page,
            pages=pages,
        )

    def student(self) -> str:
        """One student: the code, what came of it, and all that is written by hand."""
        book = self._gradebook
        record = book.record(request.args.get("id", ""))
        student = record.student
        comments = all_comments(book, student.id)
        entries = queue(book)
        entry = next((each for each in entries if each.student.id == student.id), None)
        in_queue = "queue" in request.args
        before, after = self._neighbours(student, entries if in_queue else None)
        given = {each.item for each in record.rubric}
        items = [
            item
            for item in rubric_items(book, with_retired=True)
            if not item.retired or item.number in given
        ]
        return render_template(
            "student.html",
            student=student,
            record=shown(record),
            listing=listed(book.exercises, record, book.submission(student.id), comments),
            whole=[each for each in comments if not each.exercise],
            questions={each.number for each in open_questions(comments)},
            by_hand=[each for each in record.adjustments if each.item is None],
            items=items,
            given=given,
            requests=regrade_requests(book, student.id),
            history=book.history(student.id),
            entry=entry,
            in_queue=in_queue,
            before=before,
            after=after,
        )

    def _neighbours(
        self, student: Enrolled, entries: list[QueueEntry] | None
    ) -> tuple[Enrolled | None, Enrolled | None]:
        """Who comes before and after: in the queue, or in the roster."""
        order = self._gradebook.students()
        places = {each.id: place for place, each in enumerate(order)}
        wanted = {each.student.id for each in entries} if entries is not None else set(places)
        here = places.get(student.id, -1)  # who was removed has no place
        before = [each for each in order[: max(here, 0)] if each.id in wanted]
        after = [each for each in order[here + 1 :] if each.id in wanted]
        return (before[-1] if before else None), (after[0] if after else None)

    def rubric(self) -> str:
        """All items, with their versions."""
        items = rubric_items(self._gradebook, with_retired=True)
        versions = {each.number: item_versions(self._gradebook, each.number) for each in items}
        return render_template("rubric.html", items=items, versions=versions)


def _found(students: list[Enrolled], asked: str) -> list[Enrolled]:
    """Those in whose name, identifier, login, mail or section every word that is asked for stands."""
    words = _folded(asked).split()
    if not words:
        return students
    return [
        each
        for each in students
        if all(
            word in _folded(f"{each.name} {each.id} {each.login} {each.email} {each.section}")
            for word in words
        )
    ]


def _folded(text: str) -> str:
    """Without case and without accents, so that "jose" finds "José"."""
    parts = unicodedata.normalize("NFKD", text.casefold())
    return unicodedata.normalize("NFC", "".join(c for c in parts if not unicodedata.combining(c)))


def _when(moment: datetime) -> str:
    return f"{moment.astimezone():%Y-%m-%d %H:%M}"


def _code(text: str) -> Markup:
    """The text escaped, and what stands between backticks set as code."""
    pieces = plain(text).split("`")
    if len(pieces) % 2 == 0:  # a backtick without its other one
        return Markup("{}").format(plain(text))
    made = (Markup("<code>{}</code>" if at % 2 else "{}").format(e) for at, e in enumerate(pieces))
    return Markup("").join(made)


def _refused(error: HTTPException) -> Response:
    """The guard's refusal, a page that is not there, or a form that is too large."""
    told = plain(error.description or error.name)
    return make_response(render_template("refused.html", message=told), error.code or 500)


def _damaged(error: Exception) -> Response:
    reason = str(error).split("\n", 1)[0]
    told = f"The gradebook cannot be used: {reason}. `grader gradebook check` tells what is wrong."
    return make_response(render_template("refused.html", message=plain(told)), 500)
