"""A check, and how its cases ended: what is told of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from ..language import _
from ..report import CaseResult, CheckResult, CheckStatus
from .collect import Case, Check
from .drawing.rounds import HALVES
from .evidence import WRONG
from .outcome import CaseEnd, Cause
from .session import Request
from .telling.explain import IN_PLACE, INFINITY, NAN, common
from .telling.torch_errors import meaning_of_warning

_MOST = 0.75  # of the cases that fail: a cause that is told fits in so many
_INEXACT = [str(dtype).removeprefix("torch.") for dtype in HALVES]
# the worst of several cases names the check's status
_SEVERITY: Sequence[CheckStatus] = (
    "timeout",
    "failed",
    "not_started",
    "not_reached",
    "skipped",
    "passed",
)


@dataclass(frozen=True)
class CaseOutcome:
    """How a case ended, and what tells it from the others of its check."""

    device: str | None
    dtype: str | None
    label: str
    end: CaseEnd
    printed: str = ""
    asked: Request | None = None  # last; kept where the case is wrong

    @property
    def status(self) -> CheckStatus:
        return self.end.status


@dataclass
class CheckRun:
    """A check, and how those of its cases ended that have run so far.

    Attributes:
        looked_up: a cause that was looked for when all was over, and the line that it names.
    """

    check: Check
    seconds: float = 0.0
    cases: list[CaseOutcome] = field(default_factory=list)
    looked_up: tuple[Cause, str] | None = None

    @property
    def status(self) -> CheckStatus:
        return min((case.status for case in self.cases), key=_SEVERITY.index, default="not_reached")

    @property
    def told(self) -> CaseOutcome | None:
        """The case that is told of: the first that ended as the check did."""
        return next((case for case in self.cases if case.status == self.status), None)

    @property
    def answers_rightly(self) -> bool:
        """Whether what comes after it can be judged."""
        return bool(self.cases) and all(
            case.status == "passed" or case.end.only_manners for case in self.cases
        )

    def result(self) -> CheckResult:
        status, first = self.status, self.told
        worst: dict[tuple[str | None, str | None], CheckStatus] = {}
        for case in self.cases:
            key = case.device, case.dtype
            worst[key] = min(worst.get(key, "passed"), case.status, key=_SEVERITY.index)
        cause, place = self.looked_up or (self.cause, first.end.place if first else "")
        return CheckResult(
            name=self.check.name,
            description=_(self.check.description),
            status=status,
            points=self.check.points,
            score=self.check.points if status == "passed" else 0,
            message=self._message(first) if first and status != "passed" else "",
            cause=cause.text if cause else "",
            seconds=round(self.seconds, 4),
            cases=tuple(CaseResult(*key, status) for key, status in worst.items()),
            cause_id=cause.id if cause else "",
            pictures=first.end.pictures if first else (),
            place=place,
            detail=first.end.detail if first else "",
            printed=first.printed if first else "",
        )

    @property
    def mistake(self) -> str:
        """Equal for checks for which one line raised the same, or made the first number that is not finite."""
        if self.looked_up:
            return f"{self.looked_up[1]}: NaN"
        return next((case.end.mistake for case in self.cases if case.status == self.status), "")

    def _message(self, first: CaseOutcome) -> str:
        """The message of the first case that ended so, and which case that is where others ended otherwise."""
        alike = sum(case.status == first.status for case in self.cases)
        if alike == len(self.cases) or first.status == "not_reached" or not first.label:
            return first.end.message
        which = _("(With {case}; {count} of {total} cases.)")
        which = which.format(case=first.label, count=alike, total=len(self.cases))
        return f"{first.end.message} {which}"

    @property
    def _of_the_told(self) -> Cause | None:
        """What holds of the case that is told of, whatever the others show: NaN, an input that was changed, or what
        torch warned of in it.
        """
        told = self.told
        if told is None or told.status != "failed":
            return None
        seen = (each for each in told.end.causes if each in (NAN, INFINITY, IN_PLACE))
        return next(seen, None) or meaning_of_warning(told.printed)

    @property
    def cause(self) -> Cause | None:
        """A cause of the case that is told of: what its exception means, or what fits three in four of those that fail.

        An exception hides what the numbers would show, and so do the rounding of float16 and bfloat16, and NaN: such
        cases have no say in causes that numbers show, where there are others.
        """
        ended = [case for case in self.cases if case.status == self.status]
        exact = [case for case in ended if case.dtype not in _INEXACT]
        causes = [case.end.causes for case in exact or ended]
        if not causes:
            return None
        meant = next((cause for cause in causes[0] if cause.is_meaning), None)
        silent = [each for each in causes if not any(cause.is_meaning for cause in each)]
        if silent and not _is_not_finite(silent[0]):
            silent = [each for each in silent if not _is_not_finite(each)]
        return meant or next(iter(common(silent, _MOST)), None) or self._of_the_told


def _is_not_finite(causes: Sequence[Cause]) -> bool:
    """Whether nothing else shows in the numbers of a case."""
    return bool(causes) and all(cause in (NAN, INFINITY) for cause in causes)


def outcome_of(
    case: Case, end: CaseEnd, printed: str = "", asked: Request | None = None
) -> CaseOutcome:
    """Device, dtype, and what tells this case from the others of its check, beside how it ended."""
    device, name = device_and_dtype(case)
    apart = "device", "dtype", "home", "round"
    params = {key: value for key, value in case.params.items() if key not in apart}
    home = case.params.get("home", "cpu")
    labels = [end.drawn] if end.drawn else []
    labels += [f"{key} = {value}" for key, value in params.items()]
    labels += [name] if name and not _is_of_whole_numbers(asked) else []
    labels += [_("on {device}").format(device=device)] if device not in (None, "cpu") else []
    labels += [_("the reference on {home}").format(home=home)] if home != "cpu" else []
    asked = asked if end.status in WRONG else None
    return CaseOutcome(device, name, ", ".join(labels), end, printed, asked)


def _is_of_whole_numbers(asked: Request | None) -> bool:
    """Whether what was asked last has tensors among its inputs, and none of floating point: a dtype says nothing."""
    tensors = [*_tensors_in(asked.inputs)] if asked else []
    return bool(tensors) and not any(map(torch.is_floating_point, tensors))


def _tensors_in(value: Any) -> Iterator[Tensor]:
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, Mapping | list | tuple):
        for entry in value.values() if isinstance(value, Mapping) else value:
            yield from _tensors_in(entry)


def device_and_dtype(case: Case) -> tuple[str | None, str | None]:
    """Both as a report has them."""
    dtype = case.params.get("dtype")
    return case.params.get("device"), str(dtype).removeprefix("torch.") if dtype else None
