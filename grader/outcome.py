"""How a case of a check ends when it does not pass."""

from __future__ import annotations

from .report import CheckStatus


class CheckOutcome(Exception):
    """Ends a case with `status`; `message` is for the student, `cause` names the mistake where it is known."""

    def __init__(self, status: CheckStatus, message: str, cause: str = "") -> None:
        super().__init__(message)
        self.status: CheckStatus = status
        self.message = message
        self.cause = cause


class CheckFailed(CheckOutcome):
    """The student's code is wrong here."""

    def __init__(self, message: str, cause: str = "") -> None:
        super().__init__("failed", message, cause)


class CourseFault(Exception):
    """A check or the grader itself is at fault; never a student's zero."""
