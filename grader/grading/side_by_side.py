"""Several processes that grade the exercises of one submission, each with machines of its own.

Which of them grades an exercise changes nothing in its result: the inputs follow from a seed of its own, and the code
runs in a child of its own in any case. The helpers are forked, so that they have imported what this process has; so
torch must not have worked here before, with threads that a fork does not take along.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess

from ..machines import Machines
from ..report import ExerciseResult

Work = Callable[[Machines, int], ExerciseResult]
# an exercise's; the kernel lets one process after the other read, so that none is torn
_NUMBER = struct.Struct("H")
_PATIENCE = (
    4  # times the limit on an exercise, which checks keep as well: this only ends what hangs
)
_END_SECONDS = 4.0  # to close machines


def side_by_side(count: int, jobs: int, machines: Machines, work: Work) -> list[ExerciseResult]:
    """What `work` makes of the numbers below `count`, in their order.

    Whatever a helper does not come to, because it was lost or met an error that ends it, is done here.

    Args:
        jobs: how many processes, this one too.
        work: is called with the machines of the process that it runs in.
    """
    results: dict[int, ExerciseResult] = {}
    with _numbers(count) as numbers, _Helpers(jobs - 1, machines, numbers, work) as helpers:
        with _one_thread():
            for number in _taken(numbers):
                results[number] = work(machines, number)
        results |= helpers.results(_PATIENCE * machines.limits.exercise_seconds)
    return [results.get(number) or work(machines, number) for number in range(count)]


@contextmanager
def _numbers(count: int) -> Iterator[int]:
    """A pipe that holds them; each is read once, by whichever process is free."""
    reading, writing = os.pipe()
    try:
        os.write(writing, b"".join(map(_NUMBER.pack, range(count))))
    finally:
        os.close(writing)
    try:
        yield reading
    finally:
        os.close(reading)


def _taken(numbers: int) -> Iterator[int]:
    while taken := os.read(numbers, _NUMBER.size):
        yield _NUMBER.unpack(taken)[0]


@contextmanager
def _one_thread() -> Iterator[None]:
    """Torch takes one: there is a process for each core."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


class _Helpers:
    """The processes beside this one. A context manager; they end with it, and when this process does."""

    def __init__(self, count: int, machines: Machines, numbers: int, work: Work) -> None:
        self._helpers: list[tuple[BaseProcess, Connection]] = []
        watched, self._lifeline = os.pipe()
        try:
            with suppress(OSError):  # no process, or no descriptor, is left: it goes on with fewer
                for _number in range(count):
                    self._start(machines, numbers, work, watched)
        except BaseException:  # somebody interrupts
            self._end()
            raise
        finally:
            os.close(watched)

    def _start(self, machines: Machines, numbers: int, work: Work, watched: int) -> None:
        context = multiprocessing.get_context("fork")
        receiving, sending = context.Pipe(duplex=False)
        arguments = machines, numbers, work, sending, watched, self._lifeline
        helper = context.Process(target=_help, args=arguments, daemon=True)
        with sending:
            helper.start()
        self._helpers.append((helper, receiving))

    def __enter__(self) -> _Helpers:
        return self

    def __exit__(self, *exception: object) -> None:
        self._end()

    def results(self, seconds: float) -> dict[int, ExerciseResult]:
        """What they have made; of one that sends nothing within that time, nothing."""
        results: dict[int, ExerciseResult] = {}
        for _helper, receiving in self._helpers:
            with suppress(EOFError, OSError):  # it was lost
                if receiving.poll(seconds):
                    results |= receiving.recv()
        return results

    def _end(self) -> None:
        os.close(self._lifeline)  # whoever still works closes its machines and ends
        for helper, receiving in self._helpers:
            receiving.close()
            helper.join(_END_SECONDS)
            if helper.is_alive():
                helper.kill()
                helper.join()


def _help(
    machines: Machines, numbers: int, work: Work, sending: Connection, watched: int, lifeline: int
) -> None:
    """What a helper does. It says nothing: what it leaves out is done, and told, where it was started."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the command's to handle
    os.close(lifeline)
    results: dict[int, ExerciseResult] = {}
    with suppress(Exception), machines.another() as own:
        threading.Thread(target=_end_with, args=(watched, own), daemon=True).start()
        with suppress(Exception), _one_thread():
            for number in _taken(numbers):
                results[number] = work(own, number)
        sending.send(results)


def _end_with(watched: int, machines: Machines) -> None:
    """Waits until nobody is left who would take what is made here."""
    os.read(watched, 1)
    machines.close()
    os._exit(1)
