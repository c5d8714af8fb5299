"""The pytest plugin: gives checks their fixtures and cases, and collects what came of them.

A check is a function `test_<name>` with `@points(n)` and a docstring, the sentence that the student reads. It asks for
`student` (and runs on every device), for `dtype` or `draw` (and runs in float32 and float64), and may be parametrized
as any test. It passes when every case does.
"""

from __future__ import annotations

import inspect
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import pytest
import torch

from .language import _
from .outcome import CheckFailed, CheckOutcome, CourseFault
from .report import CaseResult, CheckResult, CheckStatus
from .student import Draw, Student, seed_of
from .workbench import Workbench

FLOATS = (torch.float32, torch.float64)

# the worst of several cases names the check's status
_SEVERITY: Sequence[CheckStatus] = (
    "error",
    "timeout",
    "failed",
    "not_started",
    "not_reached",
    "skipped",
    "passed",
)


def points(number: int) -> pytest.MarkDecorator:
    """What a check is worth: a whole number of points."""
    return pytest.mark.points(number)


def needs(*checks: str) -> pytest.MarkDecorator:
    """Names earlier checks (without `test_`) that must pass for this one to mean anything."""
    return pytest.mark.needs(*checks)


@dataclass
class _Case:
    device: str | None
    dtype: str | None
    label: str
    status: CheckStatus
    message: str = ""
    cause: str = ""


@dataclass
class _Check:
    name: str
    description: str
    points: int
    needs: tuple[str, ...]
    seconds: float = 0.0
    cases: list[_Case] = field(default_factory=list)

    @property
    def status(self) -> CheckStatus:
        return min((case.status for case in self.cases), key=_SEVERITY.index, default="not_reached")

    def result(self) -> CheckResult:
        status = self.status
        told = next((case for case in self.cases if case.status == status), None)
        worst: dict[tuple[str | None, str | None], CheckStatus] = {}
        for case in self.cases:
            key = case.device, case.dtype
            worst[key] = min(worst.get(key, "passed"), case.status, key=_SEVERITY.index)
        return CheckResult(
            name=self.name,
            description=self.description,
            status=status,
            points=self.points,
            score=self.points if status == "passed" else 0,
            message=self._message(told) if told and status != "passed" else "",
            cause=self._cause(status),
            seconds=round(self.seconds, 4),
            cases=tuple(CaseResult(*key, status) for key, status in worst.items()),
        )

    def _message(self, told: _Case) -> str:
        """The first such case's message, and which case that is where others went otherwise."""
        alike = sum(case.status == told.status for case in self.cases)
        if alike == len(self.cases) or told.status == "not_reached" or not told.label:
            return told.message
        where = _("(With {case}; {count} of {total} cases.)")
        told_where = where.format(case=told.label, count=alike, total=len(self.cases))
        return f"{told.message} {told_where}"

    def _cause(self, status: CheckStatus) -> str:
        """The cause, if every case that ended so names the same one or none; a guess that wavers is kept back."""
        causes = {case.cause for case in self.cases if case.status == status and case.cause}
        return causes.pop() if len(causes) == 1 else ""


