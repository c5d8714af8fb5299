"""Pairs of submissions that share code which next to nobody else has: a hint for the instructor, never a verdict.

**Evidence.** A piece of code (a k-gram of `likeness`) that `d` of `n` students have weighs ln(n / d), the inverse
document frequency (Spärck Jones, "A statistical interpretation of term specificity", Journal of Documentation 28,
1972). What more than a tenth of the class (or fifty students) have weighs nothing, and what the stub has is taken
away first. The evidence of a pair in an exercise is the weight of all that both have, over k, since k-grams overlap
k-fold.

Two numbers are looked at for each pair: the evidence in those exercises where the two share at least 80 % of their
rare code, and the share of their rare code over all exercises.

**Background.** Right answers to the same exercise are alike anyway; by how much, the class itself shows. Above its
median each number is taken to fall off exponentially over all pairs, at the rate between the median and the n/2
most alike pairs; these may be copies, and are left out. A pair is told of where, by that, one such pair in a
hundred classes is to be expected, and the evidence is more than chance alone could give among so many pairs.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..sanitize import plain
from .fingerprint import K, shape

MOST_SHARED = 50
EXPECTED = 0.01  # honest pairs beyond the line, in a class
ALIKE = 0.8  # share of the two's rare code in an exercise, for its evidence to count
ALIKE_ALL = 0.5  # the least share over all exercises that is told of
MOST_LINES, LONGEST = 2000, 400

Grams = NDArray[np.uint64]
Sources = Mapping[str, str]


@dataclass(frozen=True)
class SharedCode:
    """A pair in one exercise: evidence, and the share (0 to 1) of the rare code of either that both have."""

    exercise: str
    evidence: float
    alike: float


@dataclass(frozen=True)
class Pair:
    """Two students by their numbers, the lower first; evidence and likeness are of the exercises in `parts`."""

    students: tuple[int, int]
    evidence: float
    alike: float
    why: str
    parts: tuple[SharedCode, ...]


@dataclass(frozen=True)
class Finding:
    """A pair with names and texts, to be shown."""

    pair: Pair
    names: tuple[str, str]
    texts: tuple[Sources, Sources]
    marks: tuple[Mapping[str, frozenset[int]], Mapping[str, frozenset[int]]]

    @property
    def exercises(self) -> list[str]:
        return [part.exercise for part in self.pair.parts]

    @property
    def alike(self) -> float:
        return self.pair.alike

    @property
    def evidence(self) -> float:
        return self.pair.evidence

    @property
    def why(self) -> str:
        return self.pair.why

    def data(self) -> dict[str, Any]:
        """What the page shows: per exercise both texts, a line as [text, marked]."""
        return {
            "names": self.names,
            "students": self.pair.students,
            "exercises": [
                [
                    part.exercise,
                    f"{part.alike:.0%} alike",
                    *(self._lines(side, part.exercise) for side in (0, 1)),
                ]
                for part in self.pair.parts
            ],
        }

    def _lines(self, side: int, exercise: str) -> list[list[Any]]:
        marked = self.marks[side].get(exercise, frozenset())
        lines = self.texts[side].get(exercise, "").split("\n")[:MOST_LINES]
        return [
            [plain(line.rstrip("\r"), LONGEST), int(number in marked)]
            for number, line in enumerate(lines, 1)
        ]


class Comparison:
    """The class's code, taken in student by student; a text is kept as its k-grams only."""

    def __init__(self, stubs: Sources) -> None:
        self._stubs = {name: shape(text) for name, text in stubs.items()}
        self._grams: dict[str, dict[int, Grams]] = {}
        self.students = 0
        self.unread = 0

    def add(self, sources: Sources) -> int:
        """Takes in a student's texts by exercise; the number of the student, from 0."""
        number = self.students
        self.students += 1
        for exercise, text in sources.items():
            made = shape(text)
            if made is None:
                self.unread += 1
                continue
            grams = made.grams
            stub = self._stubs.get(exercise)
            if stub:
                grams = np.setdiff1d(grams, stub.grams, assume_unique=True)
            self._grams.setdefault(exercise, {})[number] = grams
        return number

    def pairs(self) -> list[Pair]:
        """Those that stand out, the clearest first."""
        tables = {name: _Table(of, self.students) for name, of in self._grams.items()}
        keys = np.unique(
            np.concatenate([np.array([], np.int64), *(t.keys for t in tables.values())])
        )
        if not len(keys):
            return []
        # (exercises, pairs)
        both = np.array([table.evidence_of(keys) for table in tables.values()])
        either = np.maximum([table.either_of(keys) for table in tables.values()], 1e-9)
        near = np.where(both >= ALIKE * either, both, 0.0)
        whole = both.sum(axis=0) / either.sum(axis=0)

        tries = math.log(self.students * (self.students - 1) / 2 * (len(tables) + 1) / EXPECTED)
        most = max(usual(near.sum(axis=0), self.students, tries), tries)
        most_whole = max(usual(whole, self.students, tries), ALIKE_ALL)
        by_evidence = near.sum(axis=0) > most
        # more than one exercise: about a single one, only its evidence tells
        several = ((both >= ALIKE_ALL * either) & (both > 0)).sum(axis=0) > 1
        by_whole = several & (whole > most_whole) & (both.sum(axis=0) > tries)
        found = []
        for at in np.flatnonzero(by_evidence | by_whole):
            shown = near[:, at] > 0 if by_evidence[at] else both[:, at] >= ALIKE_ALL * either[:, at]
            parts = [
                SharedCode(name, float(both[row, at]), float(both[row, at] / either[row, at]))
                for row, name in enumerate(tables)
                if shown[row] and both[row, at] > 0
            ]
            evidence = sum(part.evidence for part in parts)
            why = (
                f"evidence {evidence:.0f}, where up to {most:.0f} is usual"
                if by_evidence[at]
                else f"{whole[at]:.0%} of all rare code shared, where up to {most_whole:.0%} is usual"
            )
            found.append(
                Pair(
                    students=(int(keys[at]) // self.students, int(keys[at]) % self.students),
                    evidence=evidence,
                    alike=float(both[shown, at].sum() / either[shown, at].sum()),
                    why=why,
                    parts=tuple(sorted(parts, key=lambda part: -part.evidence)),
                )
            )
        return sorted(found, key=lambda pair: (-pair.evidence, pair.students))

    def shared(self, exercise: str, pair: Pair) -> Grams:
        """The rare code of an exercise that both have."""
        of = self._grams[exercise]
        first, second = (of[number] for number in pair.students)
        both = np.intersect1d(first, second, assume_unique=True)
        every, counts = np.unique(np.concatenate(list(of.values())), return_counts=True)
        return np.intersect1d(both, every[counts <= most_shared(len(of))], assume_unique=True)


class _Table:
    """One exercise: the evidence of all pairs that share something rare, and everybody's rare weight."""

    def __init__(self, of: Mapping[int, Grams], students: int) -> None:
        n = len(of)
        owners = np.concatenate([np.full(len(grams), who, np.int64) for who, grams in of.items()])
        grams = np.concatenate(list(of.values()))
        order = np.argsort(grams, kind="stable")
        owners = owners[order]
        _, starts, counts = np.unique(grams[order], return_index=True, return_counts=True)
        weights = np.where(counts <= most_shared(n), np.log(n / counts), 0.0) / K
        self._students = students
        self._own = np.bincount(owners, np.repeat(weights, counts), minlength=students)
        keys, shares = [np.array([], np.int64)], [np.array([], np.float64)]
        for size in range(2, min(most_shared(n), n) + 1):
            groups = np.flatnonzero(counts == size)
            members = np.sort(owners[starts[groups, None] + np.arange(size)], axis=1)
            first, second = np.triu_indices(size, 1)
            keys.append((members[:, first] * students + members[:, second]).ravel())
            shares.append(np.repeat(weights[groups], len(first)))
        self.keys, places = np.unique(np.concatenate(keys), return_inverse=True)
        self._shared = np.bincount(places, np.concatenate(shares), minlength=len(self.keys))

    def evidence_of(self, keys: NDArray[np.int64]) -> NDArray[np.float64]:
        """The evidence of pairs, by key: (pairs,)."""
        found = np.zeros(len(keys))
        found[np.searchsorted(keys, self.keys)] = self._shared
        return found

    def either_of(self, keys: NDArray[np.int64]) -> NDArray[np.float64]:
        """The weight of all the rare code that either of a pair has: (pairs,)."""
        own = self._own[keys // self._students] + self._own[keys % self._students]
        return own - self.evidence_of(keys)


def most_shared(n: int) -> int:
    """How many of `n` students may have a piece of code that still counts as rare."""
    return min(max(5, n // 10), MOST_SHARED)


def usual(values: NDArray[np.float64], students: int, tries: float) -> float:
    """Up to where a value is usual in the class.

    Args:
        values: of the pairs that share anything; all others have 0.
        students: how many there are; half as many pairs are left out of the background, since they may be copies.
        tries: ln(pairs looked at / how many honest ones may be beyond).
    """
    possible = max(students * (students - 1) / 2, 1)
    apart = min(max(3, students // 2), possible / 2)
    ordered = np.sort(np.concatenate([np.zeros(1), values]))

    def above(pairs: float) -> float:
        """The value that so many pairs exceed."""
        return float(ordered[max(len(ordered) - 1 - math.ceil(pairs), 0)])

    middle, high = above(possible / 2), above(apart)
    slope = (high - middle) / max(math.log(possible / 2 / apart), 1.0)
    return middle + slope * (tries - math.log(2))


def compare(
    students: Iterable[tuple[str, str]],
    sources: Callable[[str], Sources],
    stubs: Sources,
    hide: Callable[[str, str], str] = lambda _student, text: text,
) -> tuple[list[Finding], Comparison]:
    """Compares everybody with everybody.

    Args:
        students: (identifier, name to show), in the order of the report.
        sources: the texts of a student, by exercise; asked for once, and again for those who are told of.
        stubs: what everybody was given, by exercise.
        hide: (identifier, text) → the text to show, without names where pseudonyms are wanted.
    """
    people = list(students)
    comparison = Comparison(stubs)
    for who, _ in people:
        comparison.add(sources(who))
    findings = []
    for pair in comparison.pairs():
        two = [people[number] for number in pair.students]
        texts = [sources(who) for who, _ in two]
        marks: list[dict[str, frozenset[int]]] = [{}, {}]
        for part in pair.parts:
            shared = {int(gram) for gram in comparison.shared(part.exercise, pair)}
            for side in (0, 1):
                made = shape(texts[side][part.exercise])
                lines = made.lines.items() if made else ()
                marks[side][part.exercise] = frozenset(
                    line for gram, covered in lines if gram in shared for line in covered
                )
        shown = [
            {part.exercise: hide(who, text[part.exercise]) for part in pair.parts}
            for (who, _), text in zip(two, texts, strict=True)
        ]
        findings.append(
            Finding(pair, (two[0][1], two[1][1]), (shown[0], shown[1]), (marks[0], marks[1]))
        )
    return findings, comparison
