"""A loader with workers gives in a child what it gives where processes can be started."""

from __future__ import annotations

import torch
from torch.utils.data import dataloader

from grader.sandbox import Sandbox
from tests.children import told_by

HEAD = """
import random
import numpy
import torch
from torch.utils.data import DataLoader, IterableDataset, get_worker_info

class Stream(IterableDataset):
    def __init__(self, values):
        self.values = values
    def __iter__(self):
        info = get_worker_info()
        return iter(self.values[info.id :: info.num_workers])

class Pairs:
    def __len__(self):
        return 7
    def __getitem__(self, index):
        return [index, get_worker_info().id]

def as_lists(loader):
    return [torch.as_tensor(batch).tolist() for batch in loader]
"""


def test_the_batches_are_those_of_a_loader_without_workers(sandbox: Sandbox) -> None:
    source = (
        HEAD
        + """
def f():
    found = []
    for workers in (0, 1, 3):
        generator = torch.Generator().manual_seed(5)
        loader = DataLoader(list(range(7)), batch_size=2, shuffle=True, num_workers=workers, generator=generator)
        found.append([as_lists(loader), as_lists(loader), loader.num_workers, len(loader)])
    return found
"""
    )
    none, one, three = told_by(sandbox, source)
    assert none[:2] == one[:2] == three[:2]
    assert (one[2], three[2]) == (1, 3)
    assert one[0] != one[1]
    assert one[3] == 4


def test_each_worker_has_its_number_and_its_turn(sandbox: Sandbox) -> None:
    source = (
        HEAD
        + """
def f():
    batches = list(DataLoader(Pairs(), batch_size=2, num_workers=2, collate_fn=list))
    return [batches, get_worker_info()]
"""
    )
    assert told_by(sandbox, source) == [
        [[[0, 0], [1, 0]], [[2, 1], [3, 1]], [[4, 0], [5, 0]], [[6, 1]]],
        None,
    ]


def test_an_iterable_dataset_is_shared_out(sandbox: Sandbox) -> None:
    source = (
        HEAD
        + """
def f():
    loader = DataLoader(Stream([3, 1, 4, 1, 5]), batch_size=None, num_workers=3, persistent_workers=True)
    return [as_lists(loader), as_lists(loader), as_lists(DataLoader(Stream([1]), num_workers=2))]
"""
    )
    assert told_by(sandbox, source) == [[3, 1, 4, 1, 5], [3, 1, 4, 1, 5], [[1]]]


def test_a_worker_changes_its_own_copy_of_an_iterable_dataset(sandbox: Sandbox) -> None:
    source = (
        HEAD
        + """
class Counting(IterableDataset):
    seen = 0
    def __iter__(self):
        self.seen += 1
        return iter([self.seen])
def f():
    stream = Counting()
    return [as_lists(DataLoader(stream, batch_size=None, num_workers=2)), stream.seen]
"""
    )
    assert told_by(sandbox, source) == [[1, 1], 0]


def test_what_a_worker_sets_and_draws_is_its_own(sandbox: Sandbox) -> None:
    """The recipe of torch's notes on reproducibility leaves the states of this process alone."""
    source = (
        HEAD
        + """
def init(number):
    seed = torch.initial_seed() % 2**32
    numpy.random.seed(seed)
    random.seed(seed)

class Drawn(Pairs):
    def __getitem__(self, index):
        return [torch.rand(()).item(), random.random(), numpy.random.rand()]

def drawn(seed):
    generator = torch.Generator().manual_seed(seed)
    loader = DataLoader(Drawn(), num_workers=2, worker_init_fn=init, generator=generator, collate_fn=list)
    return list(loader)

def f():
    before = [torch.get_rng_state().tolist(), random.getstate(), str(numpy.random.get_state())]
    one, again, other = drawn(1), drawn(1), drawn(2)
    after = [torch.get_rng_state().tolist(), random.getstate(), str(numpy.random.get_state())]
    numbers = [number for batch in one for item in batch for number in item]
    return [before == after, one == again, one == other, len(set(numbers)) == len(numbers)]
"""
    )
    assert told_by(sandbox, source) == [True, True, False, True]


def test_the_order_is_drawn_from_the_generator_of_this_process(sandbox: Sandbox) -> None:
    """A loader without a generator of its own goes by the global state, and moves it."""
    source = (
        HEAD
        + """
def f():
    found = []
    for workers in (0, 2):
        torch.manual_seed(3)
        loader = DataLoader(list(range(20)), batch_size=5, shuffle=True, num_workers=workers)
        found.append([as_lists(loader), torch.get_rng_state().tolist()])
    return found[0] == found[1]
"""
    )
    assert told_by(sandbox, source) is True


def test_every_option_of_workers_is_taken(sandbox: Sandbox) -> None:
    source = (
        HEAD
        + """
def f():
    options = dict(timeout=5, prefetch_factor=4, persistent_workers=True, multiprocessing_context="spawn")
    loader = DataLoader(list(range(3)), batch_size=2, num_workers=2, **options)
    first = iter(loader)
    return [as_lists(loader), as_lists(loader), loader.timeout, loader.prefetch_factor]
"""
    )
    assert told_by(sandbox, source) == [[[0, 1], [2]], [[0, 1], [2]], 5, 4]


def test_tensors_are_put_together(sandbox: Sandbox) -> None:
    source = (
        HEAD
        + """
from torch.utils.data import TensorDataset
def f():
    given = TensorDataset(torch.arange(6.0).reshape(3, 2), torch.tensor([1, 0, 1]))
    loader = DataLoader(given, batch_size=2, num_workers=2, pin_memory=True)
    return [[inputs.tolist(), labels.tolist()] for inputs, labels in loader]
"""
    )
    assert told_by(sandbox, source) == [
        [[[0.0, 1.0], [2.0, 3.0]], [1, 0]],
        [[[4.0, 5.0]], [1]],
    ]


def test_what_a_dataset_raises_comes_through(sandbox: Sandbox) -> None:
    source = (
        HEAD
        + """
class Broken(Pairs):
    def __getitem__(self, index):
        raise KeyError("gone")
def f():
    return list(DataLoader(Broken(), num_workers=2))
"""
    )
    told = told_by(sandbox, source)
    assert told["type"] == "KeyError"
    assert [line[2] for line in told["lines"]] == ["f", "__getitem__"]


def test_this_process_is_as_it_was() -> None:
    """It is put into torch in the zygote, and not where the grader runs."""
    assert dataloader._MultiProcessingDataLoaderIter.__module__ == dataloader.__name__
    given = torch.utils.data.TensorDataset(torch.tensor([1, 2]))
    assert [each.tolist() for (each,) in torch.utils.data.DataLoader(given)] == [[1], [2]]


def test_a_worker_has_a_process_number_of_its_own(sandbox: Sandbox) -> None:
    source = (
        HEAD
        + """
import os

class Whose(IterableDataset):
    def __iter__(self):
        return iter([os.getpid()])

def f():
    found = []
    for workers in (0, 1, 2):
        loader = DataLoader(Whose(), batch_size=None, collate_fn=int, num_workers=workers)
        found.append([number == os.getpid() for number in loader])
    two = [*DataLoader(Whose(), batch_size=None, collate_fn=int, num_workers=2)]
    return [found, len(set(two)), os.getpid.__name__]
"""
    )
    assert told_by(sandbox, source) == [[[True], [False], [False, False]], 2, "getpid"]
