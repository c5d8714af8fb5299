"""Text that a student's code made, made safe to keep: no control characters, no hidden direction marks, no floods."""

from __future__ import annotations

import ast
import unicodedata
import warnings
from collections.abc import Sequence
from functools import lru_cache

from .language import _

MESSAGE_LENGTH = 600
_KEPT_LENGTH = 16 << 10  # characters of a text whose tree is kept for a while


def clean(text: str, length: int = MESSAGE_LENGTH) -> str:
    """`text` on one or more plain lines: what a terminal or a browser would obey is written out, long text is cut.

    Args:
        length: how many characters of `text` are kept; where it has more, their number follows.
    """
    if len(text) <= length and text.replace("\n", "").isprintable():
        return text  # most are plain already
    plain = "".join(map(_plain, text[:length]))
    return f"{plain}… ({len(text):,} characters)" if len(text) > length else plain


def _plain(character: str) -> str:
    # not printable: control and format characters (bidirectional marks, zero width), surrogates, line separators
    if character == "\n" or character.isprintable():
        return character
    if character == "\t":
        return "    "
    if unicodedata.category(character) == "Zs":  # a space of another width
        return " "
    code = ord(character)
    return f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}"


def tree_of(source: str) -> ast.Module | None:
    """The syntax tree of a student's text; `None` if that is not Python. Python's warnings are left out.

    Whoever gets it leaves it as it is: the next one who asks gets the same tree. Of text that is larger than what
    people write, ask within `submission.bounded`: a tree takes up to a thousand times the memory of its text.

    Raises:
        RecursionError, MemoryError: if it is nested too deeply.
    """
    return _kept_tree(source) if len(source) <= _KEPT_LENGTH else _parsed(source)


def _parsed(source: str) -> ast.Module | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(source)
    except (SyntaxError, ValueError):
        return None


# the rules, the remarks and the places that failed checks name are read from the same few texts
_kept_tree = lru_cache(8)(_parsed)


def line_of(lines: Sequence[str], number: int) -> str:
    """The text of a line, 1-based, without its indentation; empty where there is none."""
    return clean(lines[number - 1].strip(), 120) if 0 < number <= len(lines) else ""


def listed(names: list[str]) -> str:
    """The names as a sentence has them: `a`, `b` and `c`."""
    return _joined(names, _("{several} and {last}"))


def either(names: list[str]) -> str:
    """The names where it is one of them, and not known which: `a`, `b` or `c`."""
    return _joined(names, _("{several} or {last}"))


def _joined(names: list[str], form: str) -> str:
    quoted = [f"`{name}`" for name in names]
    if len(quoted) < 2:
        return "".join(quoted)
    return form.format(several=", ".join(quoted[:-1]), last=quoted[-1])
