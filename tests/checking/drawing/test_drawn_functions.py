"""The functions that are handed to the student's code: what acts on each element, and what brings all together."""

from __future__ import annotations

import pytest
import torch

from grader import curve, landscape, probe
from grader.checking.drawing.rounds import PUBLISHED
from grader.checking.drawing.strategies import Strategies

COEFFICIENTS = [0.5, -1.25, 2.0, 1.5, -0.75]


def test_a_curve_is_its_formula() -> None:
    x = torch.tensor([0.0, 1.0, -2.0], dtype=torch.float64)
    expected = 0.5 * x - 1.25 * x**2 + 2 * x**3 + 1.5 * torch.sin(-0.75 * x)
    assert torch.equal(curve(x, COEFFICIENTS), expected)


@pytest.mark.parametrize("shape", [(), (4,), (2, 1, 3)])
def test_a_curve_acts_on_each_element_by_itself(shape: tuple[int, ...]) -> None:
    x = torch.linspace(-1, 1, 6, dtype=torch.float64)[: int(torch.tensor(shape).prod())]
    whole = curve(x.reshape(shape), COEFFICIENTS)
    assert whole.shape == shape
    one_by_one = torch.stack([curve(element, COEFFICIENTS) for element in x])
    torch.testing.assert_close(whole.flatten(), one_by_one)


def test_a_landscape_is_a_scalar_of_all_elements_in_their_places() -> None:
    x = torch.tensor([[0.5, 1.0, -2.0]], dtype=torch.float64, requires_grad=True)
    value = landscape(x, COEFFICIENTS)
    assert value.shape == ()
    [slope] = torch.autograd.grad(value, x, create_graph=True)
    assert len(set(slope.flatten().tolist())) == 3
    # the slope at one element depends on the others
    [mixed] = torch.autograd.grad(slope[0, 0], x)
    assert (mixed != 0).all()
    assert landscape(x.flip(1), COEFFICIENTS) != value


def test_other_coefficients_are_another_function() -> None:
    x = torch.linspace(0.5, 1.5, 5, dtype=torch.float64)
    functions = [Strategies(seed, PUBLISHED).coefficients(5) for seed in range(4)]
    for function in (curve, landscape):
        values = [function(x, coefficients).sum().item() for coefficients in functions]
        assert len(set(values)) == len(values)


@pytest.mark.parametrize("dtype", [torch.float16, torch.float32, torch.float64])
def test_values_are_of_the_dtype_of_what_they_are_of(dtype: torch.dtype) -> None:
    x = torch.ones(3, dtype=dtype)
    assert curve(x, COEFFICIENTS).dtype == landscape(x, COEFFICIENTS).dtype == dtype


def test_a_probe_takes_them_along() -> None:
    @probe
    def ask(student: object, x: torch.Tensor) -> torch.Tensor:
        return landscape(curve(x, [1, 1, 1, 1, 1]), [1, 1, 1, 1, 1])

    assert "def curve(" in ask.source
    assert "def landscape(" in ask.source
