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
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from grader import grade
from grader.course.catalog import Course
from grader.machines import Machines
from grader.submission import Submission
from tests.classes import (
    ATTACKS,
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

KILLS = 4
IN_THE_MIDDLE = (
    2  # of them at least, while results are being written, and not only before and after
)
CLASS = 24  # those who are killed: enough that kills come in the middle
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
    """A hundred and twenty: every attack is among them. What each earns is known from grading it alone."""
    folder = tmp_path_factory.mktemp("class") / "submissions"
    bases = make_class(folder, 120)

    def alone(base: Base) -> int:
        submission = Submission.of_text(EXERCISE, base.text)
        return grade(submission, course=course, machines=machines, seed=int(SEED)).score

    deserved = {base: alone(base) for base in set(bases.values())}
    assert {base.attack for base in deserved} == {None, *ATTACKS}
    for base, score in deserved.items():
        if base.attack:
            assert score <= alone(Base(base.path)), base
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


@pytest.mark.parametrize("name", ["t", "a path that is too long for sockets " * 3])
def test_nothing_is_left_in_the_temporary_folder(tmp_path: Path, name: str) -> None:
    """Workers that are forked end without `atexit`."""
    folder = tmp_path / "submissions"
    temporary = Path(tempfile.mkdtemp(prefix=name))
    made = Made(folder, dict.fromkeys(make_class(folder, 4), 0))
    arguments = command(*made.grade(tmp_path / "grades.db", 1, "--jobs", "2"))
    environment = os.environ | {"TMPDIR": str(temporary)}
    subprocess.run(arguments, cwd=ROOT, env=environment, check=True)
    assert results(tmp_path / "grades.db") == 4
    wait_until(lambda: not list(temporary.iterdir()))
    temporary.rmdir()


def test_two_jobs_a_lost_worker_and_two_kills(made: Made, tmp_path: Path) -> None:
    gradebook = tmp_path / "grades.db"
    arguments = command(*made.grade(gradebook, 3, "--jobs", "2"))
    for goal in (20, 60):
        process = subprocess.Popen(arguments, cwd=ROOT)
        wait_until(lambda wanted=goal: results(gradebook) >= wanted)  # type: ignore[misc]
        top, started = children(process.pid), descendants(process.pid)
        [workers, sandboxes] = (
            [child for pid in top if doing in cmdline(pid) for child in children(pid)]
            for doing in (b"multiprocessing.forkserver", b"grader.sandbox.inside.zygote_server")
        )
        assert (len(workers), len(sandboxes)) == (2, 2)
        if goal == 20:
            # what a worker had under way is graded by another, and nobody is told
            os.kill(workers[0], signal.SIGKILL)
            wait_until(lambda: results(gradebook) >= 40)
            started += descendants(process.pid)
        end(process, signal.SIGKILL)
        # nobody is left behind
        wait_until(lambda pids=started: not any(map(alive, pids)))  # type: ignore[misc]
    assert 60 <= results(gradebook) < 120
    printed = run(*made.grade(gradebook, 3, "--jobs", "2"))
    assert "Not graded" not in printed
    assert scores(gradebook) == made.known
    assert results(gradebook) == 120


def test_a_cluster_of_two(made: Made, cluster: Cluster, tmp_path: Path) -> None:
    gradebook = tmp_path / "grades.db"
    part = made.part(tmp_path / "submissions", 20)
    wait_until(
        lambda: Path(cluster.folder / "dask_worker.log").read_text().count("Registered to") == 2
    )
    printed = run(*part.grade(gradebook, 4, "--scheduler", cluster.address))
    assert "20 graded now" in printed
    assert scores(gradebook) == part.known


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


def test_killed_again_and_again_nothing_is_lost_or_doubled(
    cluster: Cluster, zygote: Zygote, tmp_path: Path
) -> None:
    folder = tmp_path / "submissions"
    known = dict.fromkeys(make_class(folder, CLASS), 0)
    made = Made(folder, known)

    def arguments(gradebook: Path, *options: str) -> list[str | Path]:
        return made.grade(gradebook, 5, "--scheduler", cluster.address, *options)

    undisturbed = tmp_path / "undisturbed.db"
    zygote.start(arguments(undisturbed))
    assert zygote.status() == 0
    begun = time.monotonic()
    zygote.start(arguments(undisturbed, "--force"))
    assert zygote.status() == 0
    seconds = time.monotonic() - begun
    expected = state(undisturbed)
    assert expected["counts"]["grading"] == 2 * CLASS

    luck = random.Random()
    kills, in_the_middle, episode = 0, 0, 0
    while kills < KILLS or in_the_middle < IN_THE_MIDDLE:
        episode += 1
        gradebook = tmp_path / f"{episode}.db"
        for options, total in (((), CLASS), (("--force",), 2 * CLASS)):
            done = False
            while not done:
                before = results(gradebook)
                pid = zygote.start(arguments(gradebook, *options))
                time.sleep(luck.uniform(0, seconds))
                if kills < KILLS or in_the_middle < IN_THE_MIDDLE:
                    with suppress(ProcessLookupError):  # it may have come to its end
                        os.kill(pid, signal.SIGKILL)
                status = zygote.status()
                assert status in (0, -signal.SIGKILL), zygote.output.read_text()
                kills += status != 0
                # once its last word is written, the next `--force` is a new one, and not the same again
                ended = "run WHERE forced AND finished IS NOT NULL"
                done = status == 0 or (bool(options) and results(gradebook, ended) == 1)
                in_the_middle += status != 0 and before < results(gradebook) < total
                assert results(gradebook) <= total
        assert state(gradebook) == expected
    assert "Traceback" not in zygote.output.read_text()


def test_a_worker_of_the_cluster_is_killed_in_the_middle(
    made: Made, cluster: Cluster, tmp_path: Path
) -> None:
    gradebook = tmp_path / "grades.db"
    part = made.part(tmp_path / "submissions", 40)
    arguments = command(*part.grade(gradebook, 6, "--scheduler", cluster.file))
    process = subprocess.Popen(
        arguments, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    wait_until(lambda: results(gradebook) >= 5)
    os.kill(cluster.workers[0].pid, signal.SIGKILL)
    printed = process.communicate()[0]
    assert process.returncode == 0, printed
    assert "40 graded now" in printed
    assert scores(gradebook) == part.known


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
