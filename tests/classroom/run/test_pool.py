"""Workers: what becomes of tasks whose worker is lost, and of workers that cannot be used."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, Executor, Future
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar

import pytest

from grader.classroom.run import pool
from grader.classroom.run.pool import (
    Workers,
    dask_workers,
    local_workers,
    workers_of,
)
from grader.classroom.run.worker import GradingOutcome, Task, versions
from grader.errors import MissingPackageError, WorkerMismatch, WorkersError
from grader.submission import Submission
from tests.classes import EXERCISE


class Fragile(Executor):
    """Breaks, with all that it was given, when it comes to what must not be touched."""

    def __init__(self, poison: set[str]) -> None:
        self.poison = poison
        self.broken = False
        self.given: list[tuple[Future[Any], Task]] = []

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        if self.broken:
            raise BrokenProcessPool("it is broken already")
        [task] = args
        future: Future[Any] = Future()
        self.given.append((future, task))
        if len(self.given) >= 3 or task.submission.name in self.poison:
            self.broken = any(its.submission.name in self.poison for _, its in self.given)
            for one, its in self.given:
                if self.broken:
                    one.set_exception(BrokenProcessPool("lost"))
                else:
                    one.set_result(GradingOutcome(None, 0.0, its.submission.name))
            self.given = []
        else:
            future.set_result(GradingOutcome(None, 0.0, task.submission.name))
            self.given.pop()
        return future


def fragile(poison: set[str]) -> Workers:
    return Workers(lambda: Fragile(poison), lambda executor: None, lambda: 3)


def tasks(count: int) -> Iterator[tuple[str, Task]]:
    for number in range(count):
        name = str(number)
        yield name, Task(Submission(name, {}), (EXERCISE,), None, {}, versions())


def test_a_submission_that_ends_its_worker_costs_only_itself() -> None:
    outcomes = dict(fragile({"4", "5"}).run(tasks(10)))
    assert {key: outcome.fault for key, outcome in outcomes.items()} == {
        str(number): "Its worker was lost 2 times." if number in (4, 5) else str(number)
        for number in range(10)
    }


@pytest.mark.parametrize("error", [EOFError(), BrokenPipeError("gone"), ConnectionResetError()])
def test_a_pool_whose_processes_cannot_be_started_is_started_anew(error: Exception) -> None:
    """What starts them was killed, say."""
    executors: list[Executor] = []

    class Unstarted(Fragile):
        def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
            if len(executors) == 1:
                raise error
            return super().submit(fn, *args, **kwargs)

    def start() -> Executor:
        executors.append(Unstarted(set()))
        return executors[-1]

    workers = Workers(start, lambda executor: None, lambda: 3)
    assert sorted(key for key, _outcome in workers.run(tasks(5))) == list("01234")
    assert len(executors) == 2


class Endless:
    """Tasks that go on after their end: each name is given again, once, when its outcome is known."""

    def __init__(self, count: int) -> None:
        self.waiting = list(tasks(count))

    def __iter__(self) -> Endless:
        return self

    def __next__(self) -> tuple[str, Task]:
        if not self.waiting:
            raise StopIteration
        return self.waiting.pop(0)


@pytest.mark.parametrize("poison", [set(), {"0"}, {"3", "4"}])
def test_tasks_may_go_on_after_their_end(poison: set[str]) -> None:
    several, again = Endless(5), dict(tasks(5))
    found = []
    for key, outcome in fragile(poison).run(several):
        found.append((key, outcome.lost))
        if task := again.pop(key, None):
            several.waiting.append((key, task))
    assert sorted(found) == sorted(2 * [(str(n), str(n) in poison) for n in range(5)])


def test_workers_that_cannot_even_start_are_told() -> None:
    with pytest.raises(WorkersError, match="end as soon as they are started"):
        list(fragile({str(number) for number in range(20)}).run(tasks(20)))


class Plain(Executor):
    """Does at once what it is told to do with a task's name."""

    def __init__(self, work: Callable[[str], str]) -> None:
        self.work = work
        self.given: list[str] = []
        self.stopped = 0

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        [task] = args
        self.given.append(task.submission.name)
        future: Future[Any] = Future()
        try:
            future.set_result(GradingOutcome(None, 0.0, self.work(task.submission.name)))
        except BaseException as error:
            future.set_exception(error)
        return future

    def workers(
        self, capacity: int = 3, expect_alive: Callable[[], None] = lambda: None
    ) -> Workers:
        def stop(executor: Executor) -> None:
            self.stopped += 1

        return Workers(lambda: self, stop, lambda: capacity, expect_alive)


