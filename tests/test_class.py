"""A whole class: known scores, with any workers, in any order, and whatever is killed meanwhile."""

from __future__ import annotations

import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from grader import grade
from grader.course.catalog import Course
from grader.machines import Machines
from grader.submission import Submission
from tests.classes import (
    EXERCISE,
    Base,
    command,
    make_class,
    run,
    scores,
    state,
    write_roster,
)
from tests.conftest import ROOT
from tests.servers import Cluster, dask_cluster, end, wait_until

CLASS = 40
KILLED = 12  # those whose grading is killed again and again
IN_THE_MIDDLE = 2  # kills of that at least, while results are being written
ENDED = "run WHERE forced AND finished IS NOT NULL"
SEED = "1"  # a wrong answer may be right for some inputs: all are graded with the same
pytestmark = pytest.mark.timeout(900)


@dataclass(frozen=True)
class Made:
    """A class on disk, and what each student deserves."""

    folder: Path
    known: dict[str, int]

    def part(self, folder: Path, count: int) -> Made:
        """A class of its first `count` students, in a folder that is made for it."""
        return Made(folder, {student: self.known[student] for student in make_class(folder, count)})

    def grade(self, gradebook: Path, order: int, *options: str | Path) -> list[str | Path]:
        """The command's arguments; `order` is that in which the students are graded."""
        roster = write_roster(gradebook.with_suffix(f".{order}.csv"), self.known, order)
        given: list[str | Path] = ["--gradebook", gradebook, "--roster", roster, "--seed", SEED]
        return ["grade", self.folder, *given, "--exercise", EXERCISE, *options]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, course: Course, machines: Machines) -> Made:
    """A fifth attack, each in another way. What each earns is known from grading it alone."""
    folder = tmp_path_factory.mktemp("class") / "submissions"
    bases = make_class(folder, CLASS)

    def alone(base: Base) -> int:
        submission = Submission.of_text(EXERCISE, base.text)
        return grade(submission, course=course, machines=machines, seed=int(SEED)).score

    deserved = {base: alone(base) for base in set(bases.values())}
    assert len({base.attack for base in deserved} - {None}) == CLASS // 5
    for base, score in deserved.items():
        if base.attack:  # the same without it is in the class as well
            assert score <= deserved[Base(base.path)], base
        else:
            assert (score == 10) == (base.path.parent.name == "right"), base
    return Made(folder, {student: deserved[base] for student, base in bases.items()})


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    with dask_cluster(2) as running:
        yield running


def results(gradebook: Path, table: str = "grading") -> int:
    """How many there are by now, asked without the grader."""
    try:
        with closing(sqlite3.connect(f"file:{gradebook}?mode=ro", uri=True)) as connection:
            return int(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0])
    except sqlite3.OperationalError:  # not made yet
        return 0


def children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def descendants(pid: int) -> list[int]:
    """With those that end meanwhile, children of a sandbox say, left out."""
    found = []
    with suppress(OSError):
        for child in children(pid):
            found += [child, *descendants(child)]
    return found


