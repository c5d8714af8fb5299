"""Runs one case of a check: what its function is called with, and how it ended."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import torch

from ..errors import CourseFault, Fault, SandboxLost
from ..sandbox.gpu import is_of_cuda
from . import torch_settings
from .alarm import Overrun
from .collect import Case
from .drawing.rounds import FLOATS, HALVES, PUBLISHED
from .generators import seed_all
from .memo import MemoizedSession, Replay, not_steady
from .outcome import CaseEnd, CheckOutcome, CheckRaised, DtypeNotTaken
from .session import Session
from .student import Answers, Draw, Student


def run_case(case: Case, session: MemoizedSession, seed: int, rounded: bool = False) -> CaseEnd:
    """Runs a case to its end.

    Args:
        rounded: draw numbers of two decimal places, which a person reads more easily.

    Raises:
        Fault: if the grader or the course is at fault, whatever the check made of it.
        CheckRaised: if its function raises anything but how a case ends.
    """
    error: BaseException | None = None
    arguments = _Arguments(case, session, seed, rounded)
    try:
        try:
            _call(case, arguments, seed)
        except (KeyboardInterrupt, Overrun):
            raise
        except BaseException as raised:
            error = raised
        if session.final is not None:
            error = session.final
            if not isinstance(error, CheckOutcome):
                raise error
        return replace(_end(case, error), drawn=arguments.drawn)
    finally:
        del error  # it holds this frame, which holds it


def _end(case: Case, error: BaseException | None) -> CaseEnd:
    match error:
        case None:
            return CaseEnd()
        case DtypeNotTaken() if case.params.get("dtype") in HALVES:
            return CaseEnd()
        case CheckOutcome():
            return error.end
        case pytest.fail.Exception():
            return CaseEnd("failed", str(error))
        case pytest.skip.Exception():
            raise CheckRaised from error  # nobody can earn the points of a check that is not run
        case Fault():
            raise error
        case RuntimeError() if is_of_cuda({"type": type(error).__name__, "message": str(error)}):
            # a reference is worked out on the GPU as well, where whoever else uses it can be in the way
            raise SandboxLost(f"The GPU fails the grader itself: {error}".split("\n")[0]) from error
        case Exception():
            raise CheckRaised from error
        case _:
            raise CourseFault(f"The check {case.name} ends the program.") from error


def expect_steady(
    case: Case, session: Session, asked: MemoizedSession, seed: int, rounded: bool = False
) -> None:
    """Runs a case once more on the answers that it has had, up to its last question; nothing of the student's runs.

    The generators that the whole process shares are at another place then, as they would be in another process.

    Raises:
        CourseFault: if the case asks for something else than the first time.
    """
    replay = Replay(session, asked.answered)
    try:
        _call(case, _Arguments(case, replay, seed, rounded), seed + 1)
    except (KeyboardInterrupt, Overrun):
        raise
    except BaseException:
        pass  # how it ends is known from the first time
    if not replay.asks_alike:
        raise not_steady()


def _call(case: Case, arguments: _Arguments, shared_seed: int) -> None:
    seed_all(shared_seed)
    torch_settings.set_all()
    returned = case.function(**{name: arguments.get(name) for name in case.arguments})
    if returned is not None:  # as in `return a == b`, which nobody would look at
        raise CourseFault(
            f"The check {case.name} returns something. Say what has to hold with `expect`."
        )


class _Arguments:
    """What a case's function is called with; each is made once."""

    def __init__(self, case: Case, session: Answers, seed: int, rounded: bool) -> None:
        self._made: dict[str, Any] = dict(case.params)
        self._make: dict[str, Callable[[], Any]] = {
            "round": lambda: PUBLISHED,
            "student": lambda: self._student(session, seed),
            "elsewhere": lambda: self.get("student"),
            "draw": lambda: Draw(
                seed, self.get("dtype"), self.get("home"), self.get("round"), rounded
            ),
        }

    def _place(self) -> str:
        """Where the inputs are: one case in two on `sim` has them on the second such device.

        Code that names the first one, or goes by the current one, fails there, as it does on two GPUs.
        """
        device: str = self.get("device")
        second = device == "sim" and self._made.get("dtype") is FLOATS[-1]
        return f"{device}:1" if second else device

    def _student(self, session: Answers, seed: int) -> Student:
        return Student(session, self._place(), seed, self.get("round").default_dtype)

    @property
    def drawn(self) -> str:
        """What the case was tried with, in words."""
        default = self.get("round").default_dtype
        words = [*self._made["draw"].drawn.values()] if "draw" in self._made else []
        words += [] if default == torch.float32 else [f"torch.set_default_dtype({default})"]
        return ", ".join(words)

    def get(self, name: str) -> Any:
        if name not in self._made:
            self._made[name] = self._make[name]()
        return self._made[name]
