"""Workers behind `concurrent.futures.Executor`: processes of this machine, or a Dask cluster's.

A worker that is lost takes no submission with it: Dask gives what it had to another, and here the processes are
started anew and what was under way goes to them.
"""

from __future__ import annotations

import logging
import multiprocessing
import socket
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import (
    FIRST_COMPLETED,
    BrokenExecutor,
    CancelledError,
    Executor,
    Future,
    ProcessPoolExecutor,
    wait,
)
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.context import BaseContext
from pathlib import Path
from typing import Any, Generic, TypeVar
from urllib.parse import urlsplit

from ...course.catalog import Course, load_course
from ...errors import WorkerMismatch, WorkersError, extras_are_told
from ...import_path import InstalledOnly
from ...machines import cores, limits_of
from ...sandbox import Limits, ZygoteServer, can_fork_zygotes, start_zygote_server
from ...sandbox.control_group import enter
from .worker import (
    GradingOutcome,
    Task,
    course_name,
    grade_task,
    normalized_devices,
    start_local_worker,
)

_LOSSES_OF_ONE = 2
_LOSSES_IN_A_ROW = 10
_CONNECT_SECONDS = 30
_LOOK_SECONDS = 2.0  # at least so often it is asked whether workers have come or gone
_AGAIN = "What was graded is in the gradebook; the same command goes on from there."
K = TypeVar("K")


@dataclass(frozen=True)
class Workers:
    """Where tasks go.

    Attributes:
        start: makes an executor; again after one was broken.
        stop: lets go of one, without waiting for what is under way.
        capacity: how many tasks to have under way at once; is asked again and again, since clusters grow.
        expect_alive: raises a `WorkersError` when no answer can be hoped for any more.
    """

    start: Callable[[], Executor]
    stop: Callable[[Executor], None]
    capacity: Callable[[], int]
    expect_alive: Callable[[], None] = lambda: None

    def run(self, tasks: Iterable[tuple[K, Task]]) -> Iterator[tuple[K, GradingOutcome]]:
        """Every task's outcome, as they come. A task is taken when there is capacity for it.

        Where the tasks have ended for now, they are asked for more after each outcome, until none is under way.

        Raises:
            WorkersError: if the workers are not as they should be, or cannot be reached any more.
        """
        source = iter(tasks)
        first = next(source, None)
        if first is None:  # no worker is started for nothing
            return
        under_way = _UnderWay(self, first, source)
        try:
            yield from under_way.outcomes()
        finally:
            self.stop(under_way.executor)


class _UnderWay(Generic[K]):
    """The tasks that workers have, and what is to become of those whose worker was lost."""

    def __init__(
        self, workers: Workers, first: tuple[K, Task], source: Iterator[tuple[K, Task]]
    ) -> None:
        self.executor = workers.start()
        self._workers = workers
        self._first: tuple[K, Task] | None = first
        self._source = source
        self._tasks: dict[Future[GradingOutcome], tuple[K, Task]] = {}
        self._suspects = deque[tuple[K, Task]]()
        self._losses: Counter[K] = Counter()
        self._losses_in_a_row = 0

    def outcomes(self) -> Iterator[tuple[K, GradingOutcome]]:
        while True:
            self._submit()
            if not self._tasks:
                return
            done, _ = wait(self._tasks, timeout=_LOOK_SECONDS, return_when=FIRST_COMPLETED)
            self._workers.expect_alive()
            lost = []
            for future in done:
                key, task = self._tasks.pop(future)
                outcome = _outcome(future)
                if outcome is None:
                    lost.append((key, task))
                else:
                    self._losses_in_a_row = 0
                    yield key, outcome
            if lost:
                # the pool is broken, and with it all that was under way
                lost += self._tasks.values()
                self._start_anew()
                yield from self._suspect(lost)

    def _submit(self) -> None:
        # after a loss, each that was under way goes alone: so it shows which one it is
        capacity = 1 if self._suspects else self._workers.capacity()
        while len(self._tasks) < capacity:
            pair = self._suspects.popleft() if self._suspects else self._next()
            if pair is None:
                return
            self._tasks[_submitted(self.executor, pair[1])] = pair

    def _next(self) -> tuple[K, Task] | None:
        first, self._first = self._first, None
        return first or next(self._source, None)

    def _start_anew(self) -> None:
        self._tasks.clear()
        self._workers.stop(self.executor)
        self._losses_in_a_row += 1
        if self._losses_in_a_row > _LOSSES_IN_A_ROW:
            raise WorkersError(
                "The worker processes end as soon as they are started. Is there memory enough for them? "
                f"`--jobs 1` needs the least. {_AGAIN}"
            )
        self.executor = self._workers.start()

    def _suspect(self, lost: list[tuple[K, Task]]) -> Iterator[tuple[K, GradingOutcome]]:
        """Those that were lost are tried again; one that ended its worker twice, alone, is given up."""
        if len(lost) == 1:
            [(key, _)] = lost
            self._losses[key] += 1
            if self._losses[key] == _LOSSES_OF_ONE:
                del self._losses[key]
                yield (
                    key,
                    GradingOutcome(
                        None, 0.0, f"Its worker was lost {_LOSSES_OF_ONE} times.", lost=True
                    ),
                )
                return
        self._suspects.extend(lost)


