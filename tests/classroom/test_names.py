"""The same name, in how many ways it is written."""

from __future__ import annotations

import unicodedata

import pytest

from grader.classroom.names import spellings, words_of


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Ada Lind", "Lind, Ada"),
        ("ada  LIND", "Lind Ada"),
        ("김민준", "김, 민준"),
        ("민준 김", "김민준"),
        ("민준김", "김 민준"),
        ("민준 김", "김, 민준"),
        (unicodedata.normalize("NFD", "Åström, 김"), "김 Åström"),
        (unicodedata.normalize("NFD", "김민준"), "민준 김"),
    ],
)
def test_a_name_is_the_same_in_each_way_to_write_it(one: str, other: str) -> None:
    assert spellings(one) & spellings(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("김민준", "김준민"),
        ("Ada Lind", "Adalind"),
        ("Ada Lind", "Ada Lund"),
        ("", ""),
        ("", "Ada"),
    ],
)
def test_another_name_is_another_name(one: str, other: str) -> None:
    assert not spellings(one) & spellings(other)


def test_a_name_of_very_many_words_has_few_spellings() -> None:
    assert len(spellings("가 " * 30)) == 1
    assert words_of("Lind,Ada") == ("ada", "lind")
