"""Pairs of submissions that share code which next to nobody else has: a hint for the instructor, never a verdict.

**Evidence.** A piece of code (a k-gram of `fingerprint`) that `d` of `n` students have weighs ln(n / d), the inverse
document frequency (Spärck Jones, "A statistical interpretation of term specificity", Journal of Documentation 28,
1972). What more than a tenth of the class (or fifty students) have weighs nothing, and what the stub has is taken
away first. The evidence of a pair in an exercise is the weight of all that both have, over k, since k-grams overlap
k-fold.

Two numbers are looked at for each pair: the evidence in those exercises where the two share at least 80 % of their
rare code, and the share of their rare code over all exercises.

**Background.** Right answers to the same exercise are alike anyway; by how much, the class itself shows. Above its
median each number is taken to fall off exponentially over all pairs, at the rate between the median and the n/2
most alike pairs; these may be copies, and are left out. A pair stands out where, by that, one such pair in a hundred
classes is to be expected, and the evidence is more than chance alone could give among so many pairs.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..sanitize import plain
from .fingerprint import K, fingerprint_of

MOST_SHARED = 50  # students
EXPECTED = 0.01  # honest pairs beyond the line, in a class
ALIKE = 0.8  # share of the two's rare code in an exercise, for its evidence to count
ALIKE_ALL = 0.5  # the least share over all exercises that can stand out
MOST_LINES, LONGEST = 2000, 400  # of a text that is shown: lines, and characters of a line
MOST_SHOWN = 100  # pairs; a hundred that conspired would make thousands
AT_ONCE = (
    4 << 20
)  # pairs of students, once for each piece of code that they share, before they are added up

Grams = NDArray[np.uint64]
Sources = Mapping[str, str]


@dataclass(frozen=True)
class SharedCode:
    """A pair in one exercise. Attributes: alike: the share (0 to 1) of the rare code of either that both have."""

    exercise: str
    evidence: float
    alike: float


@dataclass(frozen=True)
class Pair:
    """Two students whose code stands out.

    Attributes:
        students: their numbers, the lower first.
        evidence: in the exercises in `parts`, in units of ln(n / d) a statement; see the head of this file.
        alike: the share (0 to 1) of the rare code of either, in these exercises, that both have.
        why: what is unusual about the two.
        parts: the exercises, the one with the most evidence first.
    """

    students: tuple[int, int]
    evidence: float
    alike: float
    why: str
    parts: tuple[SharedCode, ...]


@dataclass(frozen=True)
class Finding:
    """A pair to be shown.

    Attributes:
        names: of the two.
        texts: of the two, by exercise.
        marks: of the two, by exercise: the lines (from 1) with code that both have.
    """

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
    """The class's code, taken in student by student; a text is kept as its k-grams only.

    Args:
        stubs: what everybody was given, by exercise.

    Attributes:
        students: how many were taken in.
        unread: how many of their texts do not parse, or are far larger than an answer.
        not_shown: how many pairs stand out beyond the `MOST_SHOWN` clearest.
    """

    def __init__(self, stubs: Sources) -> None:
        self._stubs = {name: fingerprint_of(text) for name, text in stubs.items()}
        self._grams: dict[str, dict[int, Grams]] = {}
        self.students = 0
        self.unread = 0
        self.not_shown = 0
        self._rare: dict[str, Grams] = {}

    def add(self, sources: Sources) -> int:
        """Takes in a student's texts by exercise; the number of the student, from 0."""
        number = self.students
        self.students += 1
        for exercise, text in sources.items():
            made = fingerprint_of(text)
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
        tables = {name: PairTable(of, self.students) for name, of in self._grams.items()}
        keys = np.unique(
            np.concatenate([np.array([], np.int64), *(each.keys for each in tables.values())])
        )
        if not len(keys):
            return []
        evidence = _Evidence(
            self.students,
            tuple(tables),
            np.array([table.evidence_of(keys) for table in tables.values()]),
            np.maximum([table.either_of(keys) for table in tables.values()], 1e-9),
        )
        found = [
            evidence.pair(place, divmod(int(keys[place]), self.students))
            for place in np.flatnonzero(evidence.by_evidence | evidence.by_whole).tolist()
        ]
        return sorted(found, key=lambda pair: (-pair.evidence, pair.students))

    def shared_grams(self, exercise: str, pair: Pair) -> Grams:
        """The rare code of an exercise that both have: k-grams, ascending."""
        first, second = (self._grams[exercise][number] for number in pair.students)
        both = np.intersect1d(first, second, assume_unique=True)
        return np.intersect1d(both, self._rare_of(exercise), assume_unique=True)

    def _rare_of(self, exercise: str) -> Grams:
        """What so few students of the class have that it counts, worked out once for all pairs."""
        if exercise not in self._rare:
            of = self._grams[exercise]
            every, counts = np.unique(np.concatenate(list(of.values())), return_counts=True)
            self._rare[exercise] = every[counts <= most_shared(len(of))]
        return self._rare[exercise]