def _submitted(executor: Executor, task: Task) -> Future[GradingOutcome]:
    """A task's future; where the pool has been broken a moment ago, or what starts its processes, one that says so."""
    try:
        with InstalledOnly():  # the processes are started when they are first needed
            return executor.submit(grade_task, task)
    except (BrokenExecutor, EOFError, OSError) as error:
        future: Future[GradingOutcome] = Future()
        future.set_exception(BrokenExecutor(str(error)))
        return future


def _outcome(future: Future[GradingOutcome]) -> GradingOutcome | None:
    """What came of a task; `None` where its pool was broken meanwhile."""
    try:
        return future.result()
    except BrokenExecutor:
        return None
    except WorkerMismatch as error:
        raise WorkersError(f"{error} {_AGAIN}") from error
    except CancelledError as error:
        raise WorkersError(f"The connection to the workers was lost. {_AGAIN}") from error
    except (ImportError, AttributeError) as error:
        raise WorkersError(
            f"A worker cannot run the grader: {error}. Install the same version of grader there. {_AGAIN}"
        ) from error
    except Exception as error:  # Dask's KilledWorker, or what a worker could not send back
        why = f"Its worker was lost: {type(error).__name__}: {error}"
        return GradingOutcome(None, 0.0, why, lost=True)


def local_workers(
    jobs: int,
    course: Course | None = None,
    limits: Limits | None = None,
    devices: Sequence[str] = (),
) -> Workers:
    """Processes on this machine, each with sandboxes of its own that stay warm.

    The sandboxes are started for these arguments beforehand; a task that asks for others makes its worker start others.

    Args:
        jobs: how many processes.
        course: by default the built-in one.
        limits: on the student's code; by default the course's.
        devices: none named stands for those that every machine has.
    """
    course = course or load_course()
    machines = course_name(course), limits or limits_of(course), normalized_devices(devices)
    servers: list[ZygoteServer] = []

    def start() -> Executor:
        enter()  # before there are others of ours
        # not forked from this process, which has threads
        context: BaseContext = multiprocessing.get_context("spawn")
        if jobs > 1 and can_fork_zygotes():
            servers.append(start_zygote_server())
            context = multiprocessing.get_context("forkserver")
            context.set_forkserver_preload(["grader.classroom.run.preload"])
        return ProcessPoolExecutor(
            jobs,
            mp_context=context,
            initializer=start_local_worker,
            initargs=(*machines, servers[-1].address if servers else "", jobs),
        )

    def stop(executor: Executor) -> None:
        executor.shutdown(wait=False, cancel_futures=True)
        while servers:
            servers.pop().close()

    # one more than there are processes, so that none waits for this one
    return Workers(start, stop, lambda: jobs + 1)


def workers_of(
    scheduler: str | None,
    jobs: int | None,
    course: Course | None = None,
    devices: Sequence[str] = (),
    tell: Callable[[str], None] = lambda _: None,
) -> Workers:
    """A cluster's workers where there is a scheduler; else this machine's, by default one for each core.

    Args:
        scheduler: as `dask_workers` takes it.
        jobs: how many processes on this machine.
        course: by default the built-in one.
        devices: as `local_workers` takes them.
        tell: is given a sentence that whoever waits should know.

    Raises:
        WorkersError: if the scheduler cannot be used.
    """
    if scheduler:
        return dask_workers(scheduler, tell)
    return local_workers(jobs or cores(), course, devices=devices)


