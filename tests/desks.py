"""A class for the desk: two students, one of whom handed in code with a mistake, and one whose name is hostile."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flask.testing import FlaskClient
from jinja2 import BytecodeCache
from jinja2.bccache import Bucket
from werkzeug.test import TestResponse

from grader.classroom.desk.app import make_app
from grader.classroom.desk.guard import Guard
from grader.classroom.gradebook.enrolment import enrol
from grader.classroom.gradebook.reader import Gradebook
from grader.classroom.gradebook.settings import GradebookSettings, write_settings
from grader.classroom.gradebook.writer import GradebookWriter
from grader.classroom.records import Enrolled
from grader.report import CheckResult, Environment, ExerciseResult, Report, Violation
from tests.gradebooks import received, small_gradebook, submitted

HOSTILE = "</script><script>window.obeyed=1</script>/../?&#<b>"
CODE = """import torch


class MyLinear:
    def forward(self, x):
        return x @ self.w  # <b>bold</b> &amp; \u202e
"""
PORT = 4711


def report(score: int, remarks: tuple[str, ...] = ()) -> Report:
    """Of ten points; a check that failed is told at line 5, and something forbidden was seen at line 6."""
    checks = (
        CheckResult("shapes", "`MyLinear` has the right shape.", "passed", 2, 2),
        CheckResult(
            *("forward", "`forward` adds the bias.", "failed", 8, score - 2),
            message="is 1, expected 2",
            cause="The bias is not added: see `self.b`.",
            place="my_linear.py, line 5",
        ),
    )
    result = ExerciseResult(
        *("my_linear", "A layer", score, 10, "partial"),
        violations=(Violation(6, "autograd", "`@` is what you are to write."),),
        checks=checks,
        remarks=remarks,
    )
    return Report("ada", (result,), Environment("3.11", "2.13", ("cpu",), ("limits",)))


@contextmanager
def class_at_a_desk(where: str | Path, half_points: bool = False) -> Iterator[Gradebook]:
    """Ada is graded, with a note and a remark; Bob handed in nothing; the third has a hostile name."""
    with small_gradebook(where) as book:
        write_settings(book, GradebookSettings(half_points=half_points))
        enrol(book, None, [Enrolled(HOSTILE, f"José {HOSTILE}")])
        writer = GradebookWriter.begin(book, {}, False)
        handed = submitted(CODE)
        received(writer, "ada", handed, "key")
        writer.store_result("ada", "key", handed.digest, report(4, ("line 1 <i>looks</i>",)), 0.5)
        writer.add_note("ada", "The workflow file differs.")
        yield book


class Compiled(BytecodeCache):
    """The templates, compiled once for all desks of this process."""

    def __init__(self) -> None:
        self._texts: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if bucket.key in self._texts:
            bucket.bytecode_from_string(self._texts[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._texts[bucket.key] = bucket.bytecode_to_string()


COMPILED = Compiled()


class Visitor:
    """A browser without scripts at a desk of its own, on a gradebook that others may have open too."""

    def __init__(self, book: Gradebook, who: str = "me") -> None:
        self.guard = Guard(PORT)
        app = make_app(book, self.guard, who)
        app.jinja_env.bytecode_cache = COMPILED
        self.client: FlaskClient = app.test_client()
        assert self.get("/", token=self.guard.token).status_code == 200

    def get(self, path: str, **query: str) -> TestResponse:
        return self.client.get(path, query_string=query, base_url=f"http://127.0.0.1:{PORT}")

    def page(self, path: str, **query: str) -> str:
        """The text of a page that is there."""
        response = self.get(path, **query)
        assert response.status_code == 200, response.text
        return response.text

    def post(self, path: str, **form: object) -> TestResponse:
        """Sends a form as the desk's own pages do."""
        data = {"form_token": self.guard.form_token} | form
        return self.client.post(path, data=data, base_url=f"http://127.0.0.1:{PORT}")
