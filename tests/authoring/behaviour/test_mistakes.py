"""Which mistakes are tried follows from the kinds of parameters and answers; each has a name of its own."""

from __future__ import annotations

import pytest

from grader.authoring.behaviour.entry_points import EntryPoint, entry_points
from grader.authoring.behaviour.mistakes import mistakes_in

ARGS = """    \'\'\'Something.

    Args:
        x: the points, any shape.
        y: the values, shape (m,).
    \'\'\'
"""


def entry(head: str) -> EntryPoint:
    text = f"def {head}:\n{ARGS}    ### BEGIN SOLUTION\n    x = x + 1\n    ### END SOLUTION\n"
    [found] = entry_points(text, {head.partition("(")[0]})
    return found


def method(head: str) -> EntryPoint:
    text = f"class C:\n    def {head}:\n        ### BEGIN SOLUTION\n        x = 1 + 1\n"
    [found] = entry_points(f"{text}        ### END SOLUTION\n", {"C"})
    return found


def names(found: EntryPoint, by_hand: bool = False) -> set[str]:
    return {mistake.name for mistake in mistakes_in(found, by_hand)}


TENSORS = entry("f(x: Tensor, y: Tensor, h: float = 1.0) -> Tensor")
TRAINS = entry(
    "f(model: nn.Module, optimizer: torch.optim.Optimizer, loader: Iterable[Tensor], epochs: int) -> list[float]"
)
COUNTS = entry("f(epoch: int, every: int) -> bool")
OPENS = method("__init__(self, path: str | PathLike[str], target: str, dtype: torch.dtype)")
BATCHES = entry(
    "f(loader: Iterable[tuple[Tensor, Tensor]], lr: float, momentum: float = 0.9) -> None"
)
DRAWS = method("__init__(self, n: int, w=torch.randn(3))")
FITS = [
    (TENSORS, "half for sizes beyond 16", True),
    (TENSORS, "a float32 detour", True),
    (TENSORS, "in a shared buffer", True),
    (TENSORS, "y changed in place", True),
    (TENSORS, "h changed in place", False),
    (TENSORS, "x and y swapped", True),
    (TENSORS, "h refused by position", True),
    (TENSORS, "x refused by position", False),
    (TENSORS, "x refused beyond 1-dim", True),
    (TENSORS, "x refused beyond 3-dim", True),
    (TENSORS, "x refused beyond 4-dim", False),
    (TENSORS, "x refused below 1-dim", True),
    (TENSORS, "y refused beyond 1-dim", False),
    (TENSORS, "y refused below 1-dim", False),
    (TENSORS, "square matrices transposed", True),
    (TENSORS, "gradients off after an exception", False),
    (TENSORS, "modes left turned", False),
    (TRAINS, "gradients off after an exception", True),
    (TRAINS, "modes left turned", True),
    (TRAINS, "parameters from the fifth on left alone", True),
    (TRAINS, "epochs: one fewer beyond 4", True),
    (TRAINS, "loader: the first 6 only", True),
    (TRAINS, "loader: generators refused", True),
    (TRAINS, "four decimals", True),
    (TRAINS, "a list of at most 6", True),
    (TRAINS, "detached", False),
    (TRAINS, "loader: smaller batches left out", False),
    (BATCHES, "loader: smaller batches left out", True),
    (BATCHES, "lr: at least 0.001", True),
    (BATCHES, "momentum: at most 1", False),
    (BATCHES, "momentum: another default", True),
    (BATCHES, "lr: another default", False),
    (TENSORS, "h: at most 1", True),
    (TENSORS, "h: another default", True),
    (TENSORS, "inputs within a graph refused", True),
    (TENSORS, "x left requiring gradients", True),
    (TENSORS, "h left requiring gradients", False),
    (TENSORS, "half for a last size of 1", True),
    (TENSORS, "remembered nearby", True),
    (TENSORS, "tiny steps left out", False),
    (DRAWS, "drawn otherwise: uniforms", True),
    (OPENS, "drawn otherwise: uniforms", False),
    (COUNTS, "a number for a truth value", True),
    (COUNTS, "remembered by shape", True),
    (COUNTS, "rounded to float32", False),
    (COUNTS, "half for sizes beyond 16", False),
    (OPENS, "instances share", True),
    (OPENS, "path: `Path` refused", True),
    (OPENS, "target: beyond ASCII refused", True),
    (OPENS, "dtype: float32 if left out", True),
    (OPENS, "remembered by shape", False),
    (method("step(self) -> None"), "nothing after 10 calls", True),
    (method("step(self) -> None"), "clamped at ±100", True),
    (method("step(self) -> None"), "tiny steps left out", True),
    (method("forward(self, x: Tensor) -> Tensor"), "remembered across instances", True),
    (method("__getitem__(self, index: int) -> Tensor"), "negative indices refused", True),
    (method("__getitem__(self, index: int) -> Tensor"), "index refused by keyword", False),
    (method("__len__(self) -> int"), "a length of at most 32", True),
]


@pytest.mark.parametrize(("found", "name", "wanted"), FITS)
def test_mistakes_fit_what_is_wrapped(found: EntryPoint, name: str, wanted: bool) -> None:
    assert (name in names(found)) is wanted


def test_work_by_hand_has_no_gradients_to_lose() -> None:
    lost = {"detached", "gradient halved", "no gradient for x", "no gradient for y"}
    lost |= {f"gradient halved for sizes beyond {size}" for size in (16, 64)}
    lost |= {"inputs within a graph refused"}
    assert lost <= names(TENSORS)
    assert names(TENSORS, by_hand=True) == (names(TENSORS) - lost) | {"requires gradients"}


@pytest.mark.parametrize("found", [TENSORS, TRAINS, COUNTS, OPENS])
def test_a_mistake_has_a_name_of_its_own(found: EntryPoint) -> None:
    made = list(mistakes_in(found, by_hand=False))
    assert len({mistake.name for mistake in made}) == len(made) > 10
    assert [mistake.name for mistake in made if mistake.device_only] in ([], ["on the CPU"])
