"""From bytes that anybody may have made to source text: Python files and notebooks. Nothing is run."""

from __future__ import annotations

import codecs
import logging
import warnings

from ..language import _
from .submission import Cell, Source

MAX_SOURCE_BYTES = 1 << 20
MAX_NOTEBOOK_BYTES = 128 << 20  # pictures in the outputs
MAX_CELLS = 2000


def source_of_bytes(data: bytes, shown: str) -> Source:
    """A Python file's bytes as source; UTF-8 and no larger than `MAX_SOURCE_BYTES`.

    Args:
        shown: what a message calls the file.
    """
    if len(data) > MAX_SOURCE_BYTES:
        return _too_large(shown, MAX_SOURCE_BYTES)
    try:
        text = data.removeprefix(codecs.BOM_UTF8).decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        sentence = _("{file}, line {line}: not UTF-8 text. Save the file as UTF-8.")
        return _unusable(shown, sentence.format(file=shown, line=line))
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        sentence = _("{file}, line {line}: a NUL byte. Save the file as plain UTF-8 text.")
        return _unusable(shown, sentence.format(file=shown, line=line))
    if not text.strip():
        sentence = _("{file} is empty. Copy the stub of the exercise anew and fill it in.")
        return _unusable(shown, sentence.format(file=shown))
    return Source.of_text(shown, text)


def notebook_of_bytes(data: bytes, shown: str) -> Source:
    """A notebook's code cells as source; outputs, widgets and metadata are not looked at.

    Args:
        shown: what a message calls the file.
    """
    if len(data) > MAX_NOTEBOOK_BYTES:
        return _too_large(shown, MAX_NOTEBOOK_BYTES)
    import nbformat  # a tenth of a second that only notebooks need

    # it would log what is amiss in a notebook's form, which is not what is asked here
    logging.getLogger("traitlets").setLevel(logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            cells = nbformat.reads(data.decode("utf-8"), as_version=4)["cells"]
        code = [
            # JSON can hold half a surrogate pair, which no UTF-8 text can
            Cell(
                _("{file}, cell {number}").format(file=shown, number=number),
                str(cell["source"]).encode(errors="replace").decode(),
            )
            for number, cell in enumerate(cells, 1)
            if cell["cell_type"] == "code"
        ]
    except Exception:  # whatever it is: nbformat has a dozen kinds of exceptions for bad notebooks
        sentence = _("{file} is not a Jupyter notebook. Open it in Jupyter and save it again.")
        return _unusable(shown, sentence.format(file=shown))
    if sum(len(cell.text) for cell in code) > MAX_SOURCE_BYTES or len(code) > MAX_CELLS:
        return _too_large(shown, MAX_SOURCE_BYTES)
    if not any(cell.text.strip() for cell in code):
        sentence = _("{file} has no code cells. Take the exercise's notebook anew and fill it in.")
        return _unusable(shown, sentence.format(file=shown))
    return Source(shown, tuple(code), notebook=True)


def _unusable(shown: str, problem: str) -> Source:
    return Source(shown, problem=problem)


def _too_large(shown: str, most: int) -> Source:
    sentence = _("{file} is larger than {most} MiB of code. Hand in the exercise alone.")
    return _unusable(shown, sentence.format(file=shown, most=most >> 20))
