"""Trainings by hand that are stopped and resumed: the right one is the undisturbed one, and mistakes lead elsewhere."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from grader.checking.by_hand.checkpoints import (
    PLANS,
    Stopping,
    as_if_from_a_gpu,
    content,
    loader_of,
    new_path,
    plain,
    resumed_by_hand,
    states_of,
    trained,
    walked,
    workshop,
    write,
)

SIZES = {
    "0.weight": (3, 2),
    "0.bias": (3,),
    "2.0.weight": (3,),
    "2.0.bias": (3,),
    "2.0.running_mean": (3,),
}
SIZES |= {"2.0.running_var": (3,), "3.weight": (1, 3), "3.bias": (1,)}


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # as where a check works by hand
    yield
    torch.set_num_threads(threads)


def state(seed: int) -> dict[str, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    drawn = {
        name: torch.rand(size, generator=generator, dtype=torch.float64) + 0.5
        for name, size in SIZES.items()
    }
    return {**drawn, "2.0.num_batches_tracked": torch.tensor(4)}


def training(kind: str) -> dict[str, Any]:
    generator = torch.Generator().manual_seed(3)
    samples = [torch.rand(8, width, generator=generator, dtype=torch.float64) for width in (2, 1)]
    given = {"plan": {**PLANS[kind], "dropout": 0.5}, "states": [state(1), state(2)]}
    return {
        **given,
        "samples": samples,
        "size": 4,
        "shuffle": True,
        "seeds": [5, 6],
        "stop": 2,
        "epochs": 5,
    }


def undisturbed(given: dict[str, Any]) -> tuple[dict[str, Any], list[float]]:
    parts = workshop(given["plan"], given["states"][0])
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(given["seeds"][0])
        losses = trained(parts, loader_of(given["samples"], 4, True), given["epochs"])
    return plain(states_of(parts)), [sum(each) / len(each) for each in losses[given["stop"] :]]


@pytest.mark.parametrize("kind", PLANS)
def test_all_that_comes_back_gives_the_undisturbed_training(kind: str) -> None:
    given = training(kind)
    torch.testing.assert_close(resumed_by_hand(given, ""), undisturbed(given), rtol=0, atol=0)


def test_a_training_stops_at_a_batch() -> None:
    given = training(next(iter(PLANS)))
    parts = workshop(given["plan"], given["states"][0])
    with pytest.raises(ArithmeticError):
        trained(parts, loader_of(given["samples"], 4, False), 9, own=Stopping(5))
    assert parts[2].last_epoch == 2  # two batches an epoch


def test_a_file_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    given = training(next(iter(PLANS)))
    parts = workshop(given["plan"], given["states"][0])
    write(new_path(), parts, 7)
    path = sorted(Path("runs").iterdir())[0]
    assert new_path(as_path=True) != path
    found = content(path)
    assert found["problem"] == ""
    assert found["entries"]["epoch"] == 7
    torch.testing.assert_close(
        found["entries"]["model"], walked(given["plan"], given["states"][0], 0)["model"]
    )
    as_if_from_a_gpu(path)
    with pytest.raises(RuntimeError, match="device"):
        torch.load(path, weights_only=True)
    assert content(path)["problem"] == ""


@pytest.mark.parametrize(
    ("value", "problem", "keys"),
    [
        ([1], "no-dict", ["list"]),
        ({"model": {}, "epoch": 1}, "missing", ["optimizer", "scheduler", "rng"]),
        ({"model": torch.nn.ReLU()}, "weights_only", ["model"]),
        (
            dict.fromkeys(("model", "optimizer", "scheduler", "epoch", "rng"), 1),
            "no-state-dict",
            None,
        ),
    ],
)
def test_what_is_wrong_with_a_file(tmp_path: Path, value: Any, problem: str, keys: Any) -> None:
    path = tmp_path / "x.pt"
    torch.save(value, path)
    found = content(path)
    assert (found["problem"], found.get("keys")) == (problem, keys)
    os.truncate(path, 10)
    assert content(path)["problem"] == "unreadable"