def raising(error: BaseException) -> Callable[[str], str]:
    def work(name: str) -> str:
        raise error

    return work


@pytest.mark.parametrize("capacity", [1, 3, 50])
def test_every_task_has_its_outcome(capacity: int) -> None:
    executor = Plain(str.upper)
    outcomes = list(executor.workers(capacity).run(tasks(20)))
    assert sorted((key, outcome.fault) for key, outcome in outcomes) == sorted(
        (str(number), str(number)) for number in range(20)
    )
    assert executor.stopped == 1


def test_no_worker_is_started_for_nothing() -> None:
    def start() -> Executor:
        raise AssertionError

    assert list(Workers(start, lambda executor: None, lambda: 1).run([])) == []


def test_a_task_is_taken_when_there_is_capacity_for_it() -> None:
    taken = []

    def counted() -> Iterator[tuple[str, Task]]:
        for pair in tasks(10):
            taken.append(pair[0])
            yield pair

    outcomes = Plain(str).workers(2).run(counted())
    next(outcomes)
    assert len(taken) == 2


def test_who_stops_listening_stops_the_workers() -> None:
    executor = Plain(str)
    outcomes = executor.workers().run(tasks(10))
    next(outcomes)
    outcomes.close()  # type: ignore[attr-defined]
    assert executor.stopped == 1


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (WorkerMismatch("The worker lab3 has torch 1."), "The worker lab3 has torch 1. What was"),
        (CancelledError(), "The connection to the workers was lost. What was graded is in"),
        (ImportError("no module grader"), "cannot run the grader: no module grader. Install"),
        (AttributeError("grade_task"), "cannot run the grader: grade_task. Install"),
    ],
)
def test_workers_that_are_not_as_they_should_be_end_the_run(
    error: BaseException, expected: str
) -> None:
    executor = Plain(raising(error))
    with pytest.raises(WorkersError) as raised:
        list(executor.workers().run(tasks(2)))
    assert expected in str(raised.value)
    assert "the same command goes on from there" in str(raised.value)
    assert executor.stopped == 1


def test_what_one_worker_cannot_send_back_is_a_fault_of_that_task() -> None:
    def work(name: str) -> str:
        if name == "1":
            raise KeyError("lost")
        return name

    outcomes = dict(Plain(work).workers().run(tasks(3)))
    assert outcomes["1"].fault == "Its worker was lost: KeyError: 'lost'"
    assert outcomes["2"].fault == "2"


def test_workers_that_answer_no_more_are_told() -> None:
    def expect_alive() -> None:
        raise WorkersError("The scheduler is gone.")

    with pytest.raises(WorkersError, match="scheduler is gone"):
        list(Plain(str).workers(expect_alive=expect_alive).run(tasks(2)))


