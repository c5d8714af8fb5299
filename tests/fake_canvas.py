"""A Canvas on loopback, as far as giving back needs one: one course, one assignment, two pages of submissions."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

TOKEN = "7~secret-token"
COURSE, ASSIGNMENT = 7, 42
_PAGE = 2


class FakeCanvas:
    """What it has, and what it was asked.

    Attributes:
        url: where it listens.
        submissions: user → the submission, as Canvas' API gives it.
        asked: method and path of every request.
        troubles: what the next requests meet, in their order: a status, or "lost" (it is done, and the answer is not),
            "no JSON"; empty: nothing.
        assignment: what it says of the assignment.
    """

    def __init__(self) -> None:
        self.url = ""
        self.submissions: dict[int, dict[str, Any]] = {}
        self.asked: list[str] = []
        self.troubles: list[int | str] = []
        self.deducts = 0
        self.assignment: dict[str, Any] = {
            "id": ASSIGNMENT,
            "name": "Lab 1",
            "course_id": COURSE,
            "points_possible": 10.0,
            "grading_type": "points",
        }

    def add(self, user: int, name: str, login: str = "", sis: str = "", **more: Any) -> None:
        """A student of the course."""
        about = {"id": user, "name": name, "login_id": login, "sis_user_id": sis or None}
        empty: dict[str, Any] = {
            "score": None,
            "entered_score": None,
            "excused": False,
            "submission_comments": [],
        }
        self.submissions[user] = {
            **{"user_id": user, "assignment_id": ASSIGNMENT, "user": about},
            **empty,
            **more,
        }

    def grade(self, user: int, sent: dict[str, str]) -> None:
        """What a PUT does."""
        submission = self.submissions[user]
        if "submission[posted_grade]" in sent:
            score = float(sent["submission[posted_grade]"])
            submission |= {"entered_score": score, "score": score - self.deducts, "excused": False}
        if sent.get("submission[excuse]") == "true":
            submission |= {"entered_score": None, "score": None, "excused": True}
        if "comment[text_comment]" in sent:
            submission["submission_comments"].append({"comment": sent["comment[text_comment]"]})

    def comments(self, user: int) -> list[str]:
        return [each["comment"] for each in self.submissions[user]["submission_comments"]]

    @property
    def puts(self) -> int:
        return sum(each.startswith("PUT") for each in self.asked)


def _handler(canvas: FakeCanvas) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *arguments: object) -> None:
            """Nothing: it is a test."""

        def do_GET(self) -> None:
            self._serve({})

        def do_PUT(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"] or 0)).decode()
            self._serve(dict(parse_qsl(body, keep_blank_values=True)))

        def _serve(self, sent: dict[str, str]) -> None:
            parts = urlsplit(self.path)
            canvas.asked.append(f"{self.command} {parts.path}")
            if self.headers["Authorization"] != f"Bearer {TOKEN}":
                self._answer(401, {"errors": []}, {"WWW-Authenticate": "Bearer"})
                return
            trouble = canvas.troubles.pop(0) if canvas.troubles else ""
            if trouble == "no JSON":
                self._answer(200, None)
                return
            if isinstance(trouble, int):
                self._answer(trouble, {"errors": [f"{TOKEN} is in the way"]})
                return
            root = f"/api/v1/courses/{COURSE}"
            one = re.fullmatch(rf"{root}/assignments/{ASSIGNMENT}/submissions/(\d+)", parts.path)
            if parts.path == root:
                self._answer(200, {"id": COURSE, "name": "A course"})
            elif parts.path == f"{root}/assignments/{ASSIGNMENT}":
                self._answer(200, canvas.assignment)
            elif parts.path == f"{root}/assignments/{ASSIGNMENT}/submissions":
                self._page(int(dict(parse_qsl(parts.query)).get("page", "1")))
            elif one and int(one[1]) in canvas.submissions:
                if self.command == "PUT":
                    canvas.grade(int(one[1]), sent)
                if trouble == "lost":
                    self.close_connection = True
                    return
                self._answer(200, canvas.submissions[int(one[1])])
            else:
                self._answer(404, {"errors": [{"message": "not there"}]})

        def _page(self, number: int) -> None:
            several = list(canvas.submissions.values())
            some = several[(number - 1) * _PAGE : number * _PAGE]
            more = {}
            if number * _PAGE < len(several):
                address = f"{canvas.url}{urlsplit(self.path).path}?page={number + 1}"
                more = {"Link": f'<{address}>; rel="next"'}
            self._answer(200, some, more)

        def _answer(self, status: int, data: Any, headers: dict[str, str] | None = None) -> None:
            body = json.dumps(data).encode() if data is not None else b"<html>Log in</html>"
            self.send_response(status)
            for name, value in {**(headers or {}), "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(body)

    return Handler


@contextmanager
def fake_canvas() -> Iterator[FakeCanvas]:
    """One that listens on loopback."""
    canvas = FakeCanvas()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(canvas))
    server.daemon_threads = True
    canvas.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield canvas
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
