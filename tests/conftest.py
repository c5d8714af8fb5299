"""One warm sandbox for all tests, and one with short limits for what hangs."""

from __future__ import annotations

import gc
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, settings

from grader import grade, load_course
from grader.course.catalog import Course
from grader.language import OWN
from grader.machines import Machines
from grader.report import ExerciseResult, Report
from grader.sandbox import Limits, Sandbox
from grader.submission import Submission
from tests.drawn import is_drawn
from tests.ordinary_user import OrdinaryUser, ordinary_user

if TYPE_CHECKING:
    from playwright.sync_api import Browser

gc.disable()  # until everything is collected
# the grammar of addresses, which jsonschema imports if it can: it takes seconds, and no schema here asks for it
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]
os.environ["GRADER_LANG"] = "en"  # whatever the locale of this machine is
# a busy machine is slow, and no finding
settings.register_profile("suite", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("suite")
ROOT = Path(__file__).resolve().parent.parent
Grade = Callable[..., ExerciseResult]


def pytest_configure() -> None:
    """Compiles what was translated since; where there is no Babel, what is compiled stays as it is."""
    if find_spec("babel"):
        from grader.authoring.po_files import compile_old

        for folder in (OWN, ROOT / "locale"):
            compile_old(folder)


def pytest_collection_finish() -> None:
    """What was imported and collected stays: the collector of garbage need not look through it again and again."""
    gc.enable()
    gc.freeze()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--unconfined",
        action="store_true",
        help="grade without what the kernel confines children with, as where it has nothing of it",
    )


@pytest.hookimpl(wrapper=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> Iterator[None]:
    """Leaves out what is not drawn. Tests that share a fixture of their module run in one process: it is made once."""
    left_out = [
        item
        for item in items
        if item.get_closest_marker("drawn") and not is_drawn(item.nodeid, 1 / 3)
    ]
    if left_out:
        items[:] = [item for item in items if item not in left_out]
        left_out[0].config.hook.pytest_deselected(items=left_out)
    for item in items:
        fixtures = (
            item._fixtureinfo.name2fixturedefs.values() if isinstance(item, pytest.Function) else ()
        )
        shares = any(each.scope == "module" for several in fixtures for each in several)
        if shares and not _is_grouped(item):
            item.add_marker(pytest.mark.xdist_group(item.nodeid.partition("::")[0]))
    items.sort(key=_turn)
    yield
    # pytest 9.2 does not look where pytest-xdist 3.8 writes a test's group (its issue 1386), which then has no effect
    for item in items:
        written = getattr(item, "_nodeid", item.nodeid)
        if written != item.nodeid:
            node: Any = item
            node._id = type(node._id).parse(written)


def _turn(item: pytest.Item) -> int:
    """Of those that share nothing, the long ones begin first, so that no process is left alone with one at the end.

    What lies at the top goes through several rooms, with processes of its own.
    """
    if item.get_closest_marker("timeout") and not _is_grouped(item):
        return 0
    return 1 if item.path.parent == ROOT / "tests" else 2


def _is_grouped(item: pytest.Item) -> bool:
    return item.get_closest_marker("xdist_group") is not None


def told(report: Report) -> dict[str, Any]:
    """All that a report says, but for the time that each check took."""
    data = report.to_dict()
    for exercise in data["exercises"]:
        for check in exercise["checks"]:
            del check["seconds"]
    return data


@pytest.fixture(scope="session")
def course() -> Course:
    return load_course()


@pytest.fixture(scope="session")
def machines(course: Course, pytestconfig: pytest.Config) -> Iterator[Machines]:
    with Machines(course, confined=not pytestconfig.getoption("unconfined")) as running:
        yield running


@pytest.fixture
def shared_machines(machines: Machines, monkeypatch: pytest.MonkeyPatch) -> Machines:
    """What a command that runs in this process grades with: to start a sandbox of its own would take seconds."""
    monkeypatch.setattr(Machines, "_started", lambda _: machines._sandboxes)
    monkeypatch.setattr(Machines, "close", lambda _: None)
    return machines


@pytest.fixture
def worker_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """`grader grade` that runs in this process grades in it, too, whatever `--jobs` says: a worker takes seconds."""
    # here, as its packages may not be installed where no class is tested
    from tests.classes import Here

    workers = Here().workers
    monkeypatch.setattr("grader.classroom.run.pool.local_workers", lambda *_, **__: workers)


@pytest.fixture(scope="session")
def sandbox(machines: Machines) -> Sandbox:
    return machines.sandbox()


@pytest.fixture(scope="session")
def strict_machines(course: Course) -> Iterator[Machines]:
    """Short limits, for code that is meant to meet them."""
    limits = Limits(
        import_seconds=2, call_seconds=1, exercise_seconds=3, memory_bytes=1 << 30, open_files=64
    )
    with Machines(course, limits=limits) as running:
        yield running


@pytest.fixture(scope="session")
def strict_sandbox(strict_machines: Machines) -> Sandbox:
    return strict_machines.sandbox()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Of a module, not of all tests: as long as it runs, asyncio cannot be used in this process."""
    from tests.browsers import chromium  # may not be installed where no page is tested

    with chromium() as running:
        yield running


@pytest.fixture(scope="session")
def another_user() -> Iterator[OrdinaryUser]:
    """In a folder that everybody can reach, as the tests' own is root's alone."""
    with tempfile.TemporaryDirectory() as folder:
        yield ordinary_user(Path(folder))


@pytest.fixture
def graded(machines: Machines) -> Grade:
    """Grades a text as one exercise: `graded("my_linear", text)`."""

    def run(
        name: str, text: str, *, on: Machines | None = None, seed: int | None = None
    ) -> ExerciseResult:
        report = grade(Submission.of_text(name, text), machines=on or machines, seed=seed)
        return report.exercises[0]

    return run