class GradingPlugin:
    """Runs the checks of some exercises on a workbench each.

    Args:
        workbenches: by the check's module name; an exercise without one was not handed in.
        seeds: the exercise's seed, by the same names.
        devices: the devices to run on.
    """

    def __init__(
        self,
        workbenches: Mapping[str, Workbench],
        seeds: Mapping[str, int],
        devices: Sequence[str],
    ) -> None:
        self._workbenches = workbenches
        self._seeds = seeds
        self._devices = devices
        self._checks: dict[str, dict[str, _Check]] = {}
        self.faults: list[str] = []

    def results(self, exercise: str) -> tuple[CheckResult, ...]:
        """What came of an exercise's checks, in the order of their file."""
        return tuple(check.result() for check in self._checks.get(exercise, {}).values())

    # fixtures

    @pytest.fixture
    def dtype(self, request: pytest.FixtureRequest) -> torch.dtype:
        dtype: torch.dtype = request.param
        return dtype

    @pytest.fixture
    def device(self, request: pytest.FixtureRequest) -> str:
        return str(request.param)

    @pytest.fixture
    def draw(self, request: pytest.FixtureRequest, dtype: torch.dtype) -> Draw:
        return Draw(self._seed(request.node), dtype)

    @pytest.fixture
    def student(self, request: pytest.FixtureRequest, device: str) -> Student:
        exercise = _exercise_of(request.node)
        return Student(self._workbenches[exercise], device, self._seed(request.node))

    def _seed(self, item: pytest.Item) -> int:
        return seed_of(self._seeds[_exercise_of(item)], item.name)

    # hooks

    def pytest_configure(self, config: pytest.Config) -> None:
        config.addinivalue_line("markers", "points(number): what the check is worth")
        config.addinivalue_line("markers", "needs(*checks): earlier checks that must pass")

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        if "dtype" in metafunc.fixturenames:
            names = [str(dtype).removeprefix("torch.") for dtype in FLOATS]
            metafunc.parametrize("dtype", FLOATS, ids=names, indirect=True)
        if "device" in metafunc.fixturenames:
            metafunc.parametrize("device", self._devices, indirect=True)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self.faults.append(f"{report.nodeid or 'the checks'}: {report.longreprtext}")

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        for item in items:
            self._check_of(item)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        start = time.perf_counter()
        try:
            return (yield)
        finally:
            self._check_of(item).seconds += time.perf_counter() - start

    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        check = self._check_of(item)
        exercise = _exercise_of(item)
        workbench = self._workbenches.get(exercise)
        if workbench is None:
            raise CheckOutcome("not_reached", _("There is no file for this exercise."))
        if workbench.load_problem:
            raise CheckOutcome("not_reached", _("The file could not be loaded."))
        for name in check.needs:
            if name not in self._checks[exercise]:
                raise CourseFault(f"{check.name} needs {name}, which is not a check.")
            if self._checks[exercise][name].status != "passed":
                first = self._checks[exercise][name].description
                told = _("Not tried, because this comes first: {check}").format(check=first)
                raise CheckOutcome("not_reached", told)
        if any(case.status == "timeout" for case in check.cases):
            raise CheckOutcome("not_reached", _("Not run after an earlier case timed out."))

    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo[None]) -> None:
        if (call.when == "setup" and call.excinfo is None) or call.when == "teardown":
            return
        case = _Case(*_place_of(item), status="passed")
        error = call.excinfo.value if call.excinfo else None
        if isinstance(error, AssertionError):
            error = CheckFailed(str(error))
        if isinstance(error, CheckOutcome):
            case.status, case.message, case.cause = error.status, error.message, error.cause
        elif error is not None:
            if isinstance(error, KeyboardInterrupt):
                return
            case.status = "error"
            case.message = _(
                "The grader is at fault here, not your code ({error}). "
                "Please report it to your instructor."
            ).format(error=f"{type(error).__name__}: {error}")
        self._check_of(item).cases.append(case)

    def _check_of(self, item: pytest.Item) -> _Check:
        assert isinstance(item, pytest.Function)
        name = item.originalname.removeprefix("test_")
        checks = self._checks.setdefault(_exercise_of(item), {})
        if name not in checks:
            worth = item.get_closest_marker("points")
            wanted = item.get_closest_marker("needs")
            text = " ".join((inspect.getdoc(item.function) or name).split("\n\n")[0].split())
            checks[name] = _Check(
                name=name,
                description=_(text),
                points=worth.args[0] if worth else 0,
                needs=wanted.args if wanted else (),
            )
        return checks[name]


def _exercise_of(item: pytest.Item) -> str:
    return item.path.stem


def _place_of(item: pytest.Item) -> tuple[str | None, str | None, str]:
    """Device, dtype, and what tells this case from the others of its check."""
    params = dict(item.callspec.params) if hasattr(item, "callspec") else {}
    device, dtype = params.pop("device", None), params.pop("dtype", None)
    name = str(dtype).removeprefix("torch.") if dtype else None
    labels = [f"{key} = {value}" for key, value in params.items()] + ([name] if name else [])
    return device, name, ", ".join(labels)
