"""Names that nobody has written down: what stands in them, and that they differ."""

from __future__ import annotations

import keyword
from collections.abc import Callable
from pathlib import PurePath
from random import Random
from typing import get_args

import pytest
from torch import nn

from grader.checking.drawing.drawn_names import Kind, new_name

KINDS = get_args(Kind)


def below(seed: int) -> Callable[[int], int]:
    random = Random(seed)
    return lambda number: int(random.random() * number)


def named(kind: Kind, plain: bool, count: int = 200) -> list[str]:
    names: list[str] = []
    draw = below(5)
    for _ in range(count):
        names.append(new_name(draw, kind, plain, names))
    return names


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("plain", [True, False])
def test_no_name_comes_twice(kind: Kind, plain: bool) -> None:
    names = named(kind, plain)
    assert len({name.casefold() for name in names}) == len(names)


def test_a_name_that_is_taken_is_not_given_again() -> None:
    first = new_name(below(1), "column", True, [])
    assert new_name(below(1), "column", True, [first]) != first


@pytest.mark.parametrize("kind", KINDS)
def test_plain_names_are_words(kind: Kind) -> None:
    assert all(name.isascii() and name.isidentifier() for name in named(kind, True))


def test_a_layers_name_is_an_attribute_that_no_module_has() -> None:
    for name in named("layer", False):
        assert name.isidentifier()
        assert not keyword.iskeyword(name)
        assert not hasattr(nn.Module(), name)


def test_a_columns_name_may_hold_what_csv_has_to_quote() -> None:
    held = set("".join(named("column", False)))
    assert {" ", ",", '"', "."} < held
    assert any("가" <= letter <= "힣" for letter in held)


@pytest.mark.parametrize("kind", ["folder", "file"])
def test_a_files_name_may_begin_with_a_dot_and_is_one_part_of_a_path(kind: Kind) -> None:
    names = named(kind, False)
    assert any(name.startswith(".") for name in names)
    assert {"[", "]", " "} < set("".join(names))
    for name in names:
        assert PurePath(name).parts == (name,)
        assert name.strip(". ") != ""
