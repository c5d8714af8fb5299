"""Sizes, shapes, magnitudes, layouts and forms of a call follow from the seed and the round, and are told."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from grader.checking.drawing.rounds import HALF, LARGE, PUBLISHED, ROUNDS, Round
from grader.checking.drawing.strategies import Strategies

SEEDS = range(30)
ONES, MORE_ONES, EQUAL = (ROUNDS[name] for name in ("ones", "more ones", "equal"))
ALL = pytest.mark.parametrize("round", ROUNDS.values(), ids=str)


def of(round: Round, seed: int = 1) -> Strategies:
    return Strategies(seed, round)


def everything(draw: Strategies) -> list[Any]:
    return [
        draw.size("n"),
        draw.shape("shape", (2, 3)),
        draw.count("steps", 1, 9),
        draw.magnitude("x"),
        draw.coefficients(3),
        draw.choice("one", ["a", "b"]),
        draw.passed(h=1, k=2),
        draw.names(3, "column"),
    ]


@ALL
def test_the_same_seed_and_round_give_the_same(round: Round) -> None:
    first, again, other = (everything(of(round, seed)) for seed in (1, 1, 2))
    assert first == again != other


def test_what_is_drawn_is_the_same_on_every_machine() -> None:
    """Written down once: whoever changes it changes what every submission is graded with."""
    drawn = [everything(of(round))[:5] for round in (PUBLISHED, LARGE)]
    assert drawn == [
        [2, (6, 5), 2, 1.0, [1.25, -1.484375, 0.640625]],
        [73, (121, 113), 9, 7.62939453125e-06, [1.25, -1.484375, 0.640625]],
    ]


# sizes


def test_published_sizes_are_small_and_differ() -> None:
    for seed in SEEDS:
        draw = of(PUBLISHED, seed)
        sizes = [draw.size("a"), *draw.shape("b", (2,)), draw.size("c")]
        assert len(set(sizes)) == 4
        assert 2 <= min(sizes) <= max(sizes) <= 6


def test_each_size_is_1_in_one_of_two_rounds() -> None:
    for seed in SEEDS:
        some, others = (of(round, seed) for round in (ONES, MORE_ONES))
        assert [some.size(name) == 1 for name in "abcde"] == [True, False, True, False, True]
        assert [others.size(name) == 1 for name in "abcde"] == [False, True, False, True, False]


def test_a_size_that_may_not_be_1_is_the_smallest_there() -> None:
    assert of(ONES).size("classes", low=2) == 2


def test_a_size_that_is_drawn_again_has_the_place_of_the_first() -> None:
    """As where one check calls others on another device."""
    draw = of(PUBLISHED)
    for _ in range(10):
        assert len({draw.size("n"), draw.size("k"), *draw.shape("lead", (3,))}) == 5
    draw = of(ONES)
    assert [draw.size(name) == 1 for name in "nkn"] == [True, False, True]


def test_all_sizes_are_equal_where_they_may_be() -> None:
    for seed in SEEDS:
        draw = of(EQUAL, seed)
        first = draw.size("n")
        assert 7 <= first <= 64
        assert draw.size("k") == first
        assert draw.shape("lead", (1,)) == (first,)
        assert draw.size("few", high=5) <= 5


def test_large_sizes_are_beyond_64_and_differ() -> None:
    for seed in SEEDS:
        draw = of(LARGE, seed)
        sizes = [draw.size("a"), *draw.shape("b", (2,), 1 << 20)]
        assert len(set(sizes)) == 3
        assert min(sizes) > 64


@ALL
@pytest.mark.parametrize(("low", "high"), [(1, 1), (2, 3), (3, 20), (5, 100)])
def test_a_size_keeps_within_its_bounds(round: Round, low: int, high: int) -> None:
    for seed in SEEDS:
        draw = of(round, seed)
        sizes = [draw.size(name, low, high) for name in "abcde"]
        assert low <= min(sizes) <= max(sizes) <= high


@ALL
@pytest.mark.parametrize("elements", [1, 7, 200, 1 << 14])
def test_a_shape_has_the_rank_of_its_round_and_no_more_elements_than_it_may(
    round: Round, elements: int
) -> None:
    ranks = (2, 0, 3, 4)
    for seed in SEEDS:
        shape = of(round, seed).shape("shape", ranks, elements)
        assert len(shape) == (*ranks, 2, 2)[round.number]
        assert 1 <= torch.tensor(shape).prod() <= elements


def test_single_rows_and_columns_of_three_dimensions_or_more() -> None:
    ones = {3: [1, 0, 1], 4: [1, 0, 1, 1], 5: [1, 0, 1, 0, 1]}
    for seed in SEEDS:
        for rank, wanted in ones.items():
            for round in (ONES, MORE_ONES):
                draw = of(round, seed)
                draw.size("n")
                shape = draw.shape("shape", (rank,) * 6)
                assert [size == 1 for size in shape] == wanted


def test_the_first_dimension_is_large_also_where_there_is_little_room() -> None:
    for seed in SEEDS:
        first, second = of(LARGE, seed).shape("shape", (2,), 200)
        assert first > 64
        assert second <= 3


@ALL
def test_a_count_keeps_within_its_bounds(round: Round) -> None:
    counts = [of(round, seed).count("steps", 2, 9) for seed in SEEDS]
    assert 2 <= min(counts) <= max(counts) <= 9
    if round == LARGE:
        assert set(counts) == {9}
    if round == ONES:
        assert set(counts) == {2}


# numbers


def test_large_sizes_are_odd_so_that_the_last_chunk_of_several_is_not_full() -> None:
    for seed in SEEDS:
        draw = of(LARGE, seed)
        sizes = [draw.size("m"), draw.size("n", high=40), *draw.shape("shape", (1,), 200)]
        assert all(size % 2 for size in sizes)


def test_how_tiny_a_magnitude_is_may_be_said() -> None:
    for seed in SEEDS:
        factors = {name: of(ROUNDS[name], seed).magnitude("x", tiny=(-8, -7)) for name in ROUNDS}
        assert 5e-9 < factors["ones"] < 2e-7
        assert 5e-9 < factors["large"] < 2e-7
        assert factors["published"] == 1
        assert factors["more ones"] > 500


def test_magnitudes_are_ordinary_tiny_and_huge() -> None:
    for seed in SEEDS:
        factors = {name: of(ROUNDS[name], seed).magnitude("x") for name in ROUNDS}
        assert factors["published"] == factors["half"] == factors["equal"] == 1
        assert 5e-7 < factors["ones"] < 2e-3
        assert 500 < factors["more ones"] < 5e4
        for factor in factors.values():
            assert torch.tensor(factor).frexp().mantissa == 0.5  # a power of two


def test_a_second_magnitude_is_of_another_kind() -> None:
    for round in (ONES, MORE_ONES):
        draw = of(round)
        assert draw.magnitude("x") != draw.magnitude("w")


def test_coefficients_are_far_from_0_and_exact_in_every_dtype() -> None:
    numbers = [number for seed in SEEDS for number in of(PUBLISHED, seed).coefficients(20)]
    assert 0.5 <= min(map(abs, numbers)) <= max(map(abs, numbers)) <= 2
    assert min(numbers) < 0 < max(numbers)
    exact = torch.tensor(numbers, dtype=torch.float64)
    assert torch.equal(exact.to(torch.bfloat16).double(), exact)


# how things are handed over


def layouts(shape: tuple[int, ...], place: int = 0) -> dict[str, Tensor]:
    made = {}
    for name, round in ROUNDS.items():
        draw = of(round)
        for _ in range(place):
            draw.layout("another", torch.zeros(2))
        made[name] = draw.layout("x", torch.arange(6.0).reshape(shape))
    return made


def test_what_has_one_row_is_expanded_along_another_dimension() -> None:
    assert layouts((1, 2, 3))["more ones"].stride()[1:] == (0, 1)
    assert layouts((1, 1, 6))["more ones"].stride()[2] == 0


def test_every_layout_comes_up() -> None:
    made = layouts((2, 3))
    assert made["published"].is_contiguous()
    assert made["ones"].stride() == (6, 2)
    assert made["more ones"].stride() == (0, 1)
    assert made["equal"].stride() == (1, 2)
    assert made["large"].stride() == (2, 4)


@pytest.mark.parametrize("shape", [(2, 3), (6,), (1, 6), (6, 1), (1, 2, 3)])
@pytest.mark.parametrize("place", [0, 1, 2])
def test_the_values_are_kept_unless_it_is_expanded(shape: tuple[int, ...], place: int) -> None:
    values = torch.arange(6.0).reshape(shape)
    for made in layouts(shape, place).values():
        assert made.shape == values.shape
        expanded = [dim for dim, step in enumerate(made.stride()) if step == 0 and shape[dim] > 1]
        expected = values.narrow(expanded[0], 0, 1).expand(shape) if expanded else values
        assert len(expanded) < 2
        assert torch.equal(made, expected)


def test_a_number_has_one_layout() -> None:
    number = torch.tensor(3.0)
    assert all(of(round).layout("x", number) is number for round in ROUNDS.values())


def test_optional_arguments_by_keyword_by_position_and_both() -> None:
    forms = {name: of(round).passed(a=1, b=2) for name, round in ROUNDS.items()}
    assert forms["published"] == ([], {"a": 1, "b": 2})
    assert ([1, 2], {}) in forms.values()
    assert ([1], {"b": 2}) in forms.values()
    one = [of(round).passed(h=5) for round in ROUNDS.values()]
    assert ([5], {}) in one
    assert ([], {"h": 5}) in one


def test_a_choice_is_the_first_as_published_and_each_in_some_round() -> None:
    chosen = [of(round).choice("mode", ["a", "b", "c"]) for round in ROUNDS.values()]
    assert chosen[0] == "a"
    assert set(chosen) == set("abc")
    draw = of(ONES)
    assert draw.choice("labels", {"0 or 1": True, "between": False}) is False
    assert draw.drawn == {"labels": "labels = between"}


def test_inputs_require_gradients_in_some_rounds_and_not_as_published() -> None:
    inputs = {"x": torch.ones(2), "labels": torch.arange(2)}
    needs = {}
    for name, round in ROUNDS.items():
        made = of(round).needing(inputs)
        needs[name] = made["x"].requires_grad
        assert torch.equal(made["x"], inputs["x"])
        assert made["labels"] is inputs["labels"]
    assert not needs["published"]
    assert set(needs.values()) == {True, False}
    assert not inputs["x"].requires_grad
    told = of(ONES), of(ONES)
    assert told[0].needing(inputs, needs=True)["x"].requires_grad
    assert not told[1].needing(inputs, needs=False)["x"].requires_grad
    assert [draw.drawn for draw in told] == [{"gradients": "inputs require gradients"}, {}]


def test_a_default_device_is_told_with_what_is_drawn() -> None:
    draw = of(PUBLISHED)
    draw.tell_default("sim:1")
    assert draw.drawn == {"default device": "torch.set_default_device('sim:1')"}


def test_names_differ_within_a_case() -> None:
    draw = of(PUBLISHED)
    names = [*draw.names(5, "layer"), draw.name("layer"), *draw.names(5, "layer")]
    assert len(set(names)) == 11


# what is told


def test_what_was_drawn_is_told_by_its_names_and_the_last_of_a_name_counts() -> None:
    draw = of(LARGE)
    draw.size("n")
    again = draw.size("n")
    shape = draw.shape("lead", (1,))
    draw.layout("x", torch.zeros(2, 2))
    assert [*draw.drawn.values()] == [f"n = {again}", f"lead = {shape}", "x has gaps in memory"]


def test_what_is_as_usual_is_not_told() -> None:
    draw = of(PUBLISHED)
    draw.layout("x", torch.zeros(2))
    draw.magnitude("x")
    draw.passed(h=1)
    assert draw.drawn == {}


def test_a_magnitude_is_told() -> None:
    draw = of(MORE_ONES)
    factor = draw.magnitude("x")
    assert draw.drawn == {"|x|": f"|x| ≈ {factor:.0e}"}


def test_half_precision_has_no_room_for_magnitudes() -> None:
    assert {of(HALF, seed).magnitude("x") for seed in SEEDS} == {1.0}
