"""A class that is graded while the processes that grade it are killed: every score is right, or it is not there yet."""

from __future__ import annotations

import os
import random
import signal
import subprocess
from contextlib import suppress
from pathlib import Path

import pytest

from grader import grade
from grader.classroom.gradebook.reader import open_gradebook
from grader.course.catalog import Course
from grader.machines import Machines
from grader.submission import Submission
from tests.classes import EXERCISE, RIGHT, WRONG, command, scores
from tests.conftest import ROOT

pytestmark = [pytest.mark.timeout(300), pytest.mark.drawn]
SEED = "1"
CLASS = 24
ZYGOTE, SERVER = b"inside.zygote import", b"inside.zygote_server import"
RUNS = 6  # of the same command, at the most, until everybody has a score


@pytest.fixture(scope="module")
def deserved(course: Course, machines: Machines) -> dict[str, int]:
    """Text → its score, graded alone."""
    texts = [path.read_text(encoding="utf-8") for path in (*RIGHT, *WRONG[:4])]
    return {
        text: grade(
            Submission.of_text(EXERCISE, text), course=course, machines=machines, seed=int(SEED)
        ).score
        for text in texts
    }


class Processes:
    """What a command has started by now, as `/proc` tells it."""

    def __init__(self, pid: int) -> None:
        self.workers: list[int] = []
        self.zygotes: list[int] = []
        self.servers: list[int] = []
        self.children: list[int] = []  # of zygotes: student code runs in them
        self._look(pid, b"")

    def _look(self, pid: int, parents: bytes) -> None:
        with suppress(OSError):
            listed = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
            for child in map(int, listed):
                line = Path(f"/proc/{child}/cmdline").read_bytes()
                if SERVER in line and SERVER not in parents:
                    self.servers.append(child)
                elif SERVER in line or ZYGOTE in line:
                    (self.children if pid in self.zygotes else self.zygotes).append(child)
                elif b"forkserver" in parents or b"multiprocessing.spawn" in line:
                    self.workers.append(child)
                self._look(child, line)


def handed_in(folder: Path, texts: list[str]) -> dict[str, str]:
    """Student → text; each with a line of its own."""
    made = {}
    for number in range(CLASS):
        student = f"s{number:02}"
        made[student] = texts[number % len(texts)]
        (folder / student).mkdir(parents=True)
        source = f"{made[student]}\n# handed in by {student}\n"
        (folder / student / f"{EXERCISE}.py").write_text(source, encoding="utf-8")
    return made


def killed_meanwhile(
    arguments: list[str], kills: int, luck: random.Random, output: Path, children_too: bool
) -> tuple[int, int]:
    """Runs a command and kills what grades for it; its status, and how many kills there were."""
    done = 0
    with output.open("ab") as printed:
        process = subprocess.Popen(arguments, cwd=ROOT, stdout=printed, stderr=printed)
        while process.poll() is None:
            with suppress(subprocess.TimeoutExpired):
                process.wait(luck.uniform(0, 0.3))
            found = Processes(process.pid)
            # a kind is drawn first: there are more of some
            kinds = [found.workers, found.servers, *[found.zygotes] * 4]
            victims = luck.choice(kinds + [found.children] * (4 * children_too))
            # most of them while somebody is graded: to start anew takes ten times as long
            if done < kills and victims and (found.children or luck.random() < 0.1):
                with suppress(ProcessLookupError):
                    os.kill(luck.choice(victims), signal.SIGKILL)
                    done += 1
    return process.returncode, done


@pytest.mark.parametrize(("jobs", "kills"), [("1", 3), ("2", 6)])
def test_killed_at_random_every_score_is_right(
    deserved: dict[str, int], machines: Machines, tmp_path: Path, jobs: str, kills: int
) -> None:
    # where a child could kill itself, one that was killed is at fault
    held = "no signals to others" in machines.environment.isolation
    kills = int(os.environ.get("GRADER_TEST_KILLS", kills))
    known = handed_in(tmp_path / "lab", list(deserved))
    gradebook, output = tmp_path / "g.db", tmp_path / "printed"
    options: list[str | Path] = ["--gradebook", gradebook, "--jobs", jobs, "--seed", SEED]
    arguments = command("grade", tmp_path / "lab", "--exercise", EXERCISE, *options)
    luck = random.Random(jobs)
    total, status = 0, 1
    for _ in range(RUNS):
        status, done = killed_meanwhile(arguments, kills - total, luck, output, held)
        total += done
        printed = output.read_text(encoding="utf-8")
        assert "Traceback" not in printed
        # 2: its workers were killed faster than they can start
        assert status in (0, 1) or "end as soon as they are started" in printed, printed
        # whatever is there is right; what could not be graded is not there
        with open_gradebook(gradebook) as opened:
            assert opened.check() == []
            for record in opened.records():
                results = [e.score for e in opened.history(record.student.id) if e.kind == "graded"]
                assert results in ([], [deserved[known[record.student.id]]]), record.student.id
                assert record.score == (results[0] if results else None)
        if status == 0:
            break
    assert status == 0, printed
    assert scores(gradebook) == {student: deserved[text] for student, text in known.items()}