def test_by_default_there_is_a_process_for_each_core(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.sched_getaffinity", lambda pid: {0, 2, 5}, raising=False)
    # one more than there are processes, so that none waits
    assert workers_of(None, None).capacity() == 4
    assert workers_of(None, 7).capacity() == 8
    assert local_workers(1).capacity() == 2


class Client:
    """What is asked of a Dask client, which counts threads and lends an executor."""

    made: ClassVar[list[Client]] = []

    def __init__(self, **asked: Any) -> None:
        self.asked = asked
        self.status = "running"
        self.threads: dict[str, int] | None = {"tcp://one": 2, "tcp://two": 3}
        self.closed = False
        Client.made.append(self)

    def nthreads(self) -> dict[str, int]:
        if self.threads is None:
            raise OSError("in <TCP (closed)>: Stream is closed")  # as Dask's CommClosedError is one
        return self.threads

    def get_executor(self, *, pure: bool) -> Executor:
        assert not pure  # equal submissions are graded each by itself
        self.executor = Plain(str.upper)
        return self.executor

    def close(self, timeout: float) -> None:
        self.closed = True
        self.status = "closed"


@pytest.fixture
def clients(monkeypatch: pytest.MonkeyPatch) -> list[Client]:
    """Those that are made from now on, with no cluster behind them."""
    monkeypatch.setattr(Client, "made", [])
    monkeypatch.setitem(sys.modules, "distributed", SimpleNamespace(Client=Client))
    monkeypatch.setattr(pool, "_require_listener", lambda address: None)
    return Client.made


def test_a_cluster_grades_and_is_left_in_the_end(clients: list[Client]) -> None:
    workers = workers_of("tcp://host:8786", None)
    outcomes = dict(workers.run(tasks(20)))
    [client] = clients
    assert client.asked["address"] == "tcp://host:8786"
    assert len(outcomes) == len(client.executor.given) == 20
    assert client.closed


def test_a_cluster_is_found_by_its_file(clients: list[Client], tmp_path: Path) -> None:
    file = tmp_path / "scheduler.json"
    file.write_text("{}")
    dask_workers(str(file)).start()
    assert clients[0].asked["scheduler_file"] == str(file)
    assert "address" not in clients[0].asked


def test_a_cluster_is_not_asked_for_nothing(clients: list[Client]) -> None:
    """A client that nobody closes would close itself later, in the middle of something else."""
    assert list(workers_of("tcp://host:8786", None).run([])) == []
    assert clients == []


def test_a_cluster_can_be_left_and_joined_again(clients: list[Client]) -> None:
    workers = dask_workers("tcp://host:8786")
    for count in (1, 2):
        workers.stop(workers.start())
        assert [client.closed for client in clients] == [True] * count


def test_a_cluster_without_workers_is_waited_for_and_one_that_is_gone_is_not(
    clients: list[Client],
) -> None:
    told: list[str] = []
    workers = dask_workers("tcp://host:8786", told.append)
    workers.start()
    assert workers.capacity() == 10  # twice the threads, so that none waits for this process
    assert told == []
    workers = dask_workers("tcp://host:8786", told.append)
    workers.start()
    clients[1].threads = {}
    assert workers.capacity() == 2
    assert told == ["No worker has joined the scheduler yet; waiting for one."]
    workers.expect_alive()
    clients[1].status = "closed"
    with pytest.raises(WorkersError, match="connection to the scheduler tcp://host:8786 was lost"):
        workers.expect_alive()


def test_a_scheduler_that_goes_away_while_it_is_asked_is_told(clients: list[Client]) -> None:
    """Its client says that it runs for a moment longer."""
    workers = dask_workers("tcp://host:8786")
    workers.start()
    clients[0].threads = None
    workers.expect_alive()
    with pytest.raises(WorkersError, match="connection to the scheduler tcp://host:8786 was lost"):
        workers.capacity()


def test_a_client_that_could_not_connect_is_closed(
    clients: list[Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    def connect(self: Client, **_: object) -> None:
        clients.append(self)
        raise MemoryError("what answers there is no scheduler")

    monkeypatch.setattr(Client, "__init__", connect)
    with pytest.raises(WorkersError, match="scheduler tcp://host:8786 cannot be reached"):
        dask_workers("tcp://host:8786").start()
    assert [client.closed for client in clients] == [True]


def test_one_of_dasks_own_is_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    """Left as it is, it would try to close itself when it is collected as garbage: in any test that comes later."""
    distributed = pytest.importorskip("distributed")
    made = []

    class Noted(distributed.Client):  # type: ignore[misc, name-defined]
        def __init__(self, **asked: Any) -> None:
            made.append(self)
            super().__init__(**asked)

    monkeypatch.setattr(distributed, "Client", Noted)
    with pytest.raises(WorkersError, match="cannot be reached"):
        dask_workers("ucx://without-a-port").start()
    assert [client.status for client in made] == ["closed"]


def test_a_cluster_that_cannot_be_used_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(WorkersError, match=r"none\.json does not exist. Is the scheduler running"):
        dask_workers(str(tmp_path / "none.json"))
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(MissingPackageError, match=r"grader\[dask\]"):
        workers_of("tcp://127.0.0.1:1", None)


@pytest.mark.parametrize("address", ["nonsense", "tcp://127.0.0.1:1", "127.0.0.1:1", "tcp://:8786"])
def test_a_scheduler_is_tried_before_a_client_waits_for_it(
    monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    def client(**_: object) -> None:
        raise AssertionError("no client is to be made")

    monkeypatch.setitem(sys.modules, "distributed", SimpleNamespace(Client=client))
    with pytest.raises(WorkersError, match="cannot be reached"):
        dask_workers(address)
