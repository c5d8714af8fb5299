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
    """How much of each part.

    Attributes:
        runs: of what takes seconds.
        one, all: classes of one exercise, and of all.
        own: submissions, each with texts of its own, in a class that is graded again.
        shared: students in classes that are graded again and have few texts, so that grading them takes minutes.
        growth: submissions → how often such a class is graded.
        students, reports: of the class's report.
        gradings: of a submission, layer by layer.
    """

    runs: int
    one: ClassSize
    all: ClassSize
    own: int
    shared: tuple[int, ...]
    growth: dict[int, int]
    students: int
    reports: int
    gradings: int


FULL = Sizes(
    runs=5,
    one=ClassSize(200, 3, 3),
    all=ClassSize(30, 1, 1),
    own=200,
    shared=(3_000, 10_000),
    growth={100: 2, 1_000: 1, 10_000: 1},
    students=10_000,
    reports=1,
    gradings=15,
)
QUICK = Sizes(
    runs=1,
    one=ClassSize(16, 1, 1),
    all=ClassSize(4, 1, 1),
    own=4,
    shared=(30,),
    growth={20: 1, 40: 1},
    students=200,
    reports=1,
    gradings=4,
)
