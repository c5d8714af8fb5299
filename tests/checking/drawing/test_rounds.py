"""The rounds of a check: which there are, and what each of them is there for."""

from __future__ import annotations

import pytest
import torch

from grader.checking.drawing.rounds import (
    FLOATS,
    HALF,
    HALVES,
    LARGE,
    ORDINARY,
    PUBLISHED,
    ROUNDS,
    chosen,
)
from grader.errors import CourseFault


def test_without_names_all_ordinary_ones_are_chosen() -> None:
    assert chosen((), half=False) == list(ORDINARY)
    assert chosen((), half=True) == [*ORDINARY, HALF]


def test_they_come_from_the_simplest_to_the_largest_however_they_are_named() -> None:
    assert chosen(("large", "published"), half=False) == [PUBLISHED, LARGE]
    assert chosen(("large", "half"), half=True) == [LARGE, HALF]


def test_a_round_that_there_is_not_is_the_courses_fault() -> None:
    with pytest.raises(CourseFault, match=r"no round 'huge': there are published, ones"):
        chosen(("published", "huge"), half=False)


def test_single_leaves_each_round_one_dtype_and_all_else() -> None:
    found = chosen((), half=True, single=True)
    assert [len(each.dtypes) for each in found] == [1] * len(ROUNDS)
    for each, usual in zip(found, ROUNDS.values(), strict=True):
        assert each.dtypes == usual.dtypes[:1]
        assert (each.name, each.number, each.low) == (usual.name, usual.number, usual.low)


def test_numbers_are_places() -> None:
    assert [each.number for each in ROUNDS.values()] == list(range(len(ROUNDS)))
    assert [each for each in ROUNDS.values() if each.is_published] == [PUBLISHED]


def test_the_published_round_has_both_dtypes_and_the_others_have_each_between_them() -> None:
    assert PUBLISHED.dtypes == FLOATS
    assert {dtype for each in ORDINARY[1:] for dtype in each.dtypes} == set(FLOATS)
    assert set(HALF.dtypes) == set(HALVES)


def test_some_round_is_beyond_any_size_that_people_try() -> None:
    assert LARGE.low > 64


def test_another_default_dtype_is_another_one_than_that_of_the_inputs() -> None:
    """Where they are equal, a dtype that is left to the default does not show."""
    others = [each for each in ROUNDS.values() if each.default_dtype != torch.float32]
    assert others
    for each in others:
        assert each.default_dtype not in each.dtypes
