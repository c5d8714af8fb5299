"""What becomes of a file whose top level raises, hangs or ends the child: what is run then, and what is told of it.

What a file defines counts, whatever else it does when it is loaded. A line that raises is passed over, in the child
itself. One that ends the child, or its time, is left out when a new child loads the file, and so is what only shows
that the code works. Both are told once, with the names that are missing for it.
"""

from __future__ import annotations

import difflib
import json
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from ..errors import NoAnswer
from ..language import _
from ..submission import Source
from .telling.raised import SYNTAX_ERRORS, Raised, StudentLine, StudentsLines, is_line, strings

_MOST_ERRORS = 20
_DEFINITION = re.compile(r"^(?:async +)?(?:def|class) +(\w+)", re.MULTILINE)
_MISSING = re.compile(r"name '(\w+)' is not defined")


@dataclass
class OnceMore:
    """How a file is loaded once more that ended the child, or its time, when it was loaded.

    Attributes:
        first: how the child was lost for the first time; `None` as long as none was.
        left_out: the lines at the top level that are not run, each with the number of its cell.
        definitions: whether nothing but definitions is run.
        seconds: what is left of the time for this.
    """

    first: NoAnswer | None = None
    left_out: list[tuple[int, int]] = field(default_factory=list)
    definitions: bool = False
    seconds: float = math.inf

    def without(self, error: NoAnswer, most: float, spent: float) -> bool:
        """Leaves out what a child was lost by; whether to load the file again.

        Args:
            most: seconds for all that is loaded once more.
            spent: those that it took until the child was lost.
        """
        if self.definitions:
            return False
        place = error.statement
        self.definitions = self.first is not None or place is None
        self.seconds = most if self.first is None else self.seconds - spent
        self.first = self.first or error
        if place and place not in self.left_out:
            self.left_out.append(place)
        return self.seconds > 0


@dataclass
class WithThreads:
    """Whether a file raises less where it can start threads than where it can start none.

    Attributes:
        is_tried: whether it is loaded with threads now because of what it raised without.
        without: what that was.
        is_no_help: whether it raised the same with them.
    """

    is_tried: bool = False
    without: str = ""
    is_no_help: bool = False

    def changes_what_raises(self, told: Any, has_threads: bool) -> bool:
        """Whether to load the file again, with threads if `is_tried` says so.

        Args:
            told: what the child told of what the file raised.
            has_threads: whether that child could start threads.
        """
        text = json.dumps(told) if told else ""
        if self.is_tried and has_threads:
            self.is_no_help = text == self.without
            self.is_tried = not self.is_no_help
            return self.is_no_help
        if has_threads or not text or self.is_no_help:
            return False
        self.is_tried, self.without = True, text
        return True


@dataclass(frozen=True)
class TopError:
    """What a statement at the top level raised.

    Attributes:
        line: that of the statement, as far as it is known.
        names: what it would have bound.
        is_in_class: whether it was raised in the body of a class, which there is none of for it.
    """

    raised: Raised
    line: StudentLine | None
    names: tuple[str, ...]
    is_in_class: bool