class _Evidence:
    """What speaks for each pair, and which pairs stand out.

    Args:
        students: how many there are.
        exercises: their names.
        both: (exercises, pairs), the evidence: the weight of the rare code that both have.
        either: (exercises, pairs), the weight of the rare code that either has; above 0.
    """

    def __init__(
        self,
        students: int,
        exercises: tuple[str, ...],
        both: NDArray[np.float64],
        either: NDArray[np.float64],
    ) -> None:
        self._exercises, self._both, self._either = exercises, both, either
        self._near = np.where(both >= ALIKE * either, both, 0.0)
        self._whole = both.sum(axis=0) / either.sum(axis=0)
        tries = math.log(students * (students - 1) / 2 * (len(exercises) + 1) / EXPECTED)
        self._most = max(usual_limit(self._near.sum(axis=0), students, tries), tries)
        self._most_whole = max(usual_limit(self._whole, students, tries), ALIKE_ALL)
        self.by_evidence = self._near.sum(axis=0) > self._most
        # more than one exercise: about a single one, only its evidence tells
        several = ((both >= ALIKE_ALL * either) & (both > 0)).sum(axis=0) > 1
        enough = both.sum(axis=0) > tries
        self.by_whole = several & (self._whole > self._most_whole) & enough

    def pair(self, place: int, students: tuple[int, int]) -> Pair:
        """The pair at a place of the second axis."""
        both, either = self._both[:, place], self._either[:, place]
        shown = self._near[:, place] > 0 if self.by_evidence[place] else both >= ALIKE_ALL * either
        parts = [
            SharedCode(name, float(both[row]), float(both[row] / either[row]))
            for row, name in enumerate(self._exercises)
            if shown[row] and both[row] > 0
        ]
        evidence = sum(part.evidence for part in parts)
        return Pair(
            students=students,
            evidence=evidence,
            alike=float(both[shown].sum() / either[shown].sum()),
            why=self._why(place, evidence),
            parts=tuple(sorted(parts, key=lambda part: -part.evidence)),
        )

    def _why(self, place: int, evidence: float) -> str:
        if self.by_evidence[place]:
            return f"evidence {evidence:.0f}, where up to {self._most:.0f} is usual"
        share, usual = self._whole[place], self._most_whole
        return f"{share:.0%} of all rare code shared, where up to {usual:.0%} is usual"


