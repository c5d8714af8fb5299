"""What a student is shown besides a result: what to do next, with which keys, and what to compare with."""

from __future__ import annotations

import pytest

from grader.course.catalog import load_course
from grader.practice.view import View, screen_of
from grader.practice.workspace import Standing, State
from grader.submission import Source

COURSE = load_course()
SOURCE = Source.of_text("derivative.py", "")


def standings(*states: State) -> list[Standing]:
    named = zip(COURSE.exercises, states, strict=False)
    return [Standing(one, state, one.points * (state == "passed"), SOURCE) for one, state in named]


@pytest.mark.parametrize(
    ("states", "current", "told", "key"),
    [
        (("not_attempted", "failed"), "derivative", "Next: open derivative.py", "skip"),
        (("failed", "failed"), "derivative", "Change derivative.py and save it", "try it"),
        (("passed", "failed"), "derivative", "n goes on to the next exercise", "practise it again"),
        (("passed", "passed"), "derivative", "All 2 exercises are done: 20 of 20", "next"),
        (("passed", "passed"), "", "All 2 exercises are done: 20 of 20", "back"),
        (("missing", "missing"), "", "There is no exercise here any more.", "quit"),
    ],
)
def test_the_one_thing_to_do_next(
    states: tuple[State, ...], current: str, told: str, key: str
) -> None:
    screen = screen_of(COURSE, standings(*states), current, None, View(has_keys=True))
    assert told in screen.advice
    assert key in dict(screen.keys).values()


def test_who_has_solved_it_sees_what_to_compare_with() -> None:
    for has_keys in (True, False):
        view = View(has_keys=has_keys)
        solved = screen_of(COURSE, standings("passed", "failed"), "derivative", None, view)
        assert ("gradcheck" in solved.comparison) == has_keys
    assert not screen_of(COURSE, standings("failed"), "derivative", None, view).comparison


def test_every_exercise_of_the_course_has_something_to_compare_with() -> None:
    assert all(exercise.comparison for exercise in COURSE.exercises)


def test_the_mark_in_the_list_stands_where_it_was_moved() -> None:
    view = View(chosen="autograd_basics", has_keys=True)
    screen = screen_of(COURSE, standings("failed", "failed"), "derivative", None, view)
    assert screen.listing
    assert [entry.current for entry in screen.entries] == [False, True]
    assert "Enter" in dict(screen.keys)
