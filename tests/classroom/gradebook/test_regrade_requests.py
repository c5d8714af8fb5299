"""Regrade requests: asked, answered once, and kept."""

from __future__ import annotations

import pytest

from grader.classroom.gradebook.reader import Gradebook
from grader.classroom.gradebook.regrade_requests import (
    answer_request,
    ask_for_regrade,
    regrade_requests,
)
from grader.errors import ChangedMeanwhileError, GradebookError


def test_a_request_is_open_until_it_is_answered(gradebook: Gradebook) -> None:
    asked = ask_for_regrade(gradebook, "ada-l", "It is right!", who="me", exercise="my_linear")
    other = ask_for_regrade(gradebook, "bob", "Mine too", who="me")
    assert regrade_requests(gradebook) == [asked, other]
    assert asked.is_open
    assert asked.student == "ada"
    answered = answer_request(gradebook, asked.number, "So it is.", who="you")
    assert regrade_requests(gradebook, "ada") == [answered]
    assert not answered.is_open
    assert (answered.answer, answered.answered_by) == ("So it is.", "you")
    with pytest.raises(ChangedMeanwhileError, match=r"you has answered .* So it is"):
        answer_request(gradebook, asked.number, "No.", who="me")
    told = {event.kind: event.text for event in gradebook.history("ada")}
    assert told["regrade request"] == f"request {asked.number} for my_linear: It is right!"
    assert told["answered"] == f"request {asked.number} by you: So it is."


def test_a_request_that_is_none(sqlite_gradebook: Gradebook) -> None:
    with pytest.raises(GradebookError, match="A regrade request needs a text"):
        ask_for_regrade(sqlite_gradebook, "ada", " ", who="me")
    with pytest.raises(GradebookError, match="no exercise 'x'"):
        ask_for_regrade(sqlite_gradebook, "ada", "y", who="me", exercise="x")
    with pytest.raises(GradebookError, match="no student is called 'eve'"):
        ask_for_regrade(sqlite_gradebook, "eve", "y", who="me")
    with pytest.raises(GradebookError, match="no regrade request 1"):
        answer_request(sqlite_gradebook, 1, "y", who="me")
    assert regrade_requests(sqlite_gradebook) == []
