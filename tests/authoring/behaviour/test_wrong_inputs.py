"""Each wrapper refuses, ignores, mixes up or changes what it should, and takes everything else."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from grader.authoring.behaviour import wrong_inputs as wrong

Function = Callable[..., Any]
MATRIX = torch.arange(6.0).reshape(2, 3)


def echo(x: Any, y: Any = 1, z: Any = 2) -> tuple[Any, Any, Any]:
    return x, y, z


REFUSED = [
    (wrong.sixteen_bits_refused(echo), MATRIX.half(), MATRIX.double()),
    (wrong.more_dimensions_refused(echo, 0, "x", 1), MATRIX, MATRIX[0]),
    (wrong.fewer_dimensions_refused(echo, 0, "x", 2), MATRIX[0], MATRIX),
    (wrong.size_one_refused(echo), torch.ones(2, 1), MATRIX),
    (wrong.strides_refused(echo, 0, "x"), MATRIX.T, MATRIX),
    (wrong.expanded_refused(echo), torch.ones(1, 2).expand(3, 2), MATRIX.T),
    (wrong.gradients_refused(echo), MATRIX.clone().requires_grad_(), MATRIX),
    (
        wrong.graphs_refused(echo),
        2 * MATRIX.clone().requires_grad_(),
        MATRIX.clone().requires_grad_(),
    ),
    (wrong.kind_refused(echo, 0, "x", "no length"), (n for n in "ab"), [1]),
    (wrong.kind_refused(echo, 0, "x", "list"), [1], (1,)),
    (wrong.kind_refused(echo, 0, "x", "text"), "a", Path("a")),
    (wrong.kind_refused(echo, 0, "x", "path"), Path("a"), "a"),
    (wrong.kind_refused(echo, 0, "x", "blank"), "a b", "ab"),
    (wrong.kind_refused(echo, 0, "x", "other"), "값", "a b"),
]


@pytest.mark.parametrize(("mistaken", "refused", "taken"), REFUSED)
def test_some_arguments_raise(mistaken: Function, refused: Any, taken: Any) -> None:
    with pytest.raises((TypeError, ValueError, RuntimeError)):
        mistaken(refused)
    with pytest.raises((TypeError, ValueError, RuntimeError)):
        mistaken(x=refused)
    assert mistaken(taken)[0] is taken


def test_names_and_places_of_parameters() -> None:
    with pytest.raises(TypeError, match="'y'"):
        wrong.keyword_refused(echo, "y")(0, y=5)
    assert wrong.keyword_refused(echo, "y")(0, 5, z=6) == (0, 5, 6)
    with pytest.raises(TypeError, match="1 positional"):
        wrong.position_refused(echo, 1)(0, 5)
    assert wrong.position_refused(echo, 1)(0, y=5) == (0, 5, 2)


def test_an_optional_argument_has_no_effect_and_the_others_have() -> None:
    ignoring = wrong.ignored(echo, 1, "y")
    assert ignoring(0, 5, 6) == ignoring(0, y=5, z=6) == ignoring(0, 5, z=6) == (0, 1, 6)


def test_what_is_left_out_has_another_default() -> None:
    def given(x: int, lr: float = 0.5, n: int = 3, on: bool = False, pair: Any = (0.5, 0.0)) -> Any:
        return lr, n, on, pair

    others = {"lr": (1, 0.25), "n": (2, 4), "on": (3, True), "pair": (4, (0.25, 0.5))}
    for place, (name, (index, other)) in enumerate(others.items()):
        mistaken = wrong.other_default(given, index, name)
        right = given(0)
        assert mistaken(0) == (*right[:place], other, *right[place + 1 :])
        assert mistaken(0, **{name: right[place]}) == right
    assert wrong.other_default(given, 1, "lr")(0, 0.5) == given(0)


def test_a_number_is_taken_between_two_others() -> None:
    mistaken = wrong.number_bounded(echo, 1, "y", 0.5, 2.0)
    assert [mistaken(0, y)[1] for y in (0.1, 1.0, 3.0, 0)] == [0.5, 1.0, 2.0, 0]
    assert mistaken(0, y=torch.tensor(3.0))[1].item() == 2
    assert mistaken(0)[1] == 1


def test_smaller_batches_do_not_count() -> None:
    batches = [(torch.ones(n, 2), torch.ones(n)) for n in (3, 2, 3, 4)]
    mistaken = wrong.smaller_batches_left_out(echo, 0, "x")
    full = mistaken(batches)[0]
    assert isinstance(full, list)
    assert [len(x) for x, _ in full] == [3, 3, 4]
    assert len(full) == 4
    once = mistaken(x=iter(batches))[0]
    assert [len(x) for x, _ in once] == [3, 3, 4]
    assert not isinstance(once, list)


def test_an_input_is_marked_after_the_answer() -> None:
    x = torch.ones(2)
    assert wrong.marked(echo, 0, "x", "grad")(x)[0] is x
    assert x.grad is not None
    wrong.marked(echo, 1, "y", "requires_grad")(0, y=x)
    assert x.requires_grad
    wrong.marked(echo, 0, "x", "requires_grad")(torch.ones(2, dtype=torch.int64))


def test_two_parameters_are_mixed_up() -> None:
    mixed = wrong.swapped(echo, 0, 2)
    assert mixed(1, 2, 3) == (3, 2, 1)
    assert mixed(1, 2) == (1, 2, 2)


def test_a_number_is_one_smaller() -> None:
    fewer = wrong.one_fewer(echo, 1, "y", 4)
    assert [fewer(0, n)[1] for n in (3, 4, 5)] == [3, 4, 4]
    assert fewer(0, y=9)[1] == 8
    assert fewer(0)[1] == 1


def test_the_last_class_is_missing() -> None:
    labels = torch.tensor([0, 1, 2])
    mistaken = wrong.last_class_missing(echo, 1, "y")
    assert mistaken(torch.zeros(3, 3), labels)[1].tolist() == [0, 1, 1]
    assert mistaken(torch.zeros(3, 4), y=labels)[1].tolist() == [0, 1, 2]


def test_square_matrices_alone_are_transposed() -> None:
    square = torch.arange(4.0).reshape(2, 2)
    found = wrong.square_transposed(echo)(square, MATRIX)
    assert torch.equal(found[0], square.T)
    assert found[1] is MATRIX


def test_the_first_items_of_whatever_is_iterated_over() -> None:
    cut = wrong.first_items_only(echo, 0, "x", 2)
    assert cut([1, 2, 3])[0] == [1, 2]
    assert list(cut(n for n in range(3))[0]) == [0, 1]
    again = cut(range(3))[0]
    assert [*again], [*again] == [[0, 1], [0, 1]]
    assert len(again) == 2


def test_some_indices_raise() -> None:
    class Numbers:
        def item(self, index: int) -> int:
            return index

    negative = wrong.index_refused(Numbers.item, "negative")
    large = wrong.index_refused(Numbers.item, "large")
    assert (negative(Numbers(), 40), large(Numbers(), -1)) == (40, -1)
    for mistaken, index in ((negative, -1), (large, 33)):
        with pytest.raises(IndexError):
            mistaken(Numbers(), index)


def test_an_input_changes_after_the_answer() -> None:
    def total(x: Tensor, cache: Any) -> float:
        return float(x.sum())

    x, cache = torch.ones(2), (torch.ones(1),)
    assert wrong.input_changed(total, 0, "x")(x, cache) == 2
    assert x.tolist() == [2, 2]
    wrong.input_changed(total, 1, "cache")(x, cache=cache)
    assert cache[0].tolist() == [2]
    expanded = torch.ones(1).expand(3)
    with pytest.raises(RuntimeError):
        wrong.input_changed(total, 0, "x")(expanded, cache)


def test_float32_where_no_dtype_is_given() -> None:
    mistaken = wrong.dtype_of_its_own(echo, 1, "y")
    assert mistaken(0)[1] == mistaken(0, None)[1] == torch.float32
    assert mistaken(0, torch.float64)[1] == mistaken(0, y=torch.float64)[1] == torch.float64
