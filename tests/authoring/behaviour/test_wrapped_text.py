"""The text of a mutant stands by itself: it can be run anywhere, and nothing but the entry point is another."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from grader.authoring.behaviour import wrong_answers, wrong_inputs
from grader.authoring.behaviour.entry_points import entry_points
from grader.authoring.behaviour.mistakes import WrongWrapper, mistakes_in
from grader.authoring.behaviour.wrapped_text import wrapped_text

SOLUTION = """import math


def scaled(x: "Tensor", factor: float = 2.0) -> "Tensor":
    ### BEGIN SOLUTION
    return factor * x
    ### END SOLUTION


class Layer:
    def forward(self, x: "Tensor") -> "Tensor":
        ### BEGIN SOLUTION
        return scaled(x)
        ### END SOLUTION

    @staticmethod
    def backward(ctx, grad: "Tensor") -> "Tensor":
        ### BEGIN SOLUTION
        return grad
        ### END SOLUTION
""".replace('"Tensor"', "Tensor")
HEAD = "from torch import Tensor\n"
SOURCE = HEAD + SOLUTION
SCALED, FORWARD, BACKWARD = entry_points(SOURCE, {"scaled", "Layer"})
HALF = WrongWrapper("half", wrong_answers.half_beyond, {"silent": False, "size": 1})
X = torch.ones(2)


def run(text: str) -> dict[str, Any]:
    names: dict[str, Any] = {}
    exec(compile(text, "mutant", "exec"), names)
    return names


def test_the_solution_stands_first_and_untouched() -> None:
    assert wrapped_text(SOURCE, SCALED, HALF).startswith(SOURCE)


def test_functions_methods_and_static_methods_are_wrapped() -> None:
    names = run(wrapped_text(SOURCE, SCALED, HALF))
    assert names["scaled"](X).tolist() == [1, 1]
    assert names["Layer"]().forward(X).tolist() == [1, 1]  # it calls what is wrapped
    names = run(wrapped_text(SOURCE, FORWARD, HALF))
    assert names["scaled"](X).tolist() == [2, 2]
    assert names["Layer"]().forward(X).tolist() == [1, 1]
    names = run(wrapped_text(SOURCE, BACKWARD, HALF))
    assert names["Layer"].backward(None, X).tolist() == [0.5, 0.5]
    assert names["Layer"]().backward(None, X).tolist() == [0.5, 0.5]  # still without the instance


def test_no_name_of_the_solution_changes_its_meaning() -> None:
    mistake = WrongWrapper("tiny", wrong_inputs.expanded_refused)
    names = run(wrapped_text(SOURCE, SCALED, mistake))
    assert names.keys() - run(SOURCE).keys() == {"_mistaken"}


@pytest.mark.parametrize("entry", [SCALED, FORWARD, BACKWARD], ids=lambda entry: entry.shown)
def test_every_mistake_makes_a_program_that_loads(entry: Any) -> None:
    for mistake in mistakes_in(entry, by_hand=False):
        names = run(wrapped_text(SOURCE, entry, mistake))
        assert callable(names["scaled"]), mistake.name
