"""How much is measured: enough for the figures, or just enough to see it work."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ClassSize:
    """Of one task of a class. Attributes: sample: submissions a round for each of the other graders."""

    submissions: int
    sample: int
    rounds: int


@dataclass(frozen=True)
class Sizes:
    """Attributes: growth: submissions → how often such a class is graded."""

    runs: int
    one: ClassSize
    eighteen: ClassSize
    growth: dict[int, int]
    students: int
    reports: int
    gradings: int


FULL = Sizes(
    runs=9,
    one=ClassSize(200, 3, 5),
    eighteen=ClassSize(30, 1, 5),
    growth={100: 3, 1_000: 2, 10_000: 1},
    students=10_000,
    reports=1,
    gradings=15,
)
QUICK = Sizes(
    runs=1,
    one=ClassSize(16, 1, 1),
    eighteen=ClassSize(4, 1, 1),
    growth={20: 1, 40: 1},
    students=200,
    reports=1,
    gradings=4,
)
