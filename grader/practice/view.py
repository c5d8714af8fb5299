"""What `grader watch` shows at the moment, besides the result: a function of it and of the workspace is the screen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from ..course.catalog import Course
from ..course.translation import comparison_of, title_of
from ..language import N_, _
from ..outputs.progress import ProgressEntry
from ..outputs.watch_screen import Hint, Screen
from ..report import ExerciseResult
from .workspace import Standing

_WORKING = (
    ("h", N_("hint")),
    ("t", N_("try it")),
    ("l", N_("list")),
    ("b", N_("back")),
    ("s", N_("skip")),
    ("r", N_("rerun")),
    ("q", N_("quit")),
)
_DONE = (
    ("n", N_("next")),
    ("b", N_("back")),
    ("p", N_("practise it again")),
    ("l", N_("list")),
    ("q", N_("quit")),
)
_CHOOSING = (("↑ ↓", N_("choose")), ("Enter", N_("go there")), ("l", N_("back")), ("q", N_("quit")))
_ALL_PASSED = N_("All {number} exercises are done: {score} of {points} points.")
_OPEN = N_(
    "Next: open {file}, write what it asks for and save it. `grader show {name}` "
    "prints what is asked."
)
_MEND = N_("Change {file} and save it: it is graded again.")
_NOTHING = N_("There is no exercise here any more.")
_GO_ON = N_("Done. n goes on to the next exercise; p puts the stub back, to practise.")


@dataclass
class View:
    """What is shown until something else happens.

    Attributes:
        notices: sentences about what has just happened, oldest first, each with its style.
        hint: the last one that was asked for.
        example: Python that shows what is wrong.
        chosen: where the mark in the list stands; empty where no list is shown.
        has_keys: whether keys are read.
    """

    notices: list[tuple[str, str]] = field(default_factory=list)
    hint: Hint | None = None
    example: str = ""
    chosen: str = ""
    has_keys: bool = False

    def clear(self) -> None:
        """For something new: only the hint stays."""
        self.notices, self.example, self.chosen = [], "", ""


def screen_of(
    course: Course,
    standings: Sequence[Standing],
    current: str,
    result: ExerciseResult | None,
    view: View,
    busy: str = "",
) -> Screen:
    """The screen.

    Args:
        current: the name of the exercise that is worked on; empty where there is none.
        result: its last grading.
        busy: what is under way, which stands in place of advice.
    """
    standing = next((one for one in standings if one.exercise.name == current), None)
    done = standing is not None and standing.done
    keys = _CHOOSING if view.chosen else _DONE if done or not standing else _WORKING
    return Screen(
        title=_(course.title),
        entries=tuple(_entry(one, view.chosen or current) for one in standings),
        notices=tuple(view.notices),
        result=result,
        advice=busy or _advice(standings, standing, view.has_keys),
        hint=view.hint,
        listing=bool(view.chosen),
        example=view.example,
        comparison=comparison_of(standing.exercise) if standing and done and view.has_keys else "",
        keys=tuple((key, _(does)) for key, does in keys) if view.has_keys else (),
    )


def _advice(standings: Sequence[Standing], standing: Standing | None, has_keys: bool) -> str:
    there = [one for one in standings if one.state != "missing"]
    if not there:
        return _(_NOTHING)
    all_done = all(one.done for one in there)
    if standing is None or (standing.done and all_done):
        score, points = sum(one.score for one in there), sum(one.exercise.points for one in there)
        return _(_ALL_PASSED).format(number=len(there), score=score, points=points)
    if standing.done and has_keys:
        return _(_GO_ON)
    name = standing.exercise.name
    file = standing.source.filename if standing.source else f"{name}.py"
    template = _(_OPEN) if standing.state == "not_attempted" else _(_MEND)
    return template.format(file=file, name=name)


def _entry(standing: Standing, current: str) -> ProgressEntry:
    exercise = standing.exercise
    return ProgressEntry(
        name=exercise.name,
        title=title_of(exercise),
        unit=_(exercise.unit),
        state=standing.state,
        score=standing.score,
        points=exercise.points,
        current=exercise.name == current,
    )
