"""A student's code, line by line, with what the report says of its lines."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from functools import cache
from typing import Literal

from ...language import _, speaking
from ...report import ExerciseResult
from ..records import Comment, FileText
from ..sanitize import lines_of

MOST_COMPARED = 600  # lines that differ at all; more are shown as taken out and put in
Kind = Literal["wrong", "forbidden", "not loaded", "look", "comment"]
Change = tuple[Literal["="], int] | tuple[Literal["-"], list[str]] | tuple[Literal["+"], int]


@dataclass
class LineMark:
    """What the report says of a line.

    Attributes:
        kind: `wrong`: a check failed; `forbidden`: what broke a rule; `not loaded`; `look`: for the instructor
            alone; `comment`: somebody wrote it.
        text: the sentence.
        checks: the names of the checks that it is about.
    """

    kind: Kind
    text: str
    checks: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class ListedCell:
    """A Python file, or a cell of a notebook. Attributes: marks: line, from 1 → what is said of it."""

    place: str
    lines: tuple[str, ...]
    marks: Mapping[int, Sequence[LineMark]]


def listed_cells(
    file: FileText,
    result: ExerciseResult | None,
    language: str = "en",
    *,
    for_instructor: bool = False,
    comments: Iterable[Comment] = (),
) -> list[ListedCell]:
    """The cells of a file with their marks.

    Args:
        result: of the exercise; `None` where it is not graded.
        language: which the result's texts are in.
        for_instructor: whether what an instructor should look at is marked too.
        comments: of which those at a line of this file are marked.
    """
    lines = [lines_of(text) for _, text in file.cells]
    marks: list[dict[int, list[LineMark]]] = [{} for _ in file.cells]
    finder = _PlaceFinder([place for place, _ in file.cells], language)
    for (cell, line), mark in _marks(result, finder, for_instructor) if result else ():
        if 0 < line <= len(lines[cell]):
            marks[cell].setdefault(line, []).append(mark)
    places = {place: cell for cell, (place, _) in enumerate(file.cells)}
    for comment in comments:
        if is_at_a_line(comment, file):
            found = marks[places[comment.place]].setdefault(comment.line or 0, [])
            found.append(LineMark("comment", comment.text))
    return [
        ListedCell(place, tuple(lines[number]), dict(sorted(marks[number].items())))
        for number, (place, _) in enumerate(file.cells)
    ]


def is_at_a_line(comment: Comment, file: FileText | None) -> bool:
    """Whether a comment is about a line of `file`, and of the hand-in that counts."""
    if file is None or comment.earlier or comment.line is None:
        return False
    counts = {place: len(lines_of(text)) for place, text in file.cells}
    return 0 < comment.line <= counts.get(comment.place, 0)


class _PlaceFinder:
    """Finds `my_linear.py, line 12` in a sentence, in the language of a report and in English."""

    def __init__(self, places: Sequence[str], language: str) -> None:
        self.is_one_cell = len(places) == 1
        self._patterns = [
            (cell, re.compile(rf"(?<![\w./]){_any_line(template, place)}"))
            for cell, place in enumerate(places)
            for template in _templates(language)
        ]

    def find(self, text: str) -> tuple[int, int] | None:
        """Cell, from 0, and line, from 1, of the first place that is named; `None` where none is."""
        found = [
            (match.start(), cell, int(match[1]))
            for cell, pattern in self._patterns
            if (match := pattern.search(text))
        ]
        return min(found)[1:] if found else None


@cache
def _templates(language: str) -> frozenset[str]:
    with speaking(language):
        return frozenset({_("{file}, line {line}"), "{file}, line {line}"})


def _any_line(template: str, place: str) -> str:
    before, after = template.format(file=place, line="\0").split("\0")
    return rf"{re.escape(before)}(\d{{1,9}})(?!\d){re.escape(after)}"


def _marks(
    result: ExerciseResult, finder: _PlaceFinder, for_instructor: bool
) -> Iterator[tuple[tuple[int, int], LineMark]]:
    messages = {check.name: check.message for check in result.checks}
    broken: set[str] = set()
    for violation in result.violations:
        broken.update(violation.checks)
        # which cell of a notebook it is, only the checks' messages say
        told = (finder.find(messages.get(name, "")) for name in violation.checks)
        where = next(filter(None, told), (0, violation.line) if finder.is_one_cell else None)
        if where:
            yield where, LineMark("forbidden", violation.message, list(violation.checks))
    if result.status == "error" and (found := finder.find(result.message)):
        yield found, LineMark("not loaded", result.message)
    heads: dict[str, LineMark] = {}
    for check in result.checks:
        if not check.went_wrong or check.name in broken:
            continue
        if head := heads.get(check.same_as):
            head.checks.append(check.name)
            continue
        found = finder.find(check.place) or finder.find(check.message) or finder.find(check.cause)
        if found:
            heads[check.name] = LineMark(
                "wrong", check.cause or _first_line(check.message), [check.name]
            )
            yield found, heads[check.name]
    for remark in result.remarks if for_instructor else ():
        if found := finder.find(remark):
            yield found, LineMark("look", remark)


def _first_line(text: str) -> str:
    return text.split("\n", 1)[0]


def flat(file: FileText | None) -> list[str]:
    """A file's lines, those of a notebook with the place of each cell in front."""
    cells = file.cells if file else ()
    headed = len(cells) > 1
    return [line for place, text in cells for line in ([place] if headed else []) + lines_of(text)]


def changes(old: Sequence[str], new: Sequence[str]) -> list[Change]:
    """What makes `new` of `old`, in order: lines that stay and lines put in, as their number, and lines taken out.

    With `new` at hand, `old` can be written out again.
    """
    same = _alike(zip(old, new, strict=False))
    tail = _alike(zip(reversed(old[same:]), reversed(new[same:]), strict=False))
    before, after = old[same : len(old) - tail], new[same : len(new) - tail]
    found: list[Change] = [("=", same)] if same else []
    if max(len(before), len(after)) > MOST_COMPARED:
        found += [("-", list(before)), ("+", len(after))]
    else:
        for kind, low, high, first, last in SequenceMatcher(None, before, after).get_opcodes():
            if kind == "equal":
                found.append(("=", high - low))
                continue
            if high > low:
                found.append(("-", list(before[low:high])))
            if last > first:
                found.append(("+", last - first))
    return [*found, *([("=", tail)] if tail else [])]  # type: ignore[list-item]


def _alike(pairs: Iterable[tuple[str, str]]) -> int:
    """How many pairs from the first on are of equals."""
    count = 0
    for one, other in pairs:
        if one != other:
            break
        count += 1
    return count
