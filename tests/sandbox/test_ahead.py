"""Children are started ahead: one that is opened was ready before, and nobody notices what becomes of the others."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, cast

import pytest

from grader.errors import SandboxLost
from grader.sandbox import Child, Limits, Sandbox
from grader.sandbox.ahead import Ahead, how_many_wait
from grader.sandbox.ends import Ends
from grader.sandbox.isolation.limits import MIB
from grader.sandbox.private_folder import PrivateFolder
from tests.children import GOOD, call
from tests.processes import alive, children_of, within
from tests.sandbox.gpu_stand_in import GpuStandIn

pytestmark = pytest.mark.xdist_group("cuda_child")

# how many


@pytest.mark.parametrize(
    ("cores", "workers", "fraction", "gibibytes", "wait"),
    [
        (16, 8, 0.1, 80, 2),
        (16, 14, 0.05, 80, 1),
        (16, 1, 0.1, 80, 4),
        (2, 2, 0.1, 80, 1),
        (1, 4, 0.1, 80, 1),
        (16, 8, 0.1, 8, 0),  # half a GiB for each worker: not even what is at work
        (16, 1, 0.1, 2, 1),
        (16, 8, 0.2, 80, 2),  # the fractions alone are more than there is
        (16, 1, 0.1, None, 1),
    ],
)
def test_how_many_wait(
    cores: int, workers: int, fraction: float, gibibytes: int | None, wait: int
) -> None:
    memory = None if gibibytes is None else gibibytes << 30
    assert how_many_wait(cores, workers, fraction, memory) == wait


def test_more_workers_never_have_more_waiting() -> None:
    waiting = [how_many_wait(32, workers, 0.02, 40 << 30) for workers in range(1, 64)]
    assert waiting == sorted(waiting, reverse=True)
    contexts = [workers * (number + 2) << 29 for workers, number in enumerate(waiting, 1) if number]
    assert max(contexts) <= 40 << 30


# the queue, with children that are none


class Made:
    """Stands for a child; `becomes` is what comes of it: `ready`, `not ready`, `ended` once it is ready."""

    def __init__(self, pid: int, becomes: str) -> None:
        self.pid, self._becomes = pid, becomes
        self.closed = False

    def settle(self, seconds: float) -> None:
        if self._becomes == "not ready":
            self.closed = True
            raise SandboxLost(f"{self.pid} did not start")

    @property
    def has_ended(self) -> bool:
        return self._becomes == "ended"

    def close(self) -> None:
        self.closed = True


class Zygote:
    """Makes children, one for each request; what becomes of them is said beforehand, and afterwards all are ready."""

    def __init__(self, *becomes: str) -> None:
        self._becomes = list(becomes)
        self.asked: list[list[str]] = []
        self.made: list[Made] = []

    def send(self, ends: Ends, preload: Sequence[str]) -> None:
        assert len(self.asked) == len(self.made), "its last answer was not read yet"
        self.asked.append([*preload])

    def forked(self, ends: Ends) -> Child:
        ends.close()
        becomes = self._becomes.pop(0) if self._becomes else "ready"
        self.made.append(Made(len(self.made) + 1, becomes))
        return cast(Child, self.made[-1])


@pytest.fixture
def folder() -> Iterator[PrivateFolder]:
    made = PrivateFolder()
    yield made
    made.remove()


def queue(zygote: Zygote, folder: PrivateFolder, most: int) -> Ahead:
    return Ahead(most, folder, zygote.send, zygote.forked)


def fill(ahead: Ahead, most: int) -> None:
    for _ in range(most):
        ahead.start()
        ahead.collect()


@pytest.mark.parametrize("most", [1, 2, 4])
def test_as_many_wait_as_are_to_and_no_more(folder: PrivateFolder, most: int) -> None:
    zygote = Zygote()
    ahead = queue(zygote, folder, most)
    fill(ahead, most + 3)
    assert ahead.pids() == [*range(1, most + 1)]
    assert ahead.take().pid == 1
    fill(ahead, most)
    assert ahead.pids() == [*range(2, most + 2)]


def test_where_none_is_to_wait_one_is_made_when_it_is_wanted(folder: PrivateFolder) -> None:
    zygote = Zygote()
    ahead = queue(zygote, folder, 0)
    ahead.start()
    assert zygote.asked == []
    assert [ahead.take().pid, ahead.take().pid] == [1, 2]


@pytest.mark.parametrize("becomes", ["not ready", "ended"])
def test_one_that_is_lost_while_it_waits_is_passed_over(
    folder: PrivateFolder, becomes: str
) -> None:
    zygote = Zygote(becomes, becomes)
    ahead = queue(zygote, folder, 2)
    fill(ahead, 2)
    assert ahead.take().pid == 3
    assert [child.closed for child in zygote.made] == [True, True, False]


def test_one_that_was_started_for_this_moment_tells_why_it_is_lost(folder: PrivateFolder) -> None:
    ahead = queue(Zygote("not ready"), folder, 0)
    with pytest.raises(SandboxLost, match="1 did not start"):
        ahead.take()
    assert ahead.take().pid == 2


def test_those_that_lack_a_module_are_replaced(folder: PrivateFolder) -> None:
    zygote = Zygote()
    ahead = queue(zygote, folder, 2)
    fill(ahead, 2)
    ahead.prepare(["a", "b"])
    assert [child.closed for child in zygote.made] == [True, True]
    assert ahead.take().pid == 3
    ahead.prepare(["b"])  # those that are coming have it
    assert ahead.take().pid == 4
    assert not zygote.made[3].closed
    assert zygote.asked == [[], [], ["a", "b"], ["a", "b"]]


def test_the_first_says_whether_the_device_is_there(folder: PrivateFolder) -> None:
    zygote = Zygote("not ready")
    ahead = queue(zygote, folder, 1)
    with pytest.raises(SandboxLost, match="1 did not start"):
        ahead.try_first()
    assert ahead.pids() == []
    ahead.try_first()
    ahead.try_first()
    assert ahead.pids() == [2]


def test_all_of_them_are_given_up(folder: PrivateFolder) -> None:
    zygote = Zygote()
    ahead = queue(zygote, folder, 2)
    fill(ahead, 1)
    ahead.start()
    for end in ahead.give_up():
        end()
    assert ahead.pids() == []
    assert zygote.made[0].closed
    assert list(folder.path.iterdir()) == []


# with a sandbox

# a start takes memory, and more of it than a child may
TAKES = "socket.taken = getattr(socket, 'taken', b'') or bytes(bytearray(b'x') * (96 << 20))"
LIMITS = Limits(memory_bytes=64 * MIB)


@pytest.fixture(scope="module")
def started(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """A sandbox that has two waiting, with a stand-in for a GPU; and what was there when it had none to do yet."""
    if off := [layer.name for layer in sandbox.layers() if not layer.on]:
        pytest.skip(f"this machine lacks layers: {', '.join(off)}")
    with pytest.MonkeyPatch.context() as patch:
        stand_in = GpuStandIn(tmp_path_factory.mktemp("gpu"), patch)
        try:
            box = stand_in.start(TAKES, limits=LIMITS, ahead=2)
            assert box.absent("cuda") == ""
            yield box
        finally:
            stand_in.close()


def waiting(box: Sandbox) -> list[int]:
    """The process ids of those that wait, once as many do as are to."""
    assert box._ahead
    fill(box._ahead, 2)
    return box._ahead.pids()


def loaded(box: Sandbox, source: str = GOOD, preload: Sequence[str] = ()) -> Child:
    child = box.open(preload)
    header = child.load("exercise", [("exercise.py", source)])
    assert "error" not in header, header
    return child


def test_the_one_that_has_waited_longest_is_taken(started: Sandbox) -> None:
    before = waiting(started)
    child = loaded(started)
    assert call(child) == 7
    assert child.pid == before[0]
    child.close()
    assert waiting(started)[0] == before[1]
    assert not alive(before[0])
    assert alive(before[1])


def test_they_are_as_many_again_after_some_were_taken(started: Sandbox) -> None:
    for _ in range(3):
        loaded(started).close()
    assert started._ahead
    started._ahead.collect()
    assert len(started._ahead.pids()) == 2


def test_what_the_start_takes_counts_against_no_limit(started: Sandbox) -> None:
    child = loaded(started)
    child._usage.look()  # 96 MiB were taken at the start
    assert call(child) == 7
    child.close()


ALONE = """
import os
def f():
    above = os.path.dirname(os.getcwd())
    found = [os.listdir(), os.environ["HOME"] == os.getcwd()]
    for step in (
        lambda: os.listdir(above),
        lambda: os.listdir(os.path.dirname(above)),
        lambda: open(os.path.join(above, "file"), "w"),
        os.fork,
    ):
        try:
            step()
            found.append("done")
        except OSError as error:
            found.append(type(error).__name__)
    return found
