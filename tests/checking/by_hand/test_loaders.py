"""Orders, workers' draws and reading ahead are torch's, and each named mistake gives something else."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
import torch
from torch.utils.data import DataLoader, dataloader

from grader.checking.by_hand import loaders
from grader.sandbox.inside import loader_workers

SEEDS = [11, 12]


@pytest.fixture
def in_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """The workers of a `DataLoader` as they are in the sandbox, with the seeds that torch gives them."""
    monkeypatch.setattr(dataloader, "_MultiProcessingDataLoaderIter", loader_workers._Workers)


def options_of(workers: int, shuffle: bool, persistent: bool) -> dict[str, Any]:
    options = {"num_workers": workers, "batch_size": 3, "shuffle": shuffle, "drop_last": False}
    return {**options, "persistent_workers": persistent}


def passes_of_torch(n: int, options: dict[str, Any], passes: int) -> list[dict[str, Any]]:
    begun: list[list[int]] = []
    dataset: Any = loaders.Reading(range(n), [])
    loader: Any = DataLoader(
        dataset,
        collate_fn=list,
        worker_init_fn=loaders.noting(begun),
        generator=torch.Generator().manual_seed(SEEDS[0]),
        **options,
    )
    found = []
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(SEEDS[1])
        for _unused in range(passes):
            begun.clear()
            numbers, batches = [loaders.number_of(None)], []
            for batch in loader:
                batches.append(batch)
                numbers.append(loaders.number_of(None))
            found.append({"begun": [*begun], "batches": batches, "numbers": numbers})
    return found


@pytest.mark.filterwarnings("ignore:This DataLoader will create")  # where there are few processors
@pytest.mark.usefixtures("in_this_process")
@pytest.mark.parametrize("workers", [1, 2, 6])
@pytest.mark.parametrize("persistent", [False, True])
def test_workers_draw_what_those_of_torch_do(workers: int, persistent: bool) -> None:
    options = options_of(workers, False, persistent)
    assert loaders.read_in_turns(13, options, SEEDS, 3) == passes_of_torch(13, options, 3)


def test_without_workers_the_process_draws() -> None:
    options = options_of(0, False, False)
    expected = passes_of_torch(13, options, 2)
    assert loaders.read_in_turns(13, options, SEEDS, 2) == [
        {**each, "begun": []} for each in expected
    ]
    mistaken = loaders.read_in_turns(13, options, SEEDS, 2, loaders.WORKER_OF_NONE)
    assert mistaken[0]["batches"] != expected[0]["batches"]


@pytest.mark.usefixtures("in_this_process")
def test_a_first_shuffled_pass_is_that_of_torch() -> None:
    options = options_of(2, True, False)
    expected = passes_of_torch(13, options, 1)
    assert loaders.read_in_turns(13, options, SEEDS, 1) == expected
    [order] = loaders.orders_of(13, loaders.seeded(SEEDS[0]), 1)
    assert order == [index for batch in expected[0]["batches"] for index, _number in batch]


def all_differ(found: list[Any]) -> bool:
    return all(one != other for at, one in enumerate(found) for other in found[:at])


def test_each_mistake_with_an_order_gives_another() -> None:
    mistakes = [None, *loaders.OF_ORDERS]
    assert all_differ([loaders.orders_of(9, loaders.seeded(1), 3, each) for each in mistakes])


def test_each_mistake_of_a_worker_gives_something_else() -> None:
    calls = [(0, [1, 2]), (1, [3]), (0, [2]), (1, [0])]
    mistakes = [None, *loaders.OF_WORKERS]
    found = [loaders.worked(50, [0, 1], calls, 7, True, each) for each in mistakes]
    assert all_differ(found)
    begun = found[0]["begun"]
    assert [each[:2] for each in begun] == [[0, 50], [1, 51]]


def test_each_mistake_with_turns_gives_something_else() -> None:
    # those that are right where workers are new in each pass, and those that are where they stay
    blind = {
        False: (loaders.ALWAYS_NEW, loaders.BASE_AGAIN, loaders.WORKER_OF_NONE),
        True: (loaders.NEVER_NEW, loaders.SAME_BASE, loaders.WORKER_OF_NONE),
    }
    for persistent, without in blind.items():
        options = options_of(2, True, persistent)
        mistakes = [None, *(each for each in loaders.OF_TURNS if each not in without)]
        assert all_differ([loaders.read_in_turns(13, options, SEEDS, 2, each) for each in mistakes])


def test_each_mistake_with_reading_ahead_reads_other_numbers() -> None:
    def read(beyond: int) -> list[int]:
        return [min(20, k + 1 + beyond) for k in range(20)]

    found = [read(6), *loaders.ahead_causes(read, 20, 2, 3).values()]
    assert all_differ(found)
    assert all(one <= other for each in found for one, other in pairwise(each))


def test_batches_and_what_is_left_out() -> None:
    assert loaders.in_batches([1, 2, 3, 4, 5], 2) == [[1, 2], [3, 4], [5]]
    assert loaders.in_batches([1, 2, 3, 4, 5], 2, True) == [[1, 2], [3, 4]]
    assert loaders.dropping(True) == loaders.ALWAYS_DROPS
    assert loaders.dropping(False) == loaders.NEVER_DROPS


def test_mistakes_that_do_not_show_are_left_out() -> None:
    expected = [{"a": torch.ones(2)}, [1, 2.0]]
    mistakes: dict[Any, Any] = {
        loaders.USED_UP: [{"a": torch.ones(2)}, [1, 2.0]],
        loaders.ONE_BY_ONE: [{"a": torch.zeros(2)}, [1, 2.0]],
        loaders.ALL_IN_ONE: [{"a": torch.ones(2)}, [1, 2]],
    }
    assert list(loaders.other_than(expected, mistakes)) == [loaders.ONE_BY_ONE, loaders.ALL_IN_ONE]


def test_what_is_read_is_noted() -> None:
    log: list[int] = []
    dataset = loaders.Pairs(torch.eye(3), torch.arange(3), log)
    assert loaders.summed([dataset[0], dataset[-1]])["labels"] == [0, 2]
    reading = loaders.Reading(torch.eye(3), log)
    assert loaders.collated([reading[1]])["rows"].tolist() == [[0, 1, 0]]
    assert (log, len(dataset), len(reading)) == ([0, 2, 1], 3, 3)
    with pytest.raises(IndexError):
        dataset[3]


def test_the_passes_of_a_sampler_differ() -> None:
    sampler = loaders.Passes([[1, 2], [3, 4]])
    assert len(sampler) == 2
    assert loaders.passes_of(sampler, 3, 9) == [[1, 2], [3, 4], [1, 2]]
    assert loaders.passes_of(iter(range(9)), 1, 2) == [[0, 1]]