def dask_workers(address: str, tell: Callable[[str], None] = lambda _: None) -> Workers:
    """The workers of a Dask cluster.

    Args:
        address: of the scheduler, such as `tcp://host:8786`, or the path of its scheduler file.
        tell: is given a sentence that whoever waits should know.

    Raises:
        MissingPackageError: if Dask is not installed.
        WorkersError: if nothing listens there. Whether it is a scheduler shows when the workers are started.
    """
    with extras_are_told(), InstalledOnly():
        from distributed import Client
    # what they say is said below, in a sentence; each of them has a level of its own
    for name in ("distributed", "distributed.client", "tornado", "tornado.application", "asyncio"):
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    if address.endswith(".json") and not Path(address).is_file():
        raise WorkersError(
            f"The scheduler file {address} does not exist. Is the scheduler running?"
        )
    _require_listener(address)
    cluster = _Cluster(Client, address, tell)
    return Workers(cluster.start, cluster.stop, cluster.capacity, cluster.expect_alive)


class _Cluster:
    """A Dask cluster, to which one client is connected from `start` to `stop`.

    Args:
        client: the class of clients.
        address, tell: as `dask_workers` takes them.
    """

    def __init__(self, client: Any, address: str, tell: Callable[[str], None]) -> None:
        self._class = client
        self._address = address
        self._tell = tell
        self._client: Any = None
        self._threads = 0
        self._counted = 0.0

    def start(self) -> Executor:
        """Connects.

        Raises:
            WorkersError: if the scheduler cannot be reached.
        """
        named = "scheduler_file" if self._address.endswith(".json") else "address"
        # made in two steps, so that one that could not connect can be closed: it would otherwise try to close itself
        # whenever it is collected as garbage
        self._client = self._class.__new__(self._class)
        try:
            connect = self._client.__init__
            connect(**{named: self._address}, timeout=_CONNECT_SECONDS, set_as_default=False)
        except Exception as error:  # what listens there may be something else, and say anything
            self._disconnect()
            raise WorkersError(_unreachable(self._address)) from error
        # a submission is graded even if an equal one was: each result has its own time
        executor: Executor = self._client.get_executor(pure=False)
        return executor

    def stop(self, executor: Executor) -> None:
        executor.shutdown(wait=False)
        self._disconnect()

    def capacity(self) -> int:
        # twice the threads, so that none waits for this process
        if time.monotonic() - self._counted > _LOOK_SECONDS:
            try:
                self._threads = sum(self._client.nthreads().values())
            except OSError as error:  # it has gone, and the client does not say so yet
                raise self._lost() from error
            self._counted = time.monotonic()
            if not self._threads:
                self._tell("No worker has joined the scheduler yet; waiting for one.")
        return max(2, 2 * self._threads)

    def expect_alive(self) -> None:
        if self._client.status not in ("running", "connecting", "newly-created"):
            raise self._lost()

    def _lost(self) -> WorkersError:
        return WorkersError(f"The connection to the scheduler {self._address} was lost. {_AGAIN}")

    def _disconnect(self) -> None:
        with suppress(Exception):  # it has gone, and the workers with it
            self._client.close(timeout=_LOOK_SECONDS)


def _require_listener(address: str) -> None:
    """Tries a scheduler's address before a client is made, which for nobody would go on trying for a minute.

    Raises:
        WorkersError: if nothing listens there.
    """
    if address.endswith(".json"):
        return  # a scheduler's file, which has been seen to be there
    parts = urlsplit(address if "://" in address else f"tcp://{address}")
    if parts.scheme not in ("tcp", "tls"):
        return  # a protocol of its own
    try:
        host, port = parts.hostname, parts.port
        if host is None or port is None:
            raise OSError
        socket.create_connection((host, port), timeout=_CONNECT_SECONDS).close()
    except (OSError, ValueError) as error:
        raise WorkersError(_unreachable(address)) from error


def _unreachable(address: str) -> str:
    return (
        f"The Dask scheduler {address} cannot be reached: is it running, and is the address right? "
        "`dask scheduler` prints it."
    )