"""


def test_it_is_confined_as_every_child_is_in_a_folder_of_its_own(started: Sandbox) -> None:
    places = []
    for _ in range(2):
        child = loaded(started, ALONE)
        places.append(Path(f"/proc/{child.pid}/cwd").resolve().parent)
        found = call(child)
        child.close()
        assert found == [[], True, *["PermissionError"] * 4]
    assert places[0] != places[1]
    assert {place.parent for place in places} == {started._folder.path}
    assert not any(place.exists() for place in places)


def test_one_that_was_killed_is_replaced_without_a_word(started: Sandbox) -> None:
    first, second = waiting(started)
    for pid in (first, second):
        os.kill(pid, signal.SIGKILL)
        assert within(60, lambda pid=pid: not alive(pid))  # type: ignore[misc]
    child = loaded(started)
    assert call(child) == 7
    assert child.pid not in (first, second)
    child.close()


def test_a_module_that_is_new_is_there_in_the_next(started: Sandbox) -> None:
    before = waiting(started)
    source = "import sys\ndef f():\n    return 'colorsys' in sys.modules\n"
    child = loaded(started, source, ["colorsys"])
    assert call(child) is True
    child.close()
    assert not set(before) & set(waiting(started))
    assert not any(map(alive, before))
    child = loaded(started, source)
    assert call(child) is True
    child.close()


def test_others_wait_while_an_interrupted_fork_is_forgotten(
    started: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The zygote has forked, and nobody heard of it."""
    child = loaded(started)
    before = waiting(started)
    assert started._ahead

    def interrupted(*_: object) -> Any:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("grader.sandbox.sandbox.Child", interrupted)
        started._ahead._start_one()
        with pytest.raises(KeyboardInterrupt):
            started._ahead.collect()
    known = {str(pid) for pid in (*before, child.pid)}
    [unheard_of] = {*children_of(started._zygote)} - known
    assert call(child) == 7
    child.close()
    assert not alive(int(unheard_of))
    assert waiting(started) == before


def test_the_gpu_is_tried_with_code_of_ours(started: Sandbox) -> None:
    assert started.device_trouble() == ""


def test_nothing_waits_when_it_is_closed(started: Sandbox) -> None:
    """The last of these."""
    child = loaded(started)
    pids = [child.pid, *waiting(started), started._zygote]
    started._ahead.start()  # type: ignore[union-attr]
    started.close()
    assert within(60, lambda: not any(map(alive, pids)))
    assert not started._folder.path.exists()
    with pytest.raises(SandboxLost, match="was closed"):
        started.open()
