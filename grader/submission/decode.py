"""From bytes that anybody may have made to source text: Python files and notebooks. Nothing is run."""

from __future__ import annotations

import codecs
import json
import os
import re
from collections.abc import Sequence
from dataclasses import replace

from ..errors import UnreadableError
from ..language import _
from .bounded import MEMORY_BYTES, SECONDS, apart
from .cell_syntax import without_commands
from .encodings import other_text
from .submission import Cell, Source

MAX_SOURCE_BYTES = 1 << 20
MAX_NOTEBOOK_BYTES = 128 << 20  # pictures in the outputs
MAX_CELLS = 2000
_PLAIN_NOTEBOOK_BYTES = 4 << 20  # JSON takes thirty times the memory of its text


def source_of_bytes(data: bytes, shown: str) -> Source:
    """A Python file's bytes as source; no larger than `MAX_SOURCE_BYTES`. What is not UTF-8 is read where it can be.

    Args:
        shown: what a message calls the file.
    """
    if len(data) > MAX_SOURCE_BYTES:
        return _too_large(shown, MAX_SOURCE_BYTES)
    if data.lstrip().startswith(b"{") and (book := notebook_of_bytes(data, shown)).cells:
        sentence = _("{file} is a notebook, whatever its name says, and was graded as one.")
        return replace(book, notes=(sentence.format(file=shown),))
    notes: tuple[str, ...] = ()
    encoding = ""
    try:
        text = data.removeprefix(codecs.BOM_UTF8).decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        sentence = _("{file}, line {line}: not UTF-8 text. Save the file as UTF-8.")
        problem = sentence.format(file=shown, line=line)
    else:
        problem = ""
    if (problem or "\0" in text) and (known := other_text(data)):
        text, encoding = known
        sentence = _("{file} is not UTF-8 text: it was read as {encoding}. Save the file as UTF-8.")
        problem, notes = "", (sentence.format(file=shown, encoding=encoding),)
    if problem:
        return replace(_unusable(shown, problem), problem_kind="encoding")
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        sentence = _("{file}, line {line}: a NUL byte. Save the file as plain UTF-8 text.")
        return _unusable(shown, sentence.format(file=shown, line=line))
    if not text.strip():
        sentence = _("{file} is empty. `grader reset {name}` writes the stub of the exercise anew.")
        name = re.match(r"\w*", os.path.basename(shown))
        return _unusable(shown, sentence.format(file=shown, name=name[0] if name else ""))
    if commands := without_commands(text)[1]:
        sentence = _(
            "{file}, line {line}: a command of notebooks is no Python; it was passed over."
        )
        notes = (*notes, sentence.format(file=shown, line=commands[0]))
    return replace(Source.of_text(shown, text), notes=notes, encoding=encoding)


def notebook_of_bytes(data: bytes, shown: str) -> Source:
    """A notebook's code cells as source; outputs, widgets and metadata are not looked at.

    Args:
        shown: what a message calls the file.
    """
    if len(data) > MAX_NOTEBOOK_BYTES:
        return _too_large(shown, MAX_NOTEBOOK_BYTES)
    try:
        text = data.decode(json.detect_encoding(data))
        small = len(data) <= _PLAIN_NOTEBOOK_BYTES
        found = code_cells([text]) if small else apart(code_cells, [text])
    except UnreadableError:
        sentence = _(
            "{file} cannot be read within {seconds} s and {memory} MiB. Clear its outputs, and save it again."
        )
        values = {"seconds": SECONDS, "memory": MEMORY_BYTES >> 20}
        return _unusable(shown, sentence.format(file=shown, **values))
    except (ValueError, RecursionError):
        found = None
    if found is None:
        sentence = _("{file} is not a Jupyter notebook. Open it in Jupyter and save it again.")
        return _unusable(shown, sentence.format(file=shown))
    if sum(len(text) for _number, text in found) > MAX_SOURCE_BYTES or len(found) > MAX_CELLS:
        return _too_large(shown, MAX_SOURCE_BYTES)
    code = [
        Cell(_("{file}, cell {number}").format(file=shown, number=number), text)
        for number, text in found
    ]
    if not any(cell.text.strip() for cell in code):
        sentence = _("{file} has no code cells. Take the exercise's notebook anew and fill it in.")
        return _unusable(shown, sentence.format(file=shown))
    return Source(shown, tuple(code), notebook=True)


def code_cells(texts: Sequence[str]) -> list[tuple[int, str]] | None:
    """The code cells of a notebook, of format 3 or 4, by their numbers from 1; `None` for what is no notebook.

    Nothing else in it is looked at: whether it is valid is not asked, which may take minutes. Of more code than may be
    handed in, only so much is returned that it shows.

    Raises:
        ValueError: if it is no JSON.
        RecursionError: if it is nested too deeply.
    """
    [text] = texts
    book = json.loads(text)
    if not isinstance(book, dict) or book.get("nbformat") not in (3, 4):
        return None
    old = book["nbformat"] == 3
    sheets = book.get("worksheets") if old else [book]
    found: list[tuple[int, str]] = []
    number = length = 0
    for sheet in sheets if isinstance(sheets, list) else [None]:
        cells = sheet.get("cells") if isinstance(sheet, dict) else None
        for cell in cells if isinstance(cells, list) else [None]:
            number += 1
            if not isinstance(cell, dict) or "cell_type" not in cell:
                return None
            enough = length > MAX_SOURCE_BYTES or len(found) > MAX_CELLS
            if cell["cell_type"] == "code" and not enough:
                source = _joined(cell.get("input", "") if old else cell.get("source"), old)
                if source is None:
                    return None
                length += len(source)
                found.append((number, source[: MAX_SOURCE_BYTES + 1]))
    return found


def _joined(source: object, old: bool) -> str | None:
    """A cell's source, a text or its lines, which in an old notebook may come without their ends."""
    given = source if isinstance(source, list) else [source]
    lines = [line for line in given if isinstance(line, str)]
    if len(lines) < len(given):
        return None
    bare = old and lines and not lines[0].endswith(("\n", "\r"))
    # JSON can hold half a surrogate pair, which no UTF-8 text can
    return ("\n" if bare else "").join(lines).encode(errors="replace").decode()


def _unusable(shown: str, problem: str) -> Source:
    return Source(shown, problem=problem, problem_kind="unreadable")


def _too_large(shown: str, most: int) -> Source:
    sentence = _("{file} is larger than {most} MiB of code. Hand in the exercise alone.")
    return _unusable(shown, sentence.format(file=shown, most=most >> 20))
