"""A submission as it is graded: source text per exercise, from wherever it was read."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from functools import cached_property

from .cell_syntax import python_of, without_commands


@dataclass(frozen=True)
class Cell:
    """A piece of source: a whole Python file, or a code cell of a notebook.

    Attributes:
        place: where it is, as the student knows it: `my_linear.py`, or `my_linear.ipynb, cell 4`.
        text: the source, as it was handed in.
    """

    place: str
    text: str


@dataclass(frozen=True)
class Source:
    """One exercise's source.

    Attributes:
        filename: the file's path as the student knows it, for messages.
        cells: one for a Python file, the code cells of a notebook; empty where the file cannot be used.
        problem: why it cannot, as a sentence that names the file.
        problem_kind: the same in a word, as `UnreadableError.kind` has it, `encoding`, or `name`.
        encoding: the one that the file was read in, where that is not UTF-8.
        notebook: whether it is a notebook: magics are passed over, and an error in one cell leaves the others.
        session: whether it is what was run in a session, in which whatever raised was shown at once.
        notes: what its student is told of how the file was found and read; it costs no point.
    """

    filename: str
    cells: tuple[Cell, ...] = ()
    problem: str = ""
    notebook: bool = False
    session: bool = False
    notes: tuple[str, ...] = ()
    problem_kind: str = ""
    encoding: str = ""

    @classmethod
    def of_text(cls, filename: str, text: str) -> Source:
        """A Python file's source."""
        return cls(filename, (Cell(filename, text),))

    @property
    def text(self) -> str:
        return "\n".join(cell.text for cell in self.cells)

    @cached_property
    def programs(self) -> tuple[str, ...]:
        """Each cell's Python, line for line: what is read for the rules and what is run."""
        if self.notebook:
            return tuple(python_of(cell.text) for cell in self.cells)
        return tuple(without_commands(cell.text)[0] for cell in self.cells)

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.text.encode()).hexdigest()


@dataclass(frozen=True)
class Submission:
    """A student's work.

    Attributes:
        name: what it is shown as.
        sources: a source for each exercise that was found.
        wanted: the exercises that were asked for, found or not.
    """

    name: str
    sources: dict[str, Source]
    wanted: tuple[str, ...] = field(default=())

    @classmethod
    def of_text(cls, exercise: str, text: str, name: str = "submission") -> Submission:
        """A submission of one exercise from text that is already at hand."""
        return cls(name, {exercise: Source.of_text(f"{exercise}.py", text)}, (exercise,))
