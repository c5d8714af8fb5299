"""Pairs of submissions that share code which next to nobody else has: a hint for the instructor, never a verdict.

**Evidence.** A piece of code (a k-gram of `likeness`) that `d` of `n` students have weighs ln(n / d), the inverse
document frequency (Spärck Jones, "A statistical interpretation of term specificity", Journal of Documentation 28,
1972). What more than a tenth of the class (or fifty students) have weighs nothing, and what the stub has is taken
away first. The evidence of a pair in an exercise is the weight of all that both have, over k, since k-grams overlap
k-fold.

**Background.** Right answers to the same exercise are alike anyway; by how much, the class itself shows. Above its median
the evidence of all pairs is taken to fall off exponentially, at the rate between the median and the n/2 most alike pairs,
which may be copies and are left out. A pair is told of where, by that, one such pair in a hundred classes is to be
expected, where the evidence is also more than chance alone could give among so many pairs, and where most of the rare
code of both is shared.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .likeness import K, shape
from .plain import plain

MOST_SHARED = 50
EXPECTED = 0.01  # honest pairs beyond the line, in a class
ALIKE = 0.8  # share of the two's rare code, in an exercise that is told of by itself
ALIKE_ALL = 0.5  # the same over all exercises
MOST_LINES, LONGEST = 2000, 400

Grams = NDArray[np.uint64]
Sources = Mapping[str, str]


@dataclass(frozen=True)
class Part:
    """A pair in one exercise: evidence, and the share (0 to 1) of the rare code of either that both have."""

    exercise: str
    evidence: float
    alike: float


@dataclass(frozen=True)
class Pair:
    """Two students by their numbers, the lower first; `usual` is the line that the evidence crossed."""

    students: tuple[int, int]
    evidence: float
    alike: float
    usual: float
    parts: tuple[Part, ...]


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
    def usual(self) -> float:
        return self.pair.usual

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
        evidence = {name: table.evidence_of(keys) for name, table in tables.items()}
        either = {name: table.either_of(keys) for name, table in tables.items()}
        everywhere: NDArray[np.float64] = np.sum(list(evidence.values()), axis=0)
        alike = everywhere / np.maximum(np.sum(list(either.values()), axis=0), 1e-9)
        usual = line(everywhere, self.students, 1)
        # one exercise by itself has to meet the stricter condition below
        several = sum((of >= ALIKE_ALL * either[name]) & (of > 0) for name, of in evidence.items())
        told = (everywhere > usual) & (alike >= ALIKE_ALL) & (several > 1)
        lines = {name: line(of, self.students, len(tables)) for name, of in evidence.items()}
        single = {
            name: (of > lines[name]) & (of >= ALIKE * either[name]) for name, of in evidence.items()
        }
        chosen = np.flatnonzero(told | np.any(list(single.values()), axis=0))
        found = []
        for at in chosen:
            parts = tuple(
                Part(name, float(of[at]), float(of[at] / max(either[name][at], 1e-9)))
                for name, of in evidence.items()
                if (single[name][at] or (told[at] and of[at] >= ALIKE_ALL * either[name][at] > 0))
            )
            if not parts:
                continue
            over = usual if told[at] else min(lines[p.exercise] for p in parts)
            total = float(everywhere[at]) if told[at] else sum(part.evidence for part in parts)
            shared = sum(part.evidence for part in parts)
            union = sum(float(either[part.exercise][at]) for part in parts)
            found.append(
                Pair(
                    students=(int(keys[at]) // self.students, int(keys[at]) % self.students),
                    evidence=total,
                    alike=shared / union,
                    usual=over,
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


def line(evidence: NDArray[np.float64], students: int, tries: int) -> float:
    """What the evidence of a pair has to exceed.

    Args:
        evidence: of the pairs that have any; all others have none.
        students: how many there are; half as many pairs are left out of the background, since they may be copies.
        tries: how many such lines are drawn in the class.
    """
    possible = max(students * (students - 1) // 2, 1)
    apart = min(max(3, students // 2), possible / 2)
    whole = np.sort(np.concatenate([np.zeros(1), evidence]))

    def above(pairs: float) -> float:
        """The evidence that so many pairs exceed."""
        return float(whole[max(len(whole) - 1 - math.ceil(pairs), 0)])

    middle, high = above(possible / 2), above(apart)
    slope = (high - middle) / max(math.log(possible / 2 / apart), 1.0)
    chance = math.log(possible * tries / EXPECTED)
    return max(middle + slope * (chance - math.log(2)), chance)


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
