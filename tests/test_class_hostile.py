"""Hostile submissions in a class: whoever comes beside or after them gets what they get alone, to the character."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from textwrap import dedent, indent
from typing import Any

import pytest

from grader import grade
from grader.classroom.gradebook.reader import Gradebook, open_gradebook
from grader.classroom.run.conditions import GradingConditions
from grader.classroom.run.grade_class import grade_class
from grader.classroom.run.pool import local_workers
from grader.course.catalog import Course
from grader.machines import Machines
from grader.report import Report
from grader.sandbox import Limits
from grader.submission import Submission
from tests.classes import EXERCISE, RIGHT, WRONG

pytestmark = [pytest.mark.timeout(600), pytest.mark.drawn]
SEED = 1
CLASS = int(os.environ.get("GRADER_TEST_CLASS", "24"))
LIMITS = Limits(
    import_seconds=3,
    call_seconds=2,
    exercise_seconds=6,
    memory_bytes=1 << 30,
    folder_bytes=64 << 20,
    open_files=64,
)
# what each does when it is imported; the rest of its file is a right solution
ATTACKS = {
    "makes the folders of those who come later": """
        for number in range(400):
            try:
                os.mkdir(f"../{number}")
            except OSError:
                pass
    """,
    "closes the folder of all children": "os.chmod('..', 0)",
    "closes its own folder": "os.chmod('.', 0)",
    "closes the gradebook": """
        for path in GRADEBOOK, GRADEBOOK + "-wal", os.path.dirname(GRADEBOOK):
            os.chmod(path, 0o400)
    """,
    "moves the border between the parts of its answers": """
        frame = sys._getframe()
        while frame and "pack" not in frame.f_globals:
            frame = frame.f_back
        if frame:
            theirs, pack = frame.f_globals, frame.f_globals["pack"]

            def shifted(*arguments):
                raw = pack(*arguments)
                head, block = struct.unpack("<II", raw[:8])
                return struct.pack("<II", head + 1, block - 1) + raw[8:] if block else raw

            theirs["pack"] = shifted
    """,
    "drips into every descriptor": """
        def drip():
            while True:
                for descriptor in range(3, 64):
                    try:
                        os.write(descriptor, b"x")
                    except OSError:
                        pass
                time.sleep(0.005)

        threading.Thread(target=drip, daemon=True).start()
    """,
    "makes a deep chain of folders": """
        for _ in range(1800):
            os.mkdir("a")
            os.chdir("a")
    """,
    "makes more folders than anybody needs": """
        for number in range(3_000):
            os.mkdir(str(number))
    """,
    "takes memory without end": """
        kept = []
        while True:
            kept.append(b"x" * (64 << 20))
    """,
    "shares memory, and talks meanwhile": """
        kept = []
        while True:
            kept.append(mmap.mmap(-1, 16 << 20))
            kept[-1].write(b"x" * (16 << 20))
            os.write(1, b".")
            time.sleep(0.001)
    """,
    "ends the process that made it": "os.kill(os.getppid(), signal.SIGKILL)",
    "ends every process": "os.kill(-1, signal.SIGKILL)",
    "leaves a process behind": """
        if os.fork() == 0:
            os.setsid()
            while True:
                time.sleep(1)
    """,
}
# seconds each, by whatever ends them: only where two are graded side by side
LASTING = (
    "drips into every descriptor",
    "takes memory without end",
    "shares memory, and talks meanwhile",
)
IMPORTS = "import mmap, os, signal, struct, sys, threading, time"


def hostile(attack: str, gradebook: Path) -> str:
    """A right solution that attacks when it is imported; what is refused stops nothing."""
    body = indent(dedent(ATTACKS[attack]).strip(), "    ")
    start = f"{IMPORTS}\nGRADEBOOK = {str(gradebook)!r}\n"
    tried = f"try:\n{body}\nexcept OSError:\n    pass\n"
    return f"{RIGHT[0].read_text(encoding='utf-8')}\n\n{start}{tried}"


@pytest.fixture(scope="module")
def honest() -> list[str]:
    return [path.read_text(encoding="utf-8") for path in (*RIGHT, *WRONG[:5])]


@pytest.fixture(scope="module")
def alone(course: Course, machines: Machines, honest: list[str]) -> dict[str, dict[str, Any]]:
    """Text → its report, where nobody else is graded."""
    found = {}
    for text in honest:
        submission = Submission.of_text(EXERCISE, text)
        found[text] = plain(grade(submission, course=course, machines=machines, seed=SEED))
    return found


def plain(report: Report) -> dict[str, Any]:
    """All of a report but for whose it is and how long it took."""
    data = replace(report, submission="").to_dict()
    for exercise in data["exercises"]:
        for check in exercise["checks"]:
            check["seconds"] = 0
    return data


@pytest.fixture
def gradebook(tmp_path: Path) -> Iterator[Gradebook]:
    with open_gradebook(tmp_path / "grades.db", create=True) as opened:
        yield opened


@pytest.mark.parametrize("jobs", [1, 2])
def test_the_honest_get_what_they_get_alone(
    course: Course,
    honest: list[str],
    alone: dict[str, dict[str, Any]],
    gradebook: Gradebook,
    tmp_path: Path,
    jobs: int,
) -> None:
    named = [attack for attack in ATTACKS if jobs > 1 or CLASS > 24 or attack not in LASTING]
    attacks = [hostile(attack, tmp_path / "grades.db") for attack in named]
    half = CLASS // 2
    texts = [*(honest[n % len(honest)] for n in range(CLASS - half))]
    texts += [attacks[n % len(attacks)] for n in range(half)]
    random.Random(jobs).shuffle(texts)
    for number, text in enumerate(texts):
        folder = tmp_path / "lab" / f"s{number:02}"
        folder.mkdir(parents=True)
        (folder / f"{EXERCISE}.py").write_text(text, encoding="utf-8")
    summary = grade_class(
        tmp_path / "lab",
        gradebook,
        conditions=GradingConditions(seed=SEED, limits=LIMITS),
        course=course,
        workers=local_workers(jobs, course, LIMITS),
    )
    differences = {}
    for number, (text, record) in enumerate(zip(texts, gradebook.records(), strict=True)):
        assert record.student.id == f"s{number:02}"
        if text in alone:
            got = plain(record.report) if record.report else {"problem": record.problem}
            if found := [f"{key}: {got[key]}" for key in got if got[key] != alone[text].get(key)]:
                differences[record.student.id] = found
    assert differences == {}
    # what is hostile is the work of whoever handed it in, and not the grader's fault
    assert summary.faults == {}
    assert gradebook.check() == []
