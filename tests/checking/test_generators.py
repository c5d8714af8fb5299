"""The generators that a process shares are set for each case, and are the caller's again afterwards."""

from __future__ import annotations

import random
import sys
from contextlib import suppress

import numpy.random  # which is imported when it is used first
import pytest
import torch

from grader.checking.generators import kept, seed_all


def drawn() -> tuple[float, ...]:
    return torch.rand(()).item(), random.random(), float(numpy.random.rand())


@pytest.mark.parametrize("seed", [0, 7, 2**48 - 1, 2**48])
def test_the_same_seed_gives_the_same_numbers(seed: int) -> None:
    with kept():
        seed_all(seed)
        first = drawn()
        again = drawn()
        seed_all(seed)
        assert drawn() == first
        assert all(one != other for one, other in zip(first, again, strict=True))
        seed_all(seed + 1)
        assert all(one != other for one, other in zip(first, drawn(), strict=True))


def test_they_are_the_callers_again() -> None:
    with kept():  # this test is a caller, too
        seed_all(3)
        expected = drawn()
        seed_all(3)
        with suppress(ZeroDivisionError), kept():
            seed_all(5)
            drawn()
            raise ZeroDivisionError
        assert drawn() == expected


def test_numpy_is_not_imported_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "numpy.random")
    with kept():
        seed_all(1)
    assert "numpy.random" not in sys.modules
