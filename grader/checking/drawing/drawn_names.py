"""Names of layers, columns, classes and files that nobody has written down beforehand."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

Kind = Literal["layer", "column", "folder", "file"]

_ONSETS, _VOWELS = "bdfgklmnprstvz", "aeiou"
_HANGUL = 0xAC00, 11172  # the first syllable, and how many there are
# what may stand between two words; a layer's name is an attribute
_BETWEEN: dict[Kind, Sequence[str]] = {
    "layer": ("_",),
    "column": (" ", ",", '"', "-", ".", "_"),
    "folder": (" ", ".", "-", "[", "]", "_"),
    "file": (" ", ".", "-", "[", "]", "_"),
}


def new_name(below: Callable[[int], int], kind: Kind, plain: bool, taken: Sequence[str]) -> str:
    """A name that is not among those taken.

    Args:
        below: draws a whole number from 0 up to and without its argument.
        kind: what it is to name, which says what may stand in it.
        plain: two syllables of Latin letters and no more.
    """
    while True:
        name = _word(below)
        if not plain:
            between = _BETWEEN[kind]
            name += between[below(len(between))] + _word(below)
            if kind != "layer" and below(2):
                name += chr(_HANGUL[0] + below(_HANGUL[1]))
            if kind in ("folder", "file") and not below(4):
                name = f".{name}"
        if name not in taken:
            return name


def _word(below: Callable[[int], int]) -> str:
    """Two syllables and a digit: no keyword, and no attribute of a module."""
    syllables = [_ONSETS[below(len(_ONSETS))] + _VOWELS[below(len(_VOWELS))] for _ in range(2)]
    return "".join(syllables) + str(below(10))
