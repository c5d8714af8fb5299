"""The sessions of one exercise of one submission, a sandbox each: for the CPU, and for a GPU that is there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ..submission import Source
from .session import Session


@dataclass(frozen=True)
class Sessions:
    """The sessions of one exercise of one submission: `cuda` has a sandbox of its own, where there is a GPU.

    Attributes:
        solution: the exercise's own answer, read when it is asked for; `None` where it is not at hand.
    """

    main: Session
    cuda: Session | None = None
    solution: Callable[[], Source | None] = lambda: None

    @property
    def waited(self) -> float:
        """For how many seconds this process has waited for the sandboxes."""
        return self.main.waited + (self.cuda.waited if self.cuda else 0.0)

    @property
    def is_waiting(self) -> bool:
        """Whether it waits for one of them at the moment."""
        return self.main.is_waiting or bool(self.cuda and self.cuda.is_waiting)

    def begin_check(self, *, anew: bool = False) -> None:
        """Says that another check begins; with `anew`, the code is to know nothing of those before."""
        for session in filter(None, (self.main, self.cuda)):
            session.begin_check(anew=anew)

    def on(self, device: str | None) -> Session:
        """The one whose children have `device`; `None` stands for a case that runs nothing of the student's."""
        return self.cuda if device == "cuda" and self.cuda else self.main
