"""What is known of each operator before it runs, read off its schema."""

from __future__ import annotations

import pytest
import torch

from grader.devices.plans import Operator, direct_operators, is_direct

aten = torch.ops.aten


def test_an_operator_with_its_own_kernel_would_else_run_as_two() -> None:
    """Torch then has a kernel for every backend, made of `empty` and `out=`, and `sim` takes nothing else over."""
    has_kernel = torch._C._dispatch_has_kernel_for_dispatch_key
    operators = direct_operators()
    assert len(operators) > 150
    for op in operators:
        assert has_kernel(op.name(), "CompositeExplicitAutogradNonFunctional"), op
        assert is_direct(op), op


@pytest.mark.parametrize(
    ("op", "direct"),
    [
        (aten.add.Tensor, True),
        (aten.add_.Tensor, True),
        (aten.add.out, False),
        (aten.add.Scalar, False),
        (aten.mm.default, True),
        (aten.dropout.default, False),
    ],
)
def test_forms_in_place_count_and_those_with_an_out_do_not(op: object, direct: bool) -> None:
    assert is_direct(op) is direct
    assert (op in direct_operators()) is direct


@pytest.mark.parametrize(
    ("op", "changed", "results"),
    [
        (aten.add.Tensor, (), (None,)),
        (aten.add_.Tensor, ("self",), ("self",)),
        (aten.add.out, ("out",), ("out",)),
        (aten.max.dim, (), (None, None)),
        (aten.max.dim_max, ("max", "max_values"), ("max", "max_values")),
        (aten._foreach_add_.Scalar, ("self",), ()),
    ],
)
def test_what_is_written_to_and_what_comes_back(
    op: object, changed: tuple[str, ...], results: tuple[str | None, ...]
) -> None:
    known = Operator.of(op, None)
    assert (known.changed, known.results) == (changed, results)


def test_which_arguments_are_tensors() -> None:
    known = Operator.of(aten.addmm.default, None)
    assert known.names == ("self", "mat1", "mat2", "beta", "alpha")
    assert known.operands == (0, 1, 2)
    assert known.tensors == {"self", "mat1", "mat2"}


@pytest.mark.parametrize(
    ("op", "elementwise"),
    [
        (aten.sigmoid.default, True),
        (aten.sigmoid_.default, True),
        (aten.where.self, True),
        (aten.mse_loss.default, True),
        (aten.mm.default, False),
        (aten.cat.default, False),
    ],
)
def test_elementwise_ones(op: object, elementwise: bool) -> None:
    assert Operator.of(op, None).elementwise is elementwise


@pytest.mark.parametrize(
    ("op", "random", "takes_generator"),
    [
        (aten.rand.default, True, False),
        (aten.rand.generator, True, True),
        (aten.native_dropout.default, True, False),
        (aten.bernoulli.default, True, True),
        (aten.add.Tensor, False, False),
    ],
)
def test_random_ones(op: object, random: bool, takes_generator: bool) -> None:
    known = Operator.of(op, None)
    assert (known.random, known.takes_generator) == (random, takes_generator)


@pytest.mark.parametrize(
    ("op", "simple"),
    [
        (aten.add.Tensor, True),
        (aten.add_.Tensor, True),
        (aten.mm.default, True),
        (aten.max.dim, False),  # two results
        (aten.add.out, False),
        (aten.where.self, False),  # elementwise, and what is new is not made here
        (aten.rand.default, False),
        (aten.native_dropout.default, False),
    ],
)
def test_simple_ones_go_the_short_way(op: object, simple: bool) -> None:
    assert Operator.of(op, None).simple is simple


def test_one_with_a_rule_of_its_own_does_not_go_the_short_way() -> None:
    assert not Operator.of(aten.add.Tensor, lambda *_: None).simple


def test_the_cpus_kernel_is_what_is_called() -> None:
    x = torch.tensor([1.0, -2.0])
    assert Operator.of(aten.neg.default, None).call(x).tolist() == [-1.0, 2.0]


def test_where_a_number_may_stand_for_a_tensor() -> None:
    assert Operator.of(aten.add.Tensor, None).numbers
    assert not Operator.of(aten.mm.default, None).numbers