class PairTable:
    """One exercise: the evidence of all pairs that share something rare, and everybody's rare weight.

    Args:
        of: student's number → k-grams.
        students: how many there are in the class.

    Attributes:
        keys: (pairs,), ascending: lower number · students + higher number, of those that share something rare.
    """

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
        sums = _Sums()
        for size in range(2, min(most_shared(n), n) + 1):
            first, second = np.triu_indices(size, 1)
            of_size = np.flatnonzero(counts == size)
            step = max(1, AT_ONCE // len(first))
            for begin in range(0, len(of_size), step):
                groups = of_size[begin : begin + step]
                members = np.sort(owners[starts[groups, None] + np.arange(size)], axis=1)
                keys = (members[:, first] * students + members[:, second]).ravel()
                sums.add(keys, np.repeat(weights[groups], len(first)))
        self.keys, self._shared = sums.total()

    def evidence_of(self, keys: NDArray[np.int64]) -> NDArray[np.float64]:
        """The evidence of pairs, by key: (pairs,)."""
        found = np.zeros(len(keys))
        found[np.searchsorted(keys, self.keys)] = self._shared
        return found

    def either_of(self, keys: NDArray[np.int64]) -> NDArray[np.float64]:
        """The weight of all the rare code that either of a pair has: (pairs,)."""
        own = self._own[keys // self._students] + self._own[keys % self._students]
        return own - self.evidence_of(keys)


class _Sums:
    """Sums of numbers by their keys, added up whenever `AT_ONCE` of them have come."""

    def __init__(self) -> None:
        self._keys = [np.array([], np.int64)]
        self._values = [np.array([], np.float64)]
        self._held = 0

    def add(self, keys: NDArray[np.int64], values: NDArray[np.float64]) -> None:
        """Takes in (numbers,) of each."""
        self._keys.append(keys)
        self._values.append(values)
        self._held += len(keys)
        if self._held > AT_ONCE:
            self.total()

    def total(self) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """The different keys, ascending, and the sum of each."""
        keys, places = np.unique(np.concatenate(self._keys), return_inverse=True)
        values = np.concatenate(self._values)
        sums = np.asarray(np.bincount(places, values, minlength=len(keys)), np.float64)
        self._keys, self._values, self._held = [keys], [sums], 0
        return keys, sums


def most_shared(n: int) -> int:
    """How many of `n` students may have a piece of code that still counts as rare: a tenth, but 5 to 50."""
    return min(max(5, n // 10), MOST_SHARED)


def usual_limit(values: NDArray[np.float64], students: int, tries: float) -> float:
    """Up to where a value is usual in the class, by the background that the head of this file describes.

    Args:
        values: (pairs,), of the pairs that share anything; all others have 0.
        students: how many there are; half as many pairs are left out of the background, since they may be copies.
        tries: ln(pairs looked at / how many honest ones may be beyond).

    Returns:
        The limit, in the unit of `values`.
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
        sources: the texts of a student, by exercise; asked for once, and again for those who stand out.
        stubs: what everybody was given, by exercise.
        hide: (identifier, text) → the text to show, without names where pseudonyms are wanted.

    Returns:
        The `MOST_SHOWN` clearest of the pairs that stand out, the clearest first; and the comparison, which counts
        students, unread texts and the other pairs.
    """
    people = list(students)
    comparison = Comparison(stubs)
    for who, _ in people:
        comparison.add(sources(who))
    findings = []
    pairs = comparison.pairs()
    comparison.not_shown = max(0, len(pairs) - MOST_SHOWN)
    for pair in pairs[:MOST_SHOWN]:
        first, second = (people[number] for number in pair.students)
        shown, marks = [], []
        for who, _ in (first, second):
            texts = sources(who)
            marks.append(_marks(comparison, pair, texts))
            shown.append({part.exercise: hide(who, texts[part.exercise]) for part in pair.parts})
        findings.append(
            Finding(pair, (first[1], second[1]), (shown[0], shown[1]), (marks[0], marks[1]))
        )
    return findings, comparison


def _marks(comparison: Comparison, pair: Pair, texts: Sources) -> dict[str, frozenset[int]]:
    """Exercise → the lines (from 1) of one of the two with code that both have."""
    marks = {}
    for part in pair.parts:
        shared = {int(gram) for gram in comparison.shared_grams(part.exercise, pair)}
        made = fingerprint_of(texts[part.exercise])
        lines = made.lines.items() if made else ()
        marks[part.exercise] = frozenset(
            line for gram, covered in lines if gram in shared for line in covered
        )
    return marks