class TopLevel:
    """What is known of how a source was loaded.

    Args:
        lines: the lines of that source.
        header: what the child told that has loaded it.
        lost: how an earlier child was lost by a line that this one has left out.
    """

    def __init__(
        self,
        lines: StudentsLines,
        source: Source,
        header: Mapping[str, Any],
        lost: NoAnswer | None = None,
    ) -> None:
        self._lines = lines
        self._source = source
        self._header = header
        self.lost = lost

    @cached_property
    def names(self) -> list[str]:
        """The names that the source has defined."""
        return strings(self._header.get("names"))

    @cached_property
    def errors(self) -> list[TopError]:
        """What statements at the top level raised, in their order."""
        errors = self._header.get("errors")
        entries = errors[:_MOST_ERRORS] if isinstance(errors, list) else []
        return [self._error(entry) for entry in entries if isinstance(entry, dict)]

    @property
    def first(self) -> Raised | None:
        """What was raised first."""
        return self.errors[0].raised if self.errors else None

    @property
    def is_empty(self) -> bool:
        """Whether something failed, and none of the source's functions and classes is there."""
        if not self.errors and not self.lost:
            return False
        return self._definitions.isdisjoint(self.names)

    @cached_property
    def _definitions(self) -> set[str]:
        """The names of the functions and classes at the top level, as the text has them."""
        return {name for text in self._source.programs for name in _DEFINITION.findall(text)}

    @cached_property
    def decisive(self) -> TopError | None:
        """The error that a function or a class is missing for; else the first."""
        missing = self._definitions - {*self.names}
        found = (self._root(each) for each in self.errors if not missing.isdisjoint(each.names))
        return next(found, self.errors[0] if self.errors else None)

    @property
    def notes(self) -> tuple[str, ...]:
        """What the student is told of it, which costs no point."""
        return tuple(self._notes())

    def because_of(self, raised: Raised) -> str:
        """Why what an exception of the student's code is about is missing; empty where that is not known."""
        if raised.kind == "ModuleNotFoundError":
            return _advice_on(raised)
        missing = _MISSING.match(raised.message) if raised.kind == "NameError" else None
        return self.because(missing[1]) if missing else ""

    def because(self, name: str) -> str:
        """Why the source does not define a name; empty where that is not known."""
        if name in self.names:
            return ""
        found = next((each for each in self.errors if name in each.names), None)
        if found is None:
            if self.lost and name in strings(self._header.get("left_out")):
                sentence = _("`{name}` was never defined, because loading the file ended before.")
                return sentence.format(name=name)
            return ""
        reason = self._root(found)
        if reason.is_in_class and name in reason.names and reason.raised.line:
            sentence = _(
                "Its class begins at {start}, but is not made: a line in its body raised {error} ({place}: `{line}`)."
            )
            at = reason.raised.line
            return sentence.format(start=reason.line, error=reason.raised, place=at, line=at.text)
        if reason.line is None:
            sentence = _("`{name}` was never defined, because the file raised {error}.")
            return sentence.format(name=name, error=reason.raised)
        sentence = _("`{name}` was never defined, because {place} raised {error}: `{line}`.")
        at = reason.line
        return sentence.format(name=name, place=at, error=reason.raised, line=at.text)

    def _root(self, error: TopError) -> TopError:
        """The error that another one follows from, because a name was missing."""
        for earlier in reversed(self.errors[: self.errors.index(error)]):
            missing = _MISSING.match(error.raised.message)
            if missing and (missing[1] in earlier.names or _is_misspelt(missing[1], earlier)):
                error = earlier
        return error

    def _error(self, entry: dict[str, Any]) -> TopError:
        raised, names = self._lines.read(entry), tuple(strings(entry.get("names")))
        told = entry.get("lines")
        steps = [each for each in told[:2] if is_line(each)] if isinstance(told, list) else []
        line = self._lines.line(*steps[0]) if steps else None
        is_class = line is not None and line.text.startswith("class ")
        is_in_class = is_class and len(steps) == 2 and names == (steps[1][2],)
        return TopError(raised, line, names, is_in_class)

    def _notes(self) -> Iterator[str]:
        if self.lost:
            yield self._of_lost(self.lost)
        if self.decisive and not self._source.session:
            yield self._of_error(self.decisive)

    def _of_lost(self, lost: NoAnswer) -> str:
        place = lost.statement or lost.place
        line = self._lines.line(*place, "") if place else None
        sentence = _("{place}: importing the file {happened}.")
        told = sentence.format(place=line or self._source.filename, happened=happened(lost))
        told += " " + _(
            "What the file defines was graded all the same, without that line and without the demo code below it."
        )
        return f"{told} {_advice(self._source)}"

    def _of_error(self, error: TopError) -> str:
        raised = error.raised
        at = raised.line if error.is_in_class else error.line
        told = raised_at(at, raised, self._source.filename)
        if error.is_in_class:
            sentence = _("So the class that begins at {place} is not made.")
            return f"{told} {sentence.format(place=error.line)}"
        told += " " + _("What the file defines was graded all the same.")
        return f"{told} {_advice_on(raised) or _advice(self._source)}"


def raised_at(line: StudentLine | None, raised: Raised, filename: str) -> str:
    """A sentence on what importing a file raised, and on which line, where that is known."""
    sentence = _("{place}: importing the file raises {error}{line}.")
    if raised.kind == "SystemExit":
        sentence = _("{place}: importing the file ends the program{line}.")
    if raised.kind in SYNTAX_ERRORS:  # of a notebook's cell
        sentence = _("{place} is no Python: {error}{line}.")
    text = f": `{line.text}`" if line else ""
    return sentence.format(place=line or filename, error=raised, line=text)


def happened(error: NoAnswer) -> str:
    """What became of the child, for the place of {happened} in a sentence."""
    values = {
        key: _(value) if isinstance(value, str) else value for key, value in error.values.items()
    }
    return _(error.template).format(**values)


def _is_misspelt(name: str, error: TopError) -> bool:
    """Whether a name is missing because an import has it misspelt."""
    is_of_import = error.raised.kind in ("ModuleNotFoundError", "ImportError")
    return is_of_import and bool(difflib.get_close_matches(name, error.names, 1, 0.75))


def _advice(source: Source) -> str:
    if source.notebook:
        return _("Leave it out of what you hand in.")
    return _('Move training and demo code under `if __name__ == "__main__":`.')


def _advice_on(raised: Raised) -> str:
    """What to do about an exception that says it; empty for others."""
    if raised.kind == "EOFError":
        return _("Nobody answers `input()` while the file is graded.")
    if raised.kind == "BdbQuit":
        return _("Take `breakpoint()` out.")
    if raised.kind == "ModuleNotFoundError":
        return _(
            "Each file is graded alone: it finds installed packages, and what it needs of another file of yours must "
            "stand in it."
        )
    return ""