def cmdline(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def test_one_job(made: Made, tmp_path: Path) -> None:
    gradebook = tmp_path / "grades.db"
    part = made.part(tmp_path / "submissions", 20)
    printed = run(*part.grade(gradebook, 1, "--jobs", "1"))
    assert "20 handed in: 20 graded now, 0 graded before" in printed
    assert scores(gradebook) == part.known
    assert "0 graded now, 20 graded before" in run(*part.grade(gradebook, 2, "--jobs", "2"))
    assert results(gradebook) == 20


@contextmanager
def left_empty(prefix: str) -> Iterator[None]:
    """A temporary folder in which commands leave nothing, though workers that are forked end without `atexit`."""
    folder = Path(tempfile.mkdtemp(prefix=prefix))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TMPDIR", str(folder))
        yield
    wait_until(lambda: not list(folder.iterdir()))
    folder.rmdir()


@pytest.mark.drawn
def test_a_temporary_folder_whose_path_is_too_long_for_sockets(tmp_path: Path) -> None:
    folder = tmp_path / "submissions"
    made = Made(folder, dict.fromkeys(make_class(folder, 4), 0))
    with left_empty("a path that is too long for sockets " * 3):
        run(*made.grade(tmp_path / "grades.db", 1, "--jobs", "2"))
    assert results(tmp_path / "grades.db") == 4


def test_two_jobs_a_lost_worker_and_a_kill(made: Made, tmp_path: Path) -> None:
    gradebook = tmp_path / "grades.db"
    process = subprocess.Popen(command(*made.grade(gradebook, 3, "--jobs", "2")), cwd=ROOT)
    wait_until(lambda: results(gradebook) >= 8)
    top, started = children(process.pid), descendants(process.pid)
    [workers, sandboxes] = (
        [child for pid in top if doing in cmdline(pid) for child in children(pid)]
        for doing in (b"multiprocessing.forkserver", b"grader.sandbox.inside.zygote_server")
    )
    assert (len(workers), len(sandboxes)) == (2, 2)
    # what a worker had under way is graded by another, and nobody is told
    os.kill(workers[0], signal.SIGKILL)
    wait_until(lambda: results(gradebook) >= 16)
    started += descendants(process.pid)
    end(process, signal.SIGKILL)
    # nobody is left behind
    wait_until(lambda: not any(map(alive, started)))
    assert 16 <= results(gradebook) < CLASS
    with left_empty("t"):
        printed = run(*made.grade(gradebook, 3, "--jobs", "2"))
    assert "Not graded" not in printed
    assert scores(gradebook) == made.known
    assert results(gradebook) == CLASS


class Zygote:
    """Starts `grader` without the seconds that its imports take."""

    def __init__(self, output: Path) -> None:
        self.output = output
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.zygote"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._line() == "ready"

    def _line(self) -> str:
        assert self.process.stdout
        return self.process.stdout.readline().strip()

    def start(self, arguments: list[str | Path]) -> int:
        assert self.process.stdin
        self.process.stdin.write(json.dumps([list(map(str, arguments)), str(self.output)]) + "\n")
        self.process.stdin.flush()
        return int(self._line())

    def status(self) -> int:
        return int(self._line())

    def close(self) -> None:
        for stream in (self.process.stdin, self.process.stdout):
            if stream:
                stream.close()
        self.process.wait(20)


@pytest.fixture
def zygote(tmp_path: Path) -> Iterator[Zygote]:
    running = Zygote(tmp_path / "printed")
    yield running
    running.close()


@pytest.mark.drawn
def test_killed_again_and_again_nothing_is_lost_or_doubled(
    made: Made, cluster: Cluster, zygote: Zygote, tmp_path: Path
) -> None:
    part = made.part(tmp_path / "submissions", KILLED)

    def start(gradebook: Path, *options: str) -> int:
        return zygote.start(part.grade(gradebook, 5, "--scheduler", cluster.address, *options))

    log = cluster.folder / "dask_worker.log"
    wait_until(lambda: log.read_text().count("Registered to") == 2)
    undisturbed = tmp_path / "undisturbed.db"
    start(undisturbed)
    assert zygote.status() == 0
    assert f"{KILLED} graded now" in zygote.output.read_text()
    assert scores(undisturbed) == part.known
    begun = time.monotonic()
    start(undisturbed, "--force")
    assert zygote.status() == 0
    seconds = time.monotonic() - begun
    expected = state(undisturbed)
    assert expected["counts"]["grading"] == 2 * KILLED

    luck = random.Random(SEED)
    in_the_middle, episode = 0, 0
    while in_the_middle < IN_THE_MIDDLE:
        episode += 1
        gradebook = tmp_path / f"{episode}.db"
        for options, total in (((), KILLED), (("--force",), 2 * KILLED)):
            for kill in ("while results are written", "at any time", ""):
                if options and results(gradebook, ENDED):
                    break  # its last word is written: another `--force` is not the same again
                before = results(gradebook)
                pid = start(gradebook, *options)
                if kill == "at any time":
                    time.sleep(luck.uniform(0, seconds))
                elif kill:
                    goal = before + luck.randint(1, KILLED // 2)
                    wait_until(lambda path=gradebook, goal=goal: results(path) >= goal)  # type: ignore[misc]
                if kill:
                    with suppress(ProcessLookupError):  # it may have come to its end
                        os.kill(pid, signal.SIGKILL)
                status = zygote.status()
                assert status in (0, -signal.SIGKILL if kill else 0), zygote.output.read_text()
                in_the_middle += status != 0 and before < results(gradebook) < total
                assert results(gradebook) <= total
            assert results(gradebook) == total
        assert state(gradebook) == expected
    assert "Traceback" not in zygote.output.read_text()


@pytest.mark.drawn
def test_a_worker_of_the_cluster_is_killed_in_the_middle(
    made: Made, cluster: Cluster, tmp_path: Path
) -> None:
    gradebook = tmp_path / "grades.db"
    part = made.part(tmp_path / "submissions", 20)
    arguments = command(*part.grade(gradebook, 6, "--scheduler", cluster.file))
    process = subprocess.Popen(
        arguments, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    wait_until(lambda: results(gradebook) >= 5)
    os.kill(cluster.workers[0].pid, signal.SIGKILL)
    printed = process.communicate()[0]
    assert process.returncode == 0, printed
    assert "20 graded now" in printed
    assert scores(gradebook) == part.known


@pytest.mark.drawn
def test_a_scheduler_that_goes_away_is_told(made: Made, cluster: Cluster, tmp_path: Path) -> None:
    gradebook = tmp_path / "grades.db"
    process = subprocess.Popen(
        command(*made.grade(gradebook, 7, "--scheduler", cluster.address)),
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        env=os.environ | {"DASK_DISTRIBUTED__COMM__TIMEOUTS__CONNECT": "3s"},  # its patience
    )  # fmt: skip
    wait_until(lambda: results(gradebook) >= 5)
    end(cluster.scheduler, signal.SIGKILL)
    printed = process.communicate()[0]
    assert process.returncode == 2, printed
    assert "Traceback" not in printed
    assert "was lost" in printed
    assert "goes on from there" in printed
