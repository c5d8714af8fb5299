"""The rounds of a check: the same question again and again, from its published use to the odd and the large.

A check that is marked with `@rounds()` has a case for each round. Its inputs are drawn, and the round says from what:

    published   float32, float64    sizes from 2 to 6, all different: the use that the statement shows
    ones        float64             every second size is 1, beginning with the first
    more ones   float32             every second size is 1, beginning with the second
    equal       float32             one size for all, from 7 to 64; another default dtype
    large       float64             odd sizes from 65 to 130
    half        float16, bfloat16   small sizes, another default dtype; only where a check asks for it

A round has one dtype where one is enough, so that a check costs what it has to. The first round that fails is the
simplest case that does. Each has a seed of its own, which follows from its name: what
is drawn in it does not depend on which other rounds there are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch

from ...errors import CourseFault

SINGLE, DOUBLE = (torch.float32,), (torch.float64,)
FLOATS = (*SINGLE, *DOUBLE)
HALVES = (torch.float16, torch.bfloat16)


@dataclass(frozen=True)
class Round:
    """What the inputs of one round are drawn from.

    Attributes:
        name: as it stands in a case's name.
        number: its place among the others. Choices between few things go by it, so that each comes up in some round.
        low, high: the smallest and the largest size, both included.
        ones: of which sizes every second one is 1, or the smallest that is allowed: 0 begins with the first of them, 1
            with the second.
        all_equal: one size for all.
        other_default: torch's default dtype is float64 while the student's code runs.
        dtypes: of the inputs; a case for each.
    """

    name: str
    number: int
    low: int = 2
    high: int = 6
    ones: int | None = None
    all_equal: bool = False
    other_default: bool = False
    dtypes: Sequence[torch.dtype] = FLOATS

    @property
    def is_published(self) -> bool:
        """Whether it is the use that the statement shows."""
        return self.number == 0

    @property
    def default_dtype(self) -> torch.dtype:
        """Torch's default dtype while the student's code runs."""
        return torch.float64 if self.other_default else torch.float32


PUBLISHED = Round("published", 0)
LARGE = Round("large", 4, low=65, high=130, dtypes=DOUBLE)
HALF = Round("half", 5, high=8, other_default=True, dtypes=HALVES)
ORDINARY = (
    PUBLISHED,
    Round("ones", 1, ones=0, dtypes=DOUBLE),
    Round("more ones", 2, ones=1, dtypes=SINGLE),
    Round("equal", 3, low=7, high=64, all_equal=True, other_default=True, dtypes=SINGLE),
    LARGE,
)
ROUNDS = {each.name: each for each in (*ORDINARY, HALF)}


def chosen(names: Sequence[str], half: bool, single: bool = False) -> list[Round]:
    """The rounds of these names, all ordinary ones where there is none, in their order; with `half`, that one too.

    With `single`, the published one has a single dtype as well.

    Raises:
        CourseFault: if there is no round of a name.
    """
    for name in names:
        if name not in ROUNDS:
            raise CourseFault(f"There is no round {name!r}: there are {', '.join(ROUNDS)}.")
    wanted = set(names) or {each.name for each in ORDINARY}
    if half:
        wanted.add(HALF.name)
    found = [each for each in ROUNDS.values() if each.name in wanted]
    return [replace(each, dtypes=each.dtypes[:1]) for each in found] if single else found
