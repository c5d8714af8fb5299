"""Canvas through its API, against one on loopback: once, patiently, and with a token that nobody reads."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from grader.classroom.giveback.canvas_plan import CanvasChange, CanvasIntent, changes_of
from grader.classroom.giveback.canvas_send import (
    TOKEN as VARIABLE,
)
from grader.classroom.giveback.canvas_send import (
    WAITS,
    CanvasAssignment,
    CanvasPlace,
    checked_url,
    token_in_environment,
)
from grader.classroom.giveback.recipients import Handover
from grader.errors import GiveBackError
from tests.fake_canvas import ASSIGNMENT, COURSE, TOKEN, FakeCanvas, fake_canvas

pytest.importorskip("canvasapi")
ADA = CanvasIntent("ada", "Ada Lind", ("ada",), "7.5", comment="Well done.")


@pytest.fixture
def canvas() -> Iterator[FakeCanvas]:
    with fake_canvas() as running:
        for number, login in enumerate(("ada", "bob", "eve", "dan", "zoe"), 70):
            running.add(number, "", login)
        yield running


class Client:
    """The assignment, without waits; `waited` has those that there would have been."""

    def __init__(self, canvas: FakeCanvas, token: str = TOKEN, **place: int) -> None:
        where = CanvasPlace(
            canvas.url, place.get("course", COURSE), place.get("assignment", ASSIGNMENT)
        )
        self.waited: list[float] = []
        self.assignment = CanvasAssignment(where, token, self.waited.append)

    def change(self, intent: CanvasIntent = ADA) -> CanvasChange:
        [change] = changes_of([intent], self.assignment.users(), Handover())
        return change


def test_a_grade_and_a_comment_are_sent_once(canvas: FakeCanvas) -> None:
    client = Client(canvas)
    client.assignment.expect(10)
    assert len(client.assignment.users()) == 5  # of three pages
    for _time in range(2):
        assert client.assignment.send(client.change()) == ""
    assert canvas.submissions[70]["score"] == 7.5
    assert canvas.comments(70) == ["Well done."]
    assert canvas.puts == 1


def test_an_excuse_is_sent(canvas: FakeCanvas) -> None:
    client = Client(canvas)
    client.assignment.send(client.change(CanvasIntent("bob", "", ("bob",), excuse=True)))
    assert canvas.submissions[71]["excused"] is True
    assert canvas.comments(71) == []


@pytest.mark.parametrize("trouble", [429, 500, 502, 503, "lost"])
def test_a_try_that_fails_is_made_again(canvas: FakeCanvas, trouble: int | str) -> None:
    client = Client(canvas)
    change = client.change()
    canvas.troubles = ["", trouble]  # at the PUT
    client.assignment.send(change)
    assert canvas.comments(70) == ["Well done."]
    assert canvas.submissions[70]["score"] == 7.5
    assert client.waited == [WAITS[0]]
    assert canvas.puts == (1 if trouble == "lost" else 2)


def test_each_wait_is_longer_and_there_is_a_last_one(canvas: FakeCanvas) -> None:
    client = Client(canvas)
    change = client.change()
    canvas.troubles = [503] * 20
    with pytest.raises(GiveBackError, match="the same command sends the rest"):
        client.assignment.send(change)
    assert client.waited == sorted(client.waited) == list(WAITS)
    assert canvas.comments(70) == []


def test_what_canvas_takes_off_is_told(canvas: FakeCanvas) -> None:
    canvas.deducts = 2
    client = Client(canvas)
    told = client.assignment.send(client.change())
    assert told.startswith("ada: Canvas shows 5.5 and not 7.5.")
    assert client.change().is_nothing  # the points that were sent are there all the same


@pytest.mark.parametrize(
    ("status", "told"),
    [
        (401, "does not accept the token"),
        (403, "does not let the token's owner grade"),
        (404, "has no assignment 42 in course 7"),
        (400, "does not take what is sent"),
        (422, "does not take what is sent"),
    ],
)
def test_a_refusal_is_told_at_once(canvas: FakeCanvas, status: int, told: str) -> None:
    client = Client(canvas)
    change = client.change()
    canvas.troubles = [status]
    with pytest.raises(GiveBackError, match=told) as error:
        client.assignment.send(change)
    assert not client.waited
    assert TOKEN not in str(error.value)


def test_a_wrong_token_or_place_is_told(canvas: FakeCanvas) -> None:
    with pytest.raises(GiveBackError, match=f"does not accept the token in {VARIABLE}") as error:
        Client(canvas, "7~another-secret")
    assert "another-secret" not in str(error.value)
    with pytest.raises(GiveBackError, match="has no assignment 42 in course 8"):
        Client(canvas, course=8)
    with pytest.raises(GiveBackError, match="has no assignment 43 in course 7"):
        Client(canvas, assignment=43)


def test_nobody_at_home_is_told(canvas: FakeCanvas) -> None:
    with fake_canvas() as gone:
        pass
    with pytest.raises(GiveBackError, match="does not answer: it fails or cannot be reached"):
        Client(gone)


def test_what_is_no_canvas_is_told_at_once(canvas: FakeCanvas) -> None:
    client = Client(canvas)
    canvas.troubles = ["no JSON"]
    with pytest.raises(GiveBackError, match="is no Canvas"):
        client.assignment.users()
    del canvas.submissions[70]["user_id"]
    with pytest.raises(GiveBackError, match="is no Canvas"):
        client.assignment.users()
    assert not client.waited


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({"anonymize_students": True}, "is graded anonymously in Canvas"),
        ({"points_possible": 20}, "is out of 20 points in Canvas, and out of 10 in the gradebook"),
        ({"grading_type": "pass_fail"}, "takes no points in Canvas"),
        ({"grading_type": "not_graded"}, "takes no points in Canvas"),
    ],
)
def test_an_assignment_of_other_points_is_told(
    canvas: FakeCanvas, said: dict[str, object], told: str
) -> None:
    canvas.assignment |= said
    with pytest.raises(GiveBackError, match=told):
        Client(canvas).assignment.expect(10)


def test_someone_who_grades_meanwhile_is_seen(canvas: FakeCanvas) -> None:
    client = Client(canvas)
    change = client.change()
    canvas.grade(70, {"submission[posted_grade]": "7.5", "comment[text_comment]": "Well done."})
    client.assignment.send(change)
    assert canvas.puts == 0
    assert replace(change, grade="", comment="").is_nothing


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("https://canvas.example.edu", "https://canvas.example.edu"),
        ("https://canvas.example.edu/courses/7/assignments/42", "https://canvas.example.edu"),
        ("canvas.example.edu/api/v1", "https://canvas.example.edu"),
        ("http://localhost:8000/", "http://localhost:8000"),
    ],
)
def test_an_address_is_taken_by_its_host(url: str, kept: str) -> None:
    assert checked_url(url) == kept


@pytest.mark.parametrize(
    "url",
    ["", "https://", "ftp://x", "http://canvas.example.edu", "https://me:pw@x.edu", "https://x:p"],
)
def test_an_address_that_is_none_is_told(url: str) -> None:
    with pytest.raises(GiveBackError, match=r"https://"):
        checked_url(url)


def test_the_token_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    assert token_in_environment() == ""
    monkeypatch.setenv(VARIABLE, " abc\n")
    assert token_in_environment() == "abc"
