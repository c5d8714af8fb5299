"""What a formula gives with other terms, another count or another rate: the numbers of mistakes that a class makes.

A check states the right terms and what stands in their places in wrong answers. What is told is what was computed, so
it holds for each code with these numbers.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from functools import partial, reduce
from typing import Any, TypeVar

import torch
from torch import Tensor

from ...sandbox.wire.values import Received
from ..outcome import Cause
from ..telling.factors import FIXED_COUNT, WRONG_COUNT

T = TypeVar("T")

OTHER_TERMS = Cause("other-terms", "What comes back is {found}.")
PARTLY_ZERO = Cause(
    "partly-zero", "What is not 0 is right: the others were not worked out, or were set to 0."
)
HALF_STEP = Cause("scale", "The step is half as large as it should be.")
FIXED_RATE = Cause("lr-ignored", "The step is that of lr = {rate}, whatever `lr` is.")
_RATES = (1.0, 0.5, 0.1, 0.05, 0.01, 0.001, 1e-4)
_MOST = 2  # places that differ from what is asked


def sums(*places: Mapping[str, Tensor], form: str = "{sum}") -> dict[Cause, Callable[[], Tensor]]:
    """Sums in which one or two terms are others than those that are asked.

    Args:
        places: for each term of the sum what may stand there, as it is written; the right one first. What begins
            with a minus is subtracted already, and an empty name is for a term that is missing.
        form: how the sum is told of, as `({sum}) / n`.

    Returns:
        For `expect_close(causes=…)`; sums with fewer other terms come first.
    """

    def changed(names: tuple[str, ...]) -> int:
        return sum(name != next(iter(place)) for name, place in zip(names, places, strict=True))

    def total(names: tuple[str, ...]) -> Tensor:
        terms = [place[name] for name, place in zip(names, places, strict=True)]
        return reduce(torch.add, terms)

    chosen = [names for names in itertools.product(*places) if 0 < changed(names) <= _MOST]
    return {
        OTHER_TERMS.of(found=form.format(sum=_written(names))): partial(total, names)
        for names in sorted(chosen, key=changed)
    }


def _written(names: tuple[str, ...]) -> str:
    parts = [name for name in names if name]
    if not parts:
        return "0"
    rest = (f" − {part[1:]}" if part.startswith("−") else f" + {part}" for part in parts[1:])
    return parts[0] + "".join(rest)


def counts(got: Any, expected: Tensor, right: str, count: int) -> dict[Cause, Tensor]:
    """A mean by another number than `count`: by one less, or by a number that stands in the code.

    Args:
        got: the student's.
        expected: the mean that is asked.
        right: how the count is told of, such as "m".
    """
    found: dict[Cause, Tensor] = {}
    if count > 1:
        found[WRONG_COUNT.of(right=right, wrong=f"{right} − 1")] = expected * (count / (count - 1))
    if isinstance(got, Received) and got.tensor.shape == expected.shape and expected.any():
        one, other = got.tensor.double(), expected.cpu().double()
        factor = (one * other).sum().item() / (other * other).sum().item()
        wrong = count / factor if factor > 0 else 0.0
        if 1.5 < wrong < 1e6 and round(wrong) != count and abs(wrong - round(wrong)) < 1e-3 * wrong:
            named = FIXED_COUNT.of(right=right, wrong=str(round(wrong)))
            found[named.unsure()] = expected * (count / round(wrong))
    return found


def rates(walk: Callable[[float], T], lr: float) -> dict[Cause, Callable[[], T]]:
    """Steps of a rate that stands in the code; `walk` multiplies each update of the reference by a factor."""
    fixed = {FIXED_RATE.of(rate=f"{rate:g}"): partial(walk, rate / lr) for rate in _RATES}
    return {**fixed, HALF_STEP: partial(walk, 0.5)}


def partly_zero(got: Any, expected: Tensor) -> dict[Cause, Tensor]:
    """What is asked, with 0 where the student's is 0; where it is 0 everywhere, that alone shows nothing."""
    if not isinstance(got, Received) or got.tensor.shape != expected.shape:
        return {}
    cause = PARTLY_ZERO if got.tensor.any() else PARTLY_ZERO.unsure()
    return {cause: torch.where(got.tensor == 0, 0.0, expected.cpu())}


def all_of(
    got: Mapping[str, Any], expected: Mapping[str, Tensor], other: Mapping[str, Tensor]
) -> Mapping[str, Tensor]:
    """What a mistake in all entries gives; nothing where an entry is right that it would make wrong."""

    def is_right(name: str) -> bool:
        value = got.get(name)
        return isinstance(value, Received) and _near(value.tensor, expected[name])

    missed = (is_right(name) and not _near(other[name], expected[name]) for name in expected)
    return {} if any(missed) else other


def _near(one: Tensor, other: Tensor) -> bool:
    one, other = one.detach().cpu().double(), other.detach().cpu().double()
    return one.shape == other.shape and torch.allclose(one, other, rtol=1e-3, atol=1e-6)


def either(got: Any, *others: Tensor) -> Tensor:
    """Of what one mistake gives in several ways, that which is nearest to what came back."""
    alike = [other for other in others if isinstance(got, Received) and _has_form(got, other)]
    alike = [other for other in alike if torch.isfinite(other).all()] or alike
    return min(alike, key=partial(_distance, got)) if alike else others[0]


def _has_form(got: Received, other: Tensor) -> bool:
    return got.tensor.shape == other.shape and bool(torch.isfinite(got.tensor).all())


def _distance(got: Received, other: Tensor) -> float:
    return (got.tensor.double() - other.cpu().double()).abs().max().item() if other.numel() else 0.0
