"""Gives grades and comments to Canvas, through its API.

Nothing is sent twice: what Canvas has is read before each try, so that one that got through although its answer was
lost is seen. The token comes from the environment, goes to Canvas alone, and stands in no file and in no message.
"""

from __future__ import annotations

import os
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, TypeVar
from urllib.parse import urlsplit

from ...errors import GiveBackError
from .canvas_plan import CanvasChange, CanvasHas, change_of, has_of, typed

TOKEN = "CANVAS_API_TOKEN"
WAITS = (1, 2, 4, 8, 16, 32)  # seconds before each further try
_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_INCLUDE = ["user", "submission_comments"]
T = TypeVar("T")


@dataclass(frozen=True)
class CanvasPlace:
    """Where an assignment is in Canvas.

    Attributes:
        url: of the institution's Canvas, such as `https://canvas.example.edu`.
    """

    url: str
    course: int
    assignment: int


def token_in_environment() -> str:
    """The token; empty where there is none."""
    return os.environ.get(TOKEN, "").strip()


def checked_url(url: str) -> str:
    """The URL without what follows the host.

    Raises:
        GiveBackError: if it is none, or would carry the token unencrypted over a network.
    """
    parts = urlsplit(url if "://" in url else f"https://{url}")
    try:
        port = parts.port
    except ValueError:
        port = -1
    if (
        parts.scheme not in ("https", "http")
        or not parts.hostname
        or port == -1
        or "@" in parts.netloc
    ):
        raise GiveBackError(
            f"{url!r} is no address of a Canvas. Write it as https://canvas.example.edu."
        )
    if parts.scheme == "http" and parts.hostname not in _LOOPBACK:
        raise GiveBackError(
            f"{url} is not encrypted, and the token would be read on its way. Write it with https://."
        )
    return f"{parts.scheme}://{parts.netloc}"


class CanvasAssignment:
    """An assignment at Canvas.

    Args:
        sleep: waits some seconds before another try.
    """

    def __init__(
        self, place: CanvasPlace, token: str, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        from canvasapi import Canvas

        self._place = place
        self._sleep = sleep
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of http, which only loopback has here
            canvas = Canvas(checked_url(place.url), token)
        course = self._patiently(lambda: canvas.get_course(place.course), WAITS[:2])
        self._assignment: Any = self._patiently(lambda: course.get_assignment(place.assignment))

    @property
    def name(self) -> str:
        """The assignment's, in Canvas."""
        return str(getattr(self._assignment, "name", ""))

    def expect(self, max_score: int) -> None:
        """Lets an assignment pass that takes points, out of as many as the gradebook has.

        Raises:
            GiveBackError: if it takes none, is out of another number of them, or does not say whose work is whose.
        """
        kind = getattr(self._assignment, "grading_type", "points")
        if kind in ("pass_fail", "not_graded"):
            raise GiveBackError(
                f"“{self.name}” takes no points in Canvas: it is graded as {kind}. Change that in Canvas, or name "
                "another assignment."
            )
        if getattr(self._assignment, "anonymize_students", False):
            raise GiveBackError(
                f"“{self.name}” is graded anonymously in Canvas, which then does not say whose work is whose. "
                "Turn that off there."
            )
        possible = getattr(self._assignment, "points_possible", None)
        if possible is not None and Fraction(str(possible)) != max_score:
            raise GiveBackError(
                f"“{self.name}” is out of {typed(Fraction(str(possible)))} points in Canvas, and out of {max_score} in "
                "the gradebook. Make them the same."
            )

    def users(self) -> list[CanvasHas]:
        """Everybody in the assignment, with what Canvas has of them."""

        def read() -> list[CanvasHas]:
            several = self._assignment.get_submissions(include=_INCLUDE, per_page=100)
            return [has_of(vars(each)) for each in several]

        return self._patiently(read)

    def send(self, change: CanvasChange) -> str:
        """Sends a change; a sentence where Canvas then shows something else, else nothing.

        Raises:
            GiveBackError: if Canvas does not take it.
        """

        def once() -> Any:
            submission = self._assignment.get_submission(change.has.user, include=_INCLUDE)
            left = change_of(change.intent, has_of(vars(submission)))
            if not left.is_nothing:
                submission.edit(**_parameters(left))
            return submission

        return _disagreement(
            change.intent.student, change.intent.grade, vars(self._patiently(once))
        )

    def _patiently(self, ask: Callable[[], T], waits: Sequence[float] = WAITS) -> T:
        """What `ask` gives; tried again, later each time, where Canvas is busy or cannot be reached."""
        for wait in (*waits, None):
            try:
                with _refusals_are_told(self._place):
                    return ask()
            except _TryAgain as error:
                if wait is None:
                    raise GiveBackError(
                        f"Canvas at {self._place.url} does not answer: {error}. What was sent is there; the same "
                        "command sends the rest."
                    ) from error
                self._sleep(wait)
        raise AssertionError  # the last try returns or raises


class _TryAgain(Exception):
    """It may go well later."""


@contextmanager
def _refusals_are_told(place: CanvasPlace) -> Iterator[None]:
    """Sorts what Canvas refuses from what it may do later. Its own words, which may hold anything, are not repeated."""
    from canvasapi import exceptions
    from requests import RequestException

    try:
        yield
    except (exceptions.InvalidAccessToken, exceptions.Unauthorized) as error:
        raise GiveBackError(
            f"Canvas at {place.url} does not accept the token in {TOKEN}, or its owner may not grade there. "
            "Make a new one in Canvas: Account, Settings, “New access token”."
        ) from error
    except exceptions.ResourceDoesNotExist as error:
        raise GiveBackError(
            f"Canvas at {place.url} has no assignment {place.assignment} in course {place.course}, or the token's "
            "owner does not see it. The numbers stand in its address: /courses/…/assignments/…."
        ) from error
    except exceptions.RateLimitExceeded as error:
        raise _TryAgain("it takes no more requests for now") from error
    except exceptions.Forbidden as error:
        if "rate limit" in str(error).casefold():
            raise _TryAgain("it takes no more requests for now") from error
        raise GiveBackError(
            f"Canvas at {place.url} does not let the token's owner grade there."
        ) from error
    except (exceptions.BadRequest, exceptions.UnprocessableEntity) as error:
        raise GiveBackError(f"Canvas at {place.url} does not take what is sent.") from error
    except (ValueError, TypeError, AttributeError, LookupError) as error:
        # no JSON, such as a page to log in, or JSON of something else
        raise GiveBackError(
            f"What answers at {place.url} is no Canvas. Mend --canvas-url."
        ) from error
    except (exceptions.CanvasException, RequestException) as error:
        raise _TryAgain("it fails or cannot be reached") from error


def _parameters(change: CanvasChange) -> dict[str, Any]:
    parameters: dict[str, Any] = {}
    if change.excuse:
        parameters["submission"] = {"excuse": True}
    elif change.grade:
        parameters["submission"] = {"posted_grade": change.grade}
    if change.comment:
        parameters["comment"] = {"text_comment": change.comment}
    return parameters


def _disagreement(student: str, grade: str, plain: dict[str, Any]) -> str:
    score = plain.get("score")
    if grade and score is not None and Fraction(str(score)) != Fraction(grade):
        return (
            f"{student}: Canvas shows {typed(Fraction(str(score)))} and not {grade}. Its own policy for days late may "
            "take points a second time: see the assignment's settings there."
        )
    return ""
