"""How a case of a check ends when it does not pass."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from ..language import _
from ..report import CheckStatus, Picture


@dataclass(frozen=True)
class Cause:
    """A mistake that is known: `id` is the same over a class, the sentence is what the student reads.

    `template` is a whole sentence in English, with `{names}` for what `values` holds; it is translated where it is
    told. `id` is empty where a sentence is all there is. Numbers that many mistakes would have given are not `sure`:
    they support a cause that other cases show, and show none alone.
    """

    id: str
    template: str
    values: tuple[tuple[str, str], ...] = ()
    sure: bool = field(default=True, compare=False)

    def unsure(self) -> Cause:
        return replace(self, sure=False)

    def of(self, **values: str) -> Cause:
        """The same mistake with the names of its sentence filled in."""
        return Cause(self.id, self.template, tuple(values.items()))

    @property
    def text(self) -> str:
        told = _(self.template)
        return told.format(**dict(self.values)) if self.values else told


class CheckOutcome(Exception):
    """Ends a case with `status`.

    Attributes:
        message: what happened, for the student.
        causes: every mistake that would explain it, the simplest first.
        pictures: what is better seen than told.
    """

    def __init__(
        self,
        status: CheckStatus,
        message: str,
        causes: Cause | str | Sequence[Cause] = (),
        pictures: Sequence[Picture] = (),
    ) -> None:
        super().__init__(message)
        self.status: CheckStatus = status
        self.message = message
        if isinstance(causes, str):
            causes = Cause("", causes) if causes else ()
        self.causes = (causes,) if isinstance(causes, Cause) else tuple(causes)
        self.pictures = tuple(pictures)


class CheckFailed(CheckOutcome):
    """The student's code is wrong here."""

    def __init__(
        self,
        message: str,
        causes: Cause | str | Sequence[Cause] = (),
        pictures: Sequence[Picture] = (),
    ) -> None:
        super().__init__("failed", message, causes, pictures)
