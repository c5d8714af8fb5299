"""Which checks students are not to see follows from what every run noted."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from grader.classroom.gradebook.kept_back import noted
from grader.classroom.gradebook.reader import Gradebook
from grader.classroom.gradebook.writer import GradebookWriter


def assigned(kept_back: set[str], shown: set[str]) -> Any:
    """An assignment of one exercise, as far as it is asked."""
    exercise = SimpleNamespace(
        exercise=SimpleNamespace(name="my_linear"),
        kept_back=frozenset(kept_back),
        public_points=dict.fromkeys(shown, 1),
    )
    return SimpleNamespace(exercises=(exercise,))


def after(gradebook: Gradebook, *runs: Any) -> dict[str, frozenset[str]]:
    for each in runs:
        GradebookWriter.begin(gradebook, {"checks": "x"} | noted(each), False)
    return gradebook.kept_back


def test_without_an_assignment_nothing_is_kept_back(sqlite_gradebook: Gradebook) -> None:
    assert noted(None) == {}
    assert after(sqlite_gradebook, None) == {}
    assert after(sqlite_gradebook, assigned(set(), {"seen"})) == {}


def test_what_any_run_kept_back_stays_so(sqlite_gradebook: Gradebook) -> None:
    """A result that stands from then still has the check."""
    found = after(sqlite_gradebook, assigned({"old"}, {"seen"}), assigned({"new"}, {"seen"}), None)
    assert found == {"my_linear": frozenset({"old", "new"})}
    assert sqlite_gradebook.record("ada").kept_back == found


def test_what_a_later_run_shows_is_shown(sqlite_gradebook: Gradebook) -> None:
    found = after(sqlite_gradebook, assigned({"a", "b"}, set()), assigned({"b"}, {"a"}))
    assert found == {"my_linear": frozenset({"b"})}
