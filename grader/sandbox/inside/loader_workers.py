"""The workers of a `DataLoader` work in this process: the kernel refuses a child processes of its own.

A loader with `num_workers=2` gives the batches that it gives elsewhere, in the same order. As in a process of its own,
each worker has its numbers (`get_worker_info`, `os.getpid`), has called `worker_init_fn`, and has generators of its
own, so those of this process stay as they are. A worker of an iterable dataset has a copy of that.
"""

from __future__ import annotations

import copy
import os
import random
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import numpy
import torch
from torch.utils.data import _utils, dataloader

_Base: Any = dataloader._BaseDataLoaderIter
_MODULE: Any = _utils.worker


def keep_in_this_process() -> None:
    """Has every `DataLoader` with workers use those of this module. For the zygote, once."""
    names: Any = vars(dataloader)
    names["_MultiProcessingDataLoaderIter"] = _Workers


class _Workers(_Base):  # type: ignore[misc]
    """The iterator of a loader with workers."""

    def __init__(self, loader: Any) -> None:
        super().__init__(loader)
        self._workers = [_Worker(self, loader, number) for number in range(self._num_workers)]
        self._active = list(self._workers)
        self._next_worker = 0

    def _reset(self, loader: Any, first_iter: bool = False) -> None:
        """Begins with another epoch, where workers are persistent."""
        super()._reset(loader, first_iter)
        for worker in self._workers:
            worker.begin(self)
        self._active, self._next_worker = list(self._workers), 0

    def _next_data(self) -> Any:
        while self._active:
            index = self._next_index()  # of a generator of this process
            self._next_worker %= len(self._active)
            worker = self._active[self._next_worker]
            try:
                data = worker.fetch(index)
            except StopIteration:  # an iterable dataset ends with each worker for itself
                self._active.remove(worker)
                continue
            self._next_worker += 1
            if self._pin_memory:
                data = _utils.pin_memory.pin_memory(data, self._pin_memory_device)
            return data
        raise StopIteration


class _Worker:
    """One worker: its number, its dataset, and the states of its generators while another one is at work."""

    def __init__(self, iterator: Any, loader: Any, number: int) -> None:
        dataset = iterator._dataset
        if iterator._dataset_kind == dataloader._DatasetKind.Iterable:
            with suppress(Exception):  # what cannot be copied is shared
                dataset = copy.deepcopy(dataset)
        seed = iterator._base_seed + number
        self._states: Any = None
        self._info = _MODULE.WorkerInfo(
            id=number, num_workers=iterator._num_workers, seed=seed, dataset=dataset
        )
        with self._at_work():
            torch.default_generator.manual_seed(seed)
            random.seed(seed)
            numpy.random.seed(seed % 2**32)
            if loader.worker_init_fn is not None:
                loader.worker_init_fn(number)
        self.begin(iterator)

    def begin(self, iterator: Any) -> None:
        """Goes through the dataset from its start."""
        with self._at_work():
            self._fetcher = dataloader._DatasetKind.create_fetcher(
                iterator._dataset_kind,
                self._info.dataset,
                iterator._auto_collation,
                iterator._collate_fn,
                iterator._drop_last,
            )

    def fetch(self, index: Any) -> Any:
        """The batch with these indices.

        Raises:
            StopIteration: if an iterable dataset has no more.
        """
        with self._at_work():
            return self._fetcher.fetch(index)

    @contextmanager
    def _at_work(self) -> Iterator[None]:
        others, before = _MODULE._worker_info, _states()
        system: Any = vars(os)
        own = os.getpid
        if self._states is not None:
            _set_states(self._states)
        _MODULE._worker_info = self._info
        process = own() + 1 + self._info.id
        system["getpid"] = lambda: process
        try:
            yield
        finally:
            system["getpid"] = own
            _MODULE._worker_info = others
            self._states = _states()
            _set_states(before)


def _states() -> tuple[Any, ...]:
    return torch.default_generator.get_state(), random.getstate(), numpy.random.get_state()


def _set_states(states: tuple[Any, ...]) -> None:
    torch.default_generator.set_state(states[0])
    random.setstate(states[1])
    numpy.random.set_state(states[2])
