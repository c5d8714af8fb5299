"""What a case is tried with beside numbers: sizes, shapes, magnitudes, layouts, names, forms of a call, functions.

Each is drawn from the case's seed within the bounds of its round (see `rounds.py`), and what was drawn is told to the
student where the case fails: in `drawn`, by the names that the check gives. A choice between few things goes by the
round's number, so that each of them comes up in some round. Sizes and numbers come from two streams: one draw more of
the one changes nothing in the other.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from random import Random
from typing import Any, TypeVar

from torch import Tensor

from ...language import _
from .drawn_names import Kind, new_name
from .rounds import LARGE, Round

T = TypeVar("T")

_TINY = (-6.0, -3.0)  # exponents of 10
_HUGE = (3.5, 4.5)
_MOST_ELEMENTS = 1 << 14
_NEEDING = {"no input requires gradients": False, "inputs require gradients": True}


class Strategies:
    """The choices of one case; the same seed and round give the same ones, on every machine and every Python.

    Attributes:
        round: says what they are drawn from.
        drawn: what was drawn, by name, in words that the student reads.
    """

    def __init__(self, seed: int, round: Round) -> None:
        self.round = round
        self.drawn: dict[str, str] = {}
        self._random = Random(
            seed
        ).random  # of `random`, only this method gives the same on every Python
        self._sizes: dict[str, int] = {}
        self._turns: dict[str, int] = {}
        self._names: list[str] = []

    # sizes

    def size(self, name: str, low: int = 1, high: int | None = None) -> int:
        """A size, such as a number of features: another one than the sizes before, unless the round wants them equal.

        Args:
            name: by which the student is told of it. Drawn once more, it takes the place of the size that it was.
            low, high: what the contract allows, both included; no upper bound by default.
        """
        size = self._size(name, low, math.inf if high is None else high)
        self.drawn[name] = f"{name} = {size}"
        return size

    def shape(
        self, name: str, ranks: Sequence[int] = (1,), elements: int = _MOST_ELEMENTS
    ) -> tuple[int, ...]:
        """A shape, or a part of one, such as the leading dimensions of a batch.

        Args:
            name: by which the student is told of it.
            ranks: how many dimensions it has in each round, in their order; in those that are left, as in the first.
            elements: how many elements it may have. The first of its dimensions is as large as the round wants; the
                others are small where there is no room left. In a round of ones, of three or more every second one
                is 1 from the first on, and so is the last.
        """
        rank = ranks[self.round.number] if self.round.number < len(ranks) else ranks[0]
        shape: list[int] = []
        for left in reversed(range(rank)):
            room = max(1, elements // math.prod(shape) // 2**left)
            if self.round.all_equal:
                room = int(elements ** (1 / rank) + 1e-9)
            one = left == 0 or len(shape) % 2 == 0 if rank > 2 else None
            shape.append(self._size(f"{name}, {left}", 1, room, one))
        self.drawn[name] = f"{name} = {tuple(shape)}"
        return tuple(shape)

    def _size(self, name: str, low: int, high: float, one: bool | None = None) -> int:
        """`one`: whether it is 1 in a round of ones; by default every second one is."""
        round = self.round
        number = [*self._sizes, name].index(name)
        before = [size for other, size in self._sizes.items() if other != name]
        if round.all_equal and before and low <= before[0] <= high:
            size = before[0]
        elif round.ones is not None and (number % 2 == round.ones if one is None else one):
            size = low
        else:
            most = int(min(high, round.high))
            # where there is no room for what the round wants, as much as there is
            least = max(low, round.low if round.low <= most else most // 2 + 1)
            size = self._other_than(before, least, most)
        self._sizes[name] = size
        return size

    def _other_than(self, before: Sequence[int], low: int, high: int) -> int:
        # a mistake in the last of several chunks does not show where they are all full
        sizes = range(low | 1, high + 1, 2) if self.round == LARGE else range(low, high + 1)
        free = [size for size in sizes if size not in before]
        return free[self._below(len(free))] if free else self._between(low, high)

    def count(self, name: str, low: int, high: int) -> int:
        """How often something is done, such as a number of steps: from `low` to `high`, both included.

        It is `high` in the large round, `low` in the round of ones, and small in the published one.
        """
        if self.round.is_published:
            number = min(high, low + 1 + self._below(2))
        elif self.round == LARGE or self.round.ones == 0:
            number = high if self.round == LARGE else low
        else:
            number = self._between(low, high)
        self.drawn[name] = f"{name} = {number}"
        return number

    # numbers

    def magnitude(self, name: str, zero: bool = False, tiny: tuple[float, float] = _TINY) -> float:
        """How large the numbers of `name` are: 1 as published, and tiny, huge or 1 in other rounds.

        A power of two, so that numbers times it lose no digit. Hand it to `expect_close` as `scale` if the result
        grows with it.

        Args:
            name: by which the student is told of it.
            zero: whether they are all 0 in one round, in place of tiny.
            tiny: between which exponents of 10 it is where it is tiny.
        """
        if self.round.dtypes[0].itemsize < 4:  # there is no room in such a dtype
            return 1.0
        bounds = self._turn("magnitude", [None, () if zero else tiny, _HUGE, None, tiny])
        if bounds is None:
            return 1.0
        if not bounds:
            self.drawn[f"|{name}|"] = f"{name} = 0"
            return 0.0
        exponent = bounds[0] + (bounds[1] - bounds[0]) * self._random()
        factor = 2.0 ** round(exponent / math.log10(2))
        self.drawn[f"|{name}|"] = f"|{name}| ≈ {factor:.0e}"
        return factor

    def coefficients(self, number: int) -> list[float]:
        """Coefficients of a function that is handed to the student's code: from 0.5 to 2, of either sign.

        They are multiples of 1/64, so that every dtype holds them exactly.
        """
        return [(32 + self._below(97)) / 64 * (1 - 2 * self._below(2)) for _unused in range(number)]

    # how things are handed over

    def layout(self, name: str, tensor: Tensor) -> Tensor:
        """The tensor in a memory layout that the round chooses: contiguous, with gaps, transposed or expanded.

        An expanded one has the same values all along its first dimension, or, of three and more, along the first that
        is larger than 1. So the values may be others: the reference is to be worked out with what is returned.
        """
        if tensor.dim() == 0:
            return tensor
        kind = self._turn("layout", ["contiguous", "gaps", "expanded", "transposed", "both"])
        # a single row of a matrix, such as that of all classes, keeps its numbers apart
        dims = range(tensor.dim() if tensor.dim() > 2 else 1)
        wide = next((dim for dim in dims if tensor.shape[dim] > 1), None)
        if kind == "expanded" and wide is not None:
            self.drawn[f"layout of {name}"] = _("{name} is expanded").format(name=name)
            return tensor.narrow(wide, 0, 1).clone().expand(tensor.shape)
        if kind in ("gaps", "both", "expanded"):
            self.drawn[f"layout of {name}"] = _("{name} has gaps in memory").format(name=name)
            gaps = tensor.new_zeros(*_turned(tensor.shape, kind == "both"), 2)[..., 0]
            return _turned_back(gaps, kind == "both").copy_(tensor)
        if kind == "transposed" and tensor.dim() > 1:
            self.drawn[f"layout of {name}"] = _("{name} is transposed in memory").format(name=name)
            return _turned_back(tensor.new_zeros(_turned(tensor.shape, True)), True).copy_(tensor)
        return tensor

    def passed(self, **optional: Any) -> tuple[list[Any], dict[str, Any]]:
        """Optional arguments as a call is to hand them over: by keyword as published; in other rounds the first ones,
        or all of them, by position.

        Args:
            optional: the arguments in the order of the signature.

        Returns:
            Those by position, and those by keyword: `f(x, *args, **kwargs)`.
        """
        count = len(optional)
        first = self._turn("passed", [0, count, *range(1, count)])
        given = list(optional.items())
        return [value for _name, value in given[:first]], dict(given[first:])

    def choice(self, name: str, options: Mapping[str, T] | Sequence[T]) -> T:
        """One of a few: the first as published, and the others in the rounds after it."""
        values = options if isinstance(options, Mapping) else {str(each): each for each in options}
        key = self._turn(name, list(values))
        self.drawn[name] = f"{name} = {key}"
        return values[key]

    def tell_default(self, device: str) -> None:
        """Tells with what is drawn that `device` is torch's default device; in a probe `called` makes it so."""
        self.drawn["default device"] = f"torch.set_default_device({device!r})"

    def needing(self, inputs: Mapping[str, Tensor], needs: bool | None = None) -> dict[str, Tensor]:
        """The same inputs, of which all of floating point require gradients, or none.

        Where they do, it is free whether a result does.

        Args:
            inputs: by their names.
            needs: whether they are to; by default the round says it, and as published they do not.
        """
        if needs is None:
            needs = self.choice("gradients", _NEEDING)
        elif needs:
            self.drawn["gradients"] = "inputs require gradients"
        return {
            name: value.detach().requires_grad_(needs) if value.is_floating_point() else value
            for name, value in inputs.items()
        }

    def names(self, number: int, kind: Kind = "layer") -> list[str]:
        """Names that differ from all before: plain words as published, with all that `kind` allows in other rounds."""
        plain = self.round.is_published
        for _unused in range(number):
            name = new_name(self._below, kind, plain, self._names)
            self._names.append(name)
        return self._names[len(self._names) - number :]

    def name(self, kind: Kind = "layer") -> str:
        """One such name."""
        return self.names(1, kind)[0]

    def _turn(self, kind: str, options: Sequence[T]) -> T:
        """The first option as published; else one that goes by the round, and by how many were asked for before."""
        before = self._turns.get(kind, 0)
        self._turns[kind] = before + 1
        if self.round.is_published:
            return options[0]
        return options[(self.round.number + before) % len(options)]

    def _below(self, number: int) -> int:
        return int(self._random() * number)

    def _between(self, low: int, high: int) -> int:
        return low + self._below(high - low + 1)


def _turned(shape: Sequence[int], turned: bool) -> Sequence[int]:
    return shape[::-1] if turned else shape


def _turned_back(tensor: Tensor, turned: bool) -> Tensor:
    return tensor.permute(*reversed(range(tensor.dim()))) if turned else tensor
