"""What a reference gives does not depend on what the caller, or another check, has made of torch."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext, suppress

import pytest
import torch

from grader.checking.torch_settings import as_they_come, set_all


@pytest.fixture(autouse=True)
def own_settings() -> Iterator[None]:
    """Nothing of this is left to other tests."""
    with as_they_come():
        yield


def change() -> None:
    torch.set_default_dtype(torch.float64)
    torch.set_default_device("meta")
    torch.set_grad_enabled(False)


def settings() -> tuple[object, ...]:
    return torch.get_default_dtype(), torch.get_default_device().type, torch.is_grad_enabled()


FIRST = (torch.float32, "cpu", True)


def test_they_are_set_again() -> None:
    change()
    set_all()
    assert settings() == FIRST


def test_they_are_put_back() -> None:
    change()
    with as_they_come():
        assert settings() == FIRST
        set_all()
        change()
    assert settings() == (torch.float64, "meta", False)


def test_they_are_put_back_after_an_error() -> None:
    change()
    with suppress(ZeroDivisionError), as_they_come():
        raise ZeroDivisionError
    assert settings() == (torch.float64, "meta", False)


@pytest.mark.parametrize(
    "around", [nullcontext(), torch.inference_mode(), torch.autocast("cpu"), torch.no_grad()]
)
def test_what_the_caller_is_in_the_midst_of_changes_nothing(
    around: AbstractContextManager[object],
) -> None:
    with around, as_they_come():
        x = torch.ones(2, 2, requires_grad=True)
        product = x @ x
        assert product.dtype == torch.float32
        product.sum().backward()
        assert torch.equal(x.grad if x.grad is not None else x, torch.full((2, 2), 4.0))
