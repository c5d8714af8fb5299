"""One warm sandbox for all tests, and one with short limits for what hangs."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from grader import grade, load_course
from grader.course.catalog import Course
from grader.report import ExerciseResult
from grader.sandbox import Limits, Sandbox
from grader.submission import Submission

os.environ["GRADER_LANG"] = "en"  # whatever the locale of this machine is
ROOT = Path(__file__).resolve().parent.parent
Grade = Callable[..., ExerciseResult]


@pytest.fixture(scope="session")
def course() -> Course:
    return load_course()


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as running:
        yield running


@pytest.fixture(scope="session")
def strict_sandbox() -> Iterator[Sandbox]:
    """Short limits, for code that is meant to meet them."""
    limits = Limits(
        import_seconds=2, call_seconds=1, exercise_seconds=3, memory_bytes=1 << 30, open_files=64
    )
    with Sandbox(limits) as running:
        yield running


@pytest.fixture
def graded(course: Course, sandbox: Sandbox) -> Grade:
    """Grades a text as one exercise: `graded("my_linear", text)`."""

    def run(
        name: str, text: str, *, box: Sandbox | None = None, seed: int | None = None
    ) -> ExerciseResult:
        report = grade(
            Submission.of_text(name, text), course=course, sandbox=box or sandbox, seed=seed
        )
        return report.exercises[0]

    return run
