"""How a course's total is worked out: weights, what is dropped, the bank of late days, rounding and letters."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from typing import Literal

Rounding = Literal["half up", "down", "up"]
NotHandedIn = Literal["zero", "left out"]
ROUNDINGS: tuple[Rounding, ...] = ("half up", "down", "up")
NOT_HANDED_IN: tuple[NotHandedIn, ...] = ("zero", "left out")


@dataclass(frozen=True)
class WeightedBook:
    """A gradebook in a course.

    Attributes:
        gradebook: a file, or the URL of a database.
        name: the assignment's; empty for the title in the gradebook.
        weight: above 0; only its share of all weights matters.
        may_be_dropped: whether it can be a student's lowest that is dropped.
    """

    gradebook: str
    name: str = ""
    weight: Fraction = Fraction(1)
    may_be_dropped: bool = True

    @property
    def shown(self) -> str:
        """The gradebook without the password that a URL may have."""
        return re.sub(r"(?<=//)[^/@]*@", "", self.gradebook)


@dataclass(frozen=True)
class Scheme:
    """The rules of a course's total.

    Attributes:
        books: the gradebooks, in the order in which they are shown; their order changes no total.
        drop_lowest: how many of a student's lowest assignments do not count.
        late_days: the bank: how many days late cost nothing, over the whole course; `None`: each gradebook has its
            own free days, and there is no bank.
        late_days_each: how many of them one assignment can take; `None`: all that are left.
        not_handed_in: what an assignment counts of which nothing was handed in.
        out_of: the total of who has all points.
        decimals: of a total.
        letters: letter → the least total that earns it; empty where there are none.
    """

    title: str = ""
    books: tuple[WeightedBook, ...] = ()
    drop_lowest: int = 0
    late_days: int | None = None
    late_days_each: int | None = None
    not_handed_in: NotHandedIn = "zero"
    out_of: Fraction = Fraction(100)
    decimals: int = 1
    rounding: Rounding = "half up"
    letters: Mapping[str, Fraction] = field(default_factory=dict)

    def rounded(self, total: Fraction) -> Fraction:
        """A total, above or equal to 0, rounded as the scheme says; exactly between two, "half up" takes the higher."""
        scaled = total * 10**self.decimals
        match self.rounding:
            case "down":
                whole = math.floor(scaled)
            case "up":
                whole = math.ceil(scaled)
            case "half up":
                whole = math.floor(scaled + Fraction(1, 2))
        return Fraction(whole, 10**self.decimals)

    def letter(self, total: Fraction) -> str:
        """The letter of a rounded total, so that it is the one of the total that is shown; empty without letters."""
        earned = [(least, letter) for letter, least in self.letters.items() if least <= total]
        return max(earned)[1] if earned else ""

    def written(self, total: Fraction) -> str:
        """A rounded total with all of its decimals, such as `83.30`."""
        return f"{Decimal(total.numerator) / Decimal(total.denominator):.{self.decimals}f}"


def short(value: Fraction) -> str:
    """A number as people write it: `7`, `7.5`; at most four decimals."""
    return f"{float(value):.4f}".rstrip("0").rstrip(".")
