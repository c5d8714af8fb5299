"""What a check works with: random inputs that follow from a seed alone, and the student's module behind its probes."""

from __future__ import annotations

from typing import Any, cast

import pytest
import torch
from torch import Tensor

from grader import probe
from grader.checking.drawing.rounds import FLOATS, ROUNDS
from grader.checking.memo import MemoizedSession
from grader.checking.student import Draw, Student, seed_of
from grader.errors import CourseFault


@probe
def ask(student: Any, x: Any) -> Any:
    return x


class Noting:
    """A session that gives back what it is called with."""

    def call(self, *arguments: Any) -> Any:
        return arguments


def test_a_probe_is_run_on_the_cases_device_with_its_seed() -> None:
    student = Student(cast(MemoizedSession, Noting()), "sim", 7)
    assert student.device == "sim"
    assert student.run(ask, x=1) == (ask, {"x": 1}, "sim", 7, "float32")


def test_the_code_runs_under_the_default_dtype_of_the_round() -> None:
    student = Student(cast(MemoizedSession, Noting()), "cpu", 7, torch.float64)
    assert student.run(ask, x=1)[-1] == "float64"


def test_a_plain_function_is_the_courses_fault() -> None:
    student = Student(cast(MemoizedSession, Noting()), "cpu", 7)
    with pytest.raises(CourseFault, match="not marked with @probe"):
        student.run(lambda student: 1)  # type: ignore[arg-type]


def drawn(draw: Draw) -> list[Tensor]:
    return [
        draw.normal(2, 3),
        draw.uniform(-1, 2, 50),
        draw.integers(3, 6, 50),
        draw.labels(4, 1),
    ]


@pytest.mark.parametrize("dtype", FLOATS)
def test_the_same_seed_gives_the_same_inputs(dtype: torch.dtype) -> None:
    first, again, other = (drawn(Draw(seed, dtype)) for seed in (1, 1, 2))
    assert all(torch.equal(one, two) for one, two in zip(first, again, strict=True))
    assert not any(torch.equal(one, two) for one, two in zip(first, other, strict=True))


def test_the_global_generator_is_left_alone() -> None:
    torch.manual_seed(0)
    first = drawn(Draw(1, torch.float32))
    state = torch.get_rng_state()
    torch.manual_seed(5)
    assert torch.equal(drawn(Draw(1, torch.float32))[0], first[0])
    torch.manual_seed(0)
    assert torch.equal(torch.get_rng_state(), state)


@pytest.mark.parametrize("dtype", FLOATS)
def test_shapes_dtypes_and_ranges(dtype: torch.dtype) -> None:
    normal, uniform, integers, labels = drawn(Draw(1, dtype))
    assert (normal.shape, normal.dtype) == ((2, 3), dtype)
    assert uniform.dtype == dtype
    assert -1 <= uniform.min() < uniform.max() < 2
    assert integers.dtype == torch.int64
    assert set(integers.tolist()) == {3, 4, 5}
    assert (labels.shape, labels.dtype) == ((4, 1), dtype)
    assert set(labels.flatten().tolist()) <= {0.0, 1.0}


def test_numbers_are_mixed_with_zeros_and_large_ones_beyond_the_published_round() -> None:
    for round in ROUNDS.values():
        values = Draw(1, torch.float64, round=round).numbers(40, 50)
        plain = Draw(1, torch.float64).normal(40, 50)
        if round.is_published:
            assert torch.equal(values, plain)
            continue
        zeros, tenfold = (values == 0).double().mean(), (values == 10 * plain) & (plain != 0)
        assert 0.09 < zeros < 0.16
        assert 0.09 < tenfold.double().mean() < 0.16
        assert 0.7 < (values == plain).double().mean() < 0.8


def test_sizes_and_numbers_are_drawn_apart() -> None:
    """One size more changes no number, and the other way round."""
    draw, other = Draw(1, torch.float64), Draw(1, torch.float64)
    draw.size("n")
    other.normal(5)
    assert torch.equal(draw.normal(3), Draw(1, torch.float64).normal(3))
    assert other.size("n") == Draw(1, torch.float64).size("n")


def test_both_dtypes_get_the_same_numbers() -> None:
    single, double = (Draw(3, dtype).normal(5) for dtype in FLOATS)
    assert torch.equal(single, double.to(torch.float32))
    assert not torch.equal(single.double(), double)  # drawn with float64's digits


def test_inputs_are_where_the_reference_is_worked_out() -> None:
    draw = Draw(1, torch.float32, "meta")
    assert {tensor.device.type for tensor in drawn(draw)} == {"meta"}


@pytest.mark.parametrize("shape", [(), (4,), (1,), (2, 3), (2, 3, 4), (0, 3)])
def test_strided_holds_the_same_values_in_another_layout(shape: tuple[int, ...]) -> None:
    draw = Draw(1, torch.float64)
    values = draw.normal(*shape)
    strided = draw.strided(values)
    assert torch.equal(strided, values)
    assert strided.dtype == values.dtype
    if values.numel() > 1:
        assert not strided.is_contiguous()


def test_view_cannot_merge_what_is_strided() -> None:
    draw = Draw(1, torch.float32)
    with pytest.raises(RuntimeError, match="view"):
        draw.strided(draw.normal(2, 3)).view(6)


def test_a_seed_follows_from_its_parts_alone() -> None:
    assert seed_of("line_fit", "abc") == 45_515_071_307_103
    assert 0 <= seed_of("x") < 2**48  # what a generator takes, and JSON's numbers hold
    different = [("ab", "c"), ("a", "bc"), ("abc",), ("a", "b", "c"), (1, "abc"), ("abc", 1)]
    assert len({seed_of(*parts) for parts in different}) == len(different)
