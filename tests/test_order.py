"""Whoever was graded before, in whatever order: each submission gets the report that it gets alone.

A class is graded with one seed on machines that stay warm, and what is known of a case from one student is used for
the next. So this is tried with right, wrong and hostile files in seeded orders, each time with some of them left out.
"""

from __future__ import annotations

import gc
import random
import weakref
from pathlib import Path
from typing import Any

import pytest

from grader import grade
from grader.checking import collect
from grader.checking.session import Session
from grader.course.catalog import Course, load_course
from grader.machines import Machines
from grader.submission import Source, Submission
from tests.conftest import ROOT, told

pytestmark = pytest.mark.drawn

SEED = 11
HOSTILE = ("a_hard_exit", "a_patch_the_encoder", "a_answers_twice", "b_patch_builtins")
# its answers have the last byte of the tensors' block at the end of the header's text, wherever that is a blank
SHIFTED = """import struct
import sys

frame = sys._getframe()
while frame and "pack" not in frame.f_globals:
    frame = frame.f_back
if frame:
    there, original = frame.f_globals, frame.f_globals["pack"]

    def shifted(header, block=b""):
        message = original(header, block)
        if block[:1] != b" ":
            return message
        text, rest = struct.unpack("<II", message[:8])
        return struct.pack("<II", text + 1, rest - 1) + message[8:]

    there["pack"] = shifted
"""


def some(name: str, kind: str, count: int) -> list[str]:
    paths = sorted((ROOT / "tests" / "submissions" / name / kind).glob("*.py"))
    return [path.read_text(encoding="utf-8") for path in paths[:count]]


def class_of(name: str) -> list[str]:
    """The texts of a class: right, wrong, hostile, unfinished and unreadable ones."""
    solution, stub = (
        (ROOT / folder / f"{name}.py").read_text(encoding="utf-8")
        for folder in ("solutions", "exercises")
    )
    texts = [solution, f"{solution}\n# another's\n", stub, "1 / 0\n", SHIFTED + solution]
    texts += some(name, "right", 1) + some(name, "wrong", 3)
    if name == "my_linear":
        texts += [(ROOT / "tests/attacks" / f"{one}.py").read_text("utf-8") for one in HOSTILE]
    return texts


def forget(course: Course, machines: Machines, name: str) -> None:
    """Makes the cases of an exercise forget what they have met."""
    devices = machines.environment.devices
    for check in collect.collect((course[name].checks,), devices).values():
        for case in check.cases:
            case.memo.under(object())


def graded(course: Course, machines: Machines, name: str, text: str) -> Any:
    submission = Submission.of_text(name, text)
    return told(grade(submission, course=course, machines=machines, seed=SEED))


@pytest.mark.parametrize("name", ["my_linear", "bug_hunt"])
def test_each_gets_the_report_that_it_gets_alone(
    course: Course, machines: Machines, name: str
) -> None:
    texts = class_of(name)
    alone = []
    for text in texts:
        forget(course, machines, name)
        alone.append(graded(course, machines, name, text))
    assert {report["exercises"][0]["status"] for report in alone} >= {"passed", "partial", "error"}
    for order in range(2):
        rng = random.Random(f"{name}/{order}")
        numbers = rng.sample(range(len(texts)), len(texts) - 2)
        forget(course, machines, name)
        for number in numbers:
            assert graded(course, machines, name, texts[number]) == alone[number], (order, number)


# checks whose author was careless


CARELESS = """
import random
from typing import Any
import pytest, torch
from grader import Draw, Student, expect, expect_close, points, probe

@probe
def run(student: Any, x: Any) -> Any:
    return student.f(x)

@pytest.mark.parametrize("n", [2, 3])
@points(10)
def test_it(student: Student, draw: Draw, n: int) -> None:
    reference = torch.nn.Linear(n, 1)
    jitter = random.random()
    x = {drawn}
    got = student.run(run, x=x)
    expect_close(got, 3 * x + 0 * reference.weight.sum() * jitter, "f(x)")
    expect(random.random() < 0.999, "Bad luck.")
    student.run(run, x=2 * x)
"""
BODIES = ("3 * x", "3 * x", "3 * x if len(x) == 2 else x + x + x * 1.001", "x", "{'a': x}", "1 / 0")


@pytest.mark.parametrize("drawn", ["draw.normal(n)", "torch.randn(n, dtype=draw.dtype)"])
def test_a_verdict_does_not_depend_on_who_was_graded_before(
    tmp_path: Path, machines: Machines, drawn: str
) -> None:
    for folder in ("checks", "solutions"):
        (tmp_path / folder).mkdir()
    (tmp_path / "course.toml").write_text('title = "T"\n', encoding="utf-8")
    (tmp_path / "checks" / "it.py").write_text(CARELESS.format(drawn=drawn), encoding="utf-8")
    (tmp_path / "solutions" / "it.py").write_text("def f(x):\n    return 3 * x\n")
    course = load_course(tmp_path)
    texts = [f"def f(x):\n    return {body}\n" for body in BODIES]
    alone = []
    for text in texts:
        forget(course, machines, "it")
        alone.append(graded(course, machines, "it", text))
    if "torch" in drawn:
        assert {report["exercises"][0]["status"] for report in alone} == {"fault"}
    else:
        assert [report["exercises"][0]["score"] for report in alone[:4]] == [10, 10, 0, 0]
    for order in range(4):
        forget(course, machines, "it")
        for number in random.Random(order).sample(range(len(texts)), len(texts) - 1):
            assert graded(course, machines, "it", texts[number]) == alone[number], (order, number)


def test_nothing_of_a_student_stays_behind(
    course: Course, machines: Machines, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is known of a case is data: no source, no session and no child lives on through it."""
    alive: list[weakref.ref[object]] = []
    init = Session.__init__

    def noted(session: Session, name: str, source: Source, *rest: Any, **more: Any) -> None:
        init(session, name, source, *rest, **more)
        alive.extend((weakref.ref(session), weakref.ref(source)))

    monkeypatch.setattr(Session, "__init__", noted)
    for text in class_of("my_linear"):
        graded(course, machines, "my_linear", text)
    graded(
        course,
        machines,
        "my_linear",
        "class MyLinear:\n    def __init__(self, *a): self.weights = a\n",
    )
    gc.collect()
    assert len(alive) > 20
    assert [reference() for reference in alive if reference() is not None] == []
