"""The loop of `grader watch`: takes what happens one by one, grades, and shows the one thing to do next."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from queue import Empty, SimpleQueue

from rich.console import Console

from ..course.catalog import Exercise
from ..course.python_files import text_of
from ..course.translation import hints_of
from ..errors import (
    CourseError,
    Fault,
    InputError,
    SandboxLost,
    UnsupportedVersion,
    WorkspaceError,
)
from ..language import N_, _
from ..machines import Machines, preload_for, warm_up
from ..outputs.watch_screen import Hint
from ..report import ExerciseResult
from ..submission import Source, Submission
from .attempt import Attempts
from .events import Event, Events, Lost, Pressed, Resized, Saved
from .file_watcher import Saves
from .keyboard import DOWN, ENTER, QUIT, UP, Keyboard
from .painter import Painter
from .signals import as_events
from .stubs import put_anew, stub_of
from .view import View, screen_of
from .workspace import HINTS_OFF, NO_HINTS, Standing, Workspace, state_of, upcoming

_PATIENCE = 1.0  # seconds in which a file may be half-written, or gone, without more ado
_AGAIN = 0.05
_PULSE = 0.3  # a signal that another thread got is heeded when this one wakes

_PASSED = N_("✓ {name}: all {points} points.")
_GRADING = N_("Grading {name} …")
_STARTING = N_("Starting …")
_TRYING_AGAIN = N_("{problem} Trying again.")
_GONE = N_("{name} has no file any more.")
_LAST = N_("There is no other exercise left to go to.")
_NOTHING_TO_TRY = N_("{name}: nothing that runs is wrong.")


def watch(
    workspace: Workspace, machines: Machines, console: Console, start: Exercise | None = None
) -> None:
    """Watches the workspace until the student quits.

    Raises:
        KeyboardInterrupt: at Ctrl-C, and when the process is asked to end.
        WorkspaceError: if the folder cannot be watched, or the terminal is gone.
    """
    events: Events = SimpleQueue()
    session = Watch(workspace, machines, Painter(console), start)
    with ExitStack() as stack:
        stack.enter_context(as_events(events))
        stack.enter_context(Saves(workspace.folder, workspace.course.names, events))
        keyboard = stack.enter_context(Keyboard(events, lambda: session.busy))
        session.run(events, keyboard)


class Watch:
    """What is known of the workspace at the moment, and what follows from each event.

    Attributes:
        busy: whether a grading is under way.
    """

    def __init__(
        self,
        workspace: Workspace,
        machines: Machines,
        painter: Painter,
        start: Exercise | None = None,
    ) -> None:
        self.busy = False
        self._workspace = workspace
        self._machines = machines
        self._attempts = Attempts(machines)
        self._painter = painter
        self._standings = {one.exercise.name: one for one in workspace.standings()}
        self._results: dict[str, ExerciseResult] = {}
        self._current = start.name if start else ""
        self._view = View()
        self._waiting: dict[str, float] = {}  # unreadable files, and until when that may be

    def run(self, events: Events, keyboard: Keyboard) -> None:
        """Takes events until the student quits.

        Raises:
            WorkspaceError: if the folder cannot be watched any more, or the terminal is gone.
        """
        self._view.has_keys = keyboard.here
        self._begin()
        while True:
            try:
                event: Event | None = events.get(timeout=_AGAIN if self._waiting else _PULSE)
            except Empty:
                event = None
            match event:
                case Pressed(key) if key == QUIT:
                    return
                case Lost(why):
                    sentence = _("Watching {folder} ended: {error}.")
                    folder = self._workspace.folder.absolute()
                    raise WorkspaceError(sentence.format(folder=folder, error=why))
                case Pressed(key):
                    self._press(key)
                case Saved(names):
                    self._save([name for name in self._standings if name in names])
                case Resized():
                    keyboard.quieten()
                    self._painter.forget()
                    self._show()
                case None:
                    self._save([name for name in self._standings if name in self._waiting])

    # events

    def _begin(self) -> None:
        """Grades what is not known yet, up to the exercise to work on."""
        self._show(_(_STARTING))
        self._warm_up()
        for name, standing in self._standings.items():
            if standing.needs_grading:
                self._show(_(_GRADING).format(name=name), standing)
                self._grade(name, standing.source)
        if not self._current or self._standings[self._current].state == "missing":
            self._move_on()
        else:
            self._turn_to(self._current)

    def _warm_up(self) -> None:
        """Grades a stub, to no end but that the first save is answered as fast as the others."""
        exercise = self._workspace.course.exercises[0]
        self.busy = True
        try:
            warm_up()
            if exercise.stub.is_file():
                text = text_of(exercise.stub)
                self._report(Submission.of_text(exercise.name, text))
                self._attempts = Attempts(self._machines)  # whose inputs are not the stub's
        finally:
            self.busy = False

    def _save(self, names: Sequence[str]) -> None:
        """Grades those of the exercises whose text is another one; the view goes with a single one."""
        changed = [name for name in names if self._is_changed(name)]
        if not changed:
            return
        self._view.clear()
        for name in changed:
            self._show(_(_GRADING).format(name=name))
            self._grade(name, self._standings[name].source)
        left = [name for name in changed if not self._standings[name].done]
        if len(left) == 1 and len(changed) == 1:
            self._turn_to(left[0])
        elif len(changed) == 1 and self._view.has_keys:
            self._turn_to(changed[0])  # it is done: a key goes on
        elif self._current and self._standings[self._current].done:
            self._move_on(after=self._current)
        else:
            self._turn_to(self._current)

    def _is_changed(self, name: str) -> bool:
        """Whether there is something to grade now; what cannot be read yet is told, and asked for again soon."""
        before = self._standings[name]
        now = self._workspace.standing(before.exercise)
        problem = now.source.problem if now.source else ""
        if now.source is None and before.source is None:
            self._waiting.pop(name, None)
            return False
        if now.source is None or problem:
            since = self._waiting.setdefault(name, time.monotonic() + _PATIENCE)
            if time.monotonic() < since:
                if problem:
                    self._tell(_(_TRYING_AGAIN).format(problem=problem), "yellow")
                return False
        waited = self._waiting.pop(name, None) is not None
        if now.source is None:
            self._standings[name] = now
            self._results.pop(name, None)
            self._tell(_(_GONE).format(name=name), "yellow")
            if name == self._current:
                self._move_on()
            return False
        same = (
            before.source is not None
            and before.source.digest == now.source.digest
            and before.source.problem == problem
        )
        if not same:
            self._standings[name] = now
        elif waited:
            self._view.notices = []
            self._show()
        return not same

    def _press(self, key: str) -> None:
        view = self._view
        view.notices, view.example = [], ""
        if view.chosen and key in (UP, DOWN, "k", "j", ENTER):
            self._choose(key)
            return
        was_listing, view.chosen = bool(view.chosen), ""
        standing = self._standings.get(self._current)
        if key == "l" and not was_listing:
            view.chosen = self._current or next(iter(self._standings), "")
        elif key == "b":
            self._step(-1)
            return
        elif key in ("s", "n") or (key == ENTER and (standing is None or standing.done)):
            self._skip()
            return
        elif standing is None:
            pass
        elif key == "h":
            self._show_hint(standing.exercise)
        elif key == "t":
            self._show_example(standing)
        elif key == "p":
            self._practise(standing)
            return
        elif key == "r":
            name = self._current
            self._standings[name] = self._workspace.standing(standing.exercise)
            self._results.pop(name, None)
            self._turn_to(name, again=True)
            return
        self._show()

    def _choose(self, key: str) -> None:
        """Moves the mark in the list, or goes to the exercise that it stands at."""
        names, view = list(self._standings), self._view
        if key == ENTER:
            name, view.chosen = view.chosen, ""
            self._turn_to(name)
            return
        step = -1 if key in (UP, "k") else 1
        view.chosen = names[(names.index(view.chosen) + step) % len(names)]
        self._show()

    def _step(self, by: int) -> None:
        """Goes to the next exercise, or the one before, that is here, be it done or not."""
        here = [name for name, one in self._standings.items() if one.state != "missing"]
        if self._current in here:
            self._turn_to(here[(here.index(self._current) + by) % len(here)])
        elif here:
            self._turn_to(here[-1])
        else:
            self._show()

    def _skip(self) -> None:
        other = upcoming(list(self._standings.values()), after=self._current)
        if other is None and self._current and self._standings[self._current].done:
            self._turn_to("")
        elif other is None or other.exercise.name == self._current:
            self._tell(_(_LAST), "yellow")
        else:
            self._turn_to(other.exercise.name)

    def _practise(self, standing: Standing) -> None:
        """Puts the stub back, to be solved once more; what was there is kept beside it."""
        exercise, source = standing.exercise, standing.source
        if source is None:
            return
        path = self._workspace.folder / source.filename
        try:
            told = put_anew(path, stub_of(exercise, source.notebook), exercise.name)
        except (OSError, InputError) as error:
            self._tell(
                _("{file} cannot be written: {error}.").format(file=path, error=error), "yellow"
            )
            return
        self._standings[exercise.name] = self._workspace.standing(exercise)
        self._results.pop(exercise.name, None)
        self._turn_to(exercise.name)
        self._tell(told, "yellow")

    def _show_hint(self, exercise: Exercise) -> None:
        """The next one; after the last, the first again."""
        view = self._view
        try:
            allowed = self._workspace.hints_allowed()
        except WorkspaceError as error:
            view.notices.append((str(error), "yellow"))
            return
        total, shown = len(exercise.hints), self._workspace.hints_shown(exercise)
        if not allowed:
            view.notices.append((_(HINTS_OFF), "yellow"))
        elif not total:
            view.notices.append((_(NO_HINTS).format(name=exercise.name), "yellow"))
        else:
            last = view.hint.number if view.hint else 0
            number = shown + 1 if shown < total else last % total + 1
            self._workspace.remember_hints(exercise, number)
            view.hint = Hint(number, total, hints_of(exercise)[number - 1])

    def _show_example(self, standing: Standing) -> None:
        """The simplest case that is wrong, as Python to run."""
        name, source = standing.exercise.name, standing.source
        if source is None:
            return
        self._show(_(_GRADING).format(name=name))
        self.busy = True
        try:
            submission = Submission(str(self._workspace.folder), {name: source}, (name,))
            example = self._attempts.example(submission)
        except (Fault, InputError) as error:
            self._view.notices.append((str(error), "magenta"))
            return
        finally:
            self.busy = False
        self._view.example = example
        if not example:
            self._view.notices.append((_(_NOTHING_TO_TRY).format(name=name), "yellow"))

    # grading

    def _grade(self, name: str, source: Source | None) -> None:
        """Grades one exercise and keeps what came of it."""
        if source is None:
            return
        was_done = self._standings[name].done or (
            name in self._results and (self._results[name].status == "passed")
        )
        submission = Submission(str(self._workspace.folder), {name: source}, (name,))
        result = self._report(submission)
        if result is None:
            return
        self._results[name] = result
        self._workspace.remember([result], {name: source})
        exercise = self._standings[name].exercise
        self._standings[name] = Standing(exercise, state_of(result), result.score, source)
        if result.status == "passed" and not was_done:
            sentence = _(_PASSED).format(name=name, points=result.max_score)
            self._view.notices.append((sentence, "bold green"))
            self._view.hint = None

    def _report(self, submission: Submission) -> ExerciseResult | None:
        """The result of a grading; `None` where there is no verdict, which is told."""
        self.busy = True
        try:
            done = self._attempts.attempt(submission)
        finally:
            self.busy = False
        if done.report is None:
            self._view.notices.append((done.trouble, "magenta"))
            return None
        return done.report.exercises[0]

    def _move_on(self, after: str = "") -> None:
        other = upcoming(list(self._standings.values()), after)
        self._turn_to(other.exercise.name if other else "")

    def _turn_to(self, name: str, again: bool = False) -> None:
        """Makes `name` the current exercise and shows it, graded if it has anything to grade."""
        standing = self._standings.get(name)
        if name != self._current:
            self._current = name
            self._view.hint, self._view.example = None, ""
            self._prepare(standing)
        if standing and name not in self._results and (again or standing.state != "not_attempted"):
            self._show(_(_GRADING).format(name=name))
            self._grade(name, standing.source)
            if again and self._standings[name].done and not self._view.has_keys:
                self._move_on(after=name)
                return
        self._show()

    def _prepare(self, standing: Standing | None) -> None:
        """Has children start for an exercise while the student works at it; what is wrong, its grading tells."""
        if standing and standing.source:
            with suppress(SandboxLost, UnsupportedVersion, CourseError):
                self._machines.prepare(preload_for(standing.exercise, standing.source))

    # the screen

    def _tell(self, notice: str, style: str) -> None:
        self._view.notices = [(notice, style)]
        self._show()

    def _show(self, busy: str = "", working_on: Standing | None = None) -> None:
        current = working_on.exercise.name if working_on else self._current
        screen = screen_of(
            self._workspace.course,
            list(self._standings.values()),
            current,
            self._results.get(current),
            self._view,
            busy,
        )
        self._painter.show(screen, final=not busy)
