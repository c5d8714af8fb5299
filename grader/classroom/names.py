"""In how many ways a name is written: the family's first or last, with a comma, Korean ones in one word or in two."""

from __future__ import annotations

import re
import unicodedata
from itertools import permutations

_MOST_PARTS = 4  # of a Korean name that is written apart: each further one multiplies the orders


def words_of(name: str) -> tuple[str, ...]:
    """The words of a name in any order, since some write the family's first; a comma may stand between."""
    plain = unicodedata.normalize("NFC", name).casefold().replace(",", " ")
    return tuple(sorted(plain.split()))


def spellings(name: str) -> frozenset[str]:
    """What is the same for every way to write a name: two names that share one of these are the same name.

    `Lind, Ada` is `Ada Lind`; of a Korean name `김민준` is `김 민준`, and `민준 김` where the family comes last.
    """
    words = words_of(name)
    if not words:
        return frozenset()
    found = {" ".join(words)}
    if 1 < len(words) <= _MOST_PARTS and all(re.fullmatch("[가-힣]+", word) for word in words):
        found.update(map("".join, permutations(words)))
    return frozenset(found)
