"""What a result says that is a multiple of the right one: a sign, a count too many, or one that is written down; and
one that is rounded.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping
from fractions import Fraction

from torch import Tensor

from ..outcome import Cause

SIGN = Cause("sign", "The sign is the wrong way round.")
SIGN_AND_SIZE = Cause(
    "sign", "The sign is the wrong way round, and the size is {factor} times what it should be."
)
SUM_FOR_MEAN = Cause(
    "sum-for-mean",
    "It is exactly {count} times too large, as a sum is in place of a mean: divide by {count}.",
)
MEAN_FOR_SUM = Cause(
    "mean-for-sum",
    "It is exactly {count} times too small, as after a division by {count} too many.",
)
WRONG_COUNT = Cause("wrong-count", "It is divided by {wrong}; it should be divided by {right}.")
FIXED_COUNT = Cause("wrong-count", "It is divided by {wrong} each time; {right} is another number.")
TWICE_AS_LARGE = Cause("scale", "It is exactly twice as large as it should be.")
HALF_AS_LARGE = Cause("scale", "It is exactly half as large as it should be.")
SCALE = Cause("scale", "It is exactly {factor} times what it should be.")
DECIMALS = Cause("rounded", "Every number is rounded to {count} decimals; it is to stay as it is.")
_LARGEST_FIXED = 1000  # larger counts are near every factor
_DENOMINATOR, _LARGEST_PLAIN = 12, 100  # of what stands in the code, and is no chance


def causes_of_factor(
    factor: float, exactness: float, factors: Mapping[str, float], several: bool
) -> Iterator[Cause]:
    """Causes of a result that is `factor` times the reference; the factor is known to a share of `exactness`."""

    def is_(value: float) -> bool:
        return math.isclose(factor, value, rel_tol=exactness)

    if is_(-1):
        yield SIGN
        return
    counts = {name: value for name, value in factors.items() if value not in (0, 1)}
    for name, value in counts.items():
        if is_(value):
            yield SUM_FOR_MEAN.of(count=name)
        if is_(1 / value):
            yield MEAN_FOR_SUM.of(count=name)
    for right, wrong in itertools.permutations(factors, 2):
        if factors[wrong] and is_(factors[right] / factors[wrong]):
            yield WRONG_COUNT.of(right=right, wrong=wrong)
    if is_(2):
        yield TWICE_AS_LARGE
    if is_(0.5):
        yield HALF_AS_LARGE
    if is_(1):
        return
    cause = (SCALE if factor > 0 else SIGN_AND_SIZE).of(factor=f"{abs(factor):.4g}")
    # any number may come of a few terms that happen to be in proportion; a plain one stands in the code
    yield cause if several and _is_plain(abs(factor), exactness) else cause.unsure()
    # one case alone shows no count that stands in the code: `common` waits for others with the same
    for name, value in counts.items():
        fixed = round(value / factor)
        if 1 < fixed <= _LARGEST_FIXED and fixed not in factors.values() and is_(value / fixed):
            yield FIXED_COUNT.of(wrong=f"{fixed}", right=name).unsure()


def decimals_of(got: Tensor, expected: Tensor) -> Iterator[Cause]:
    """That numbers are the right ones with four decimals or fewer, if it is so; both are in float64.

    One number alone is not sure: of a hundred, one ends with two zeros.
    """
    room = max(2e-7 * got.abs().max().item(), 1e-12)  # what their dtype may have taken
    for count in range(1, 5):
        step = 10.0**-count
        apart = (got - got.round(decimals=count)).abs().max().item()
        error = (got - expected).abs().max().item()
        if apart <= room <= 0.01 * step and error <= 0.51 * step:
            cause = DECIMALS.of(count=f"{count}")
            yield cause if got.numel() > 1 else cause.unsure()
            return


def _is_plain(factor: float, exactness: float) -> bool:
    """Whether it, or one over it, is a small whole number, or a fraction of two smaller ones."""
    large = max(factor, 1 / factor)
    near = Fraction(large).limit_denominator(_DENOMINATOR if large < _DENOMINATOR else 1)
    return large < _LARGEST_PLAIN and math.isclose(large, near, rel_tol=exactness)
