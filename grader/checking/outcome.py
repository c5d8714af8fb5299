"""How a case of a check ends: as plain data, and as the exception that ends it when it does not pass."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from ..language import _
from ..report import CheckStatus, Difference, Picture


@dataclass(frozen=True)
class Cause:
    """A known mistake, and the sentence about it that the student reads.

    Attributes:
        id: its name, which is the same over a class and in every language; empty for a sentence without a name.
        template: a whole sentence in English, with `{names}` for what `values` holds.
        values: those names and what stands for them.
        sure: whether one case is enough to show it. Numbers that many mistakes would have given are not sure: they
            support a cause that another case shows. Causes are equal whether they are sure or not.
        of_case: as `values`, for what one mistake has another of in each case, such as the device. Causes are equal
            whatever these are.
    """

    id: str
    template: str
    values: tuple[tuple[str, str], ...] = ()
    sure: bool = field(default=True, compare=False)
    of_case: tuple[tuple[str, str], ...] = field(default=(), compare=False)

    def unsure(self) -> Cause:
        """The same mistake, which this case does not show by itself."""
        return replace(self, sure=False)

    def of(self, **values: str) -> Cause:
        """The same mistake with the names of its sentence filled in."""
        return Cause(self.id, self.template, tuple(values.items()))

    def in_case(self, **values: str) -> Cause:
        """The same mistake with what its sentence says of one case filled in."""
        return replace(self, of_case=tuple(values.items()))

    @property
    def is_meaning(self) -> bool:
        """Whether it is what an exception means, and no guess from numbers."""
        return self.id.startswith("raised-")

    @property
    def text(self) -> str:
        """The sentence in the language that is set, with its names filled in."""
        sentence = _(self.template)
        values = self.values + self.of_case
        return sentence.format(**dict(values)) if values else sentence


@dataclass(frozen=True)
class CaseEnd:
    """How a case ended. It is plain data, so that nothing of a student's stays alive through it.

    Attributes:
        message, causes, pictures, detail, place, mistake, difference: as in `CheckOutcome`; empty where the case
            passed.
        drawn: what the case was tried with, in words: sizes and the like.
        only_manners: whether the answers are right, and it failed for what a call did not leave as it was.
    """

    status: CheckStatus = "passed"
    message: str = ""
    causes: tuple[Cause, ...] = ()
    pictures: tuple[Picture, ...] = ()
    drawn: str = ""
    only_manners: bool = False
    detail: str = ""
    place: str = ""
    mistake: str = ""
    difference: Difference | None = None


class CheckOutcome(Exception):
    """Ends a case with `status`.

    Attributes:
        message: what happened, for the student.
        causes: every mistake that would explain it, the simplest first.
        pictures: what is better seen than told.
        detail: what is told to who asks for more, such as the tolerance.
        place: the line of the student's that it comes from, where that is known.
        mistake: equal where one line raises the same for several checks, whatever the numbers are; empty where
            nothing was raised.
        difference: where a result differs from the reference, if that is the reason.
    """

    def __init__(
        self,
        status: CheckStatus,
        message: str,
        causes: Sequence[Cause] = (),
        pictures: Sequence[Picture] = (),
        *,
        detail: str = "",
        place: str = "",
        mistake: str = "",
        difference: Difference | None = None,
    ) -> None:
        super().__init__(message)
        self.status: CheckStatus = status
        self.message = message
        self.causes = tuple(causes)
        self.pictures = tuple(pictures)
        self.detail = detail
        self.place = place
        self.mistake = mistake
        self.difference = difference

    @property
    def end(self) -> CaseEnd:
        """What it says, without the frames that it came through."""
        return CaseEnd(
            self.status,
            str(self.message),
            self.causes,
            self.pictures,
            detail=self.detail,
            place=self.place,
            mistake=self.mistake,
            difference=self.difference,
        )


class CheckFailed(CheckOutcome):
    """The student's code is wrong here."""

    def __init__(
        self,
        message: str,
        causes: Sequence[Cause] = (),
        pictures: Sequence[Picture] = (),
        *,
        detail: str = "",
        place: str = "",
        mistake: str = "",
        difference: Difference | None = None,
    ) -> None:
        super().__init__(
            *("failed", message, causes, pictures),
            detail=detail,
            place=place,
            mistake=mistake,
            difference=difference,
        )


class DtypeNotTaken(CheckFailed):
    """A function that the student's code calls does not take the dtype of its input.

    In float16 and bfloat16 that is no mistake: not every function of torch's takes them.
    """


class CheckRaised(Exception):
    """A check raised what it should not, and `__cause__` says what; whose fault that is remains to be seen."""


class SeenEnough(BaseException):
    """Ends the second run of a case; no check catches it by mistake."""
