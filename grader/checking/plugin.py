"""The pytest plugin: which fixtures a check may ask for, and the devices and dtypes that it is collected for.

A check is a function `test_<name>` with `@points(n)` and a docstring, the sentence that the student reads. It asks for
`student` (and runs on the CPU) or for `elsewhere` (and runs on every other device), for `dtype` or `draw` (and runs in
float32 and float64), and may be parametrized as any test. It passes when every case does.
"""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from .drawing.rounds import FLOATS, chosen

# where the inputs of a case are drawn and its reference is worked out: autograd on the GPU is one more reference
HOMES: dict[str, tuple[str, ...]] = {"cuda": ("cpu", "cuda")}
FIXTURES = ("student", "elsewhere", "draw", "dtype", "device", "home", "round")


def points(number: int) -> pytest.MarkDecorator:
    """What a check is worth: a whole number of points."""
    return pytest.mark.points(number)


def needs(*checks: str) -> pytest.MarkDecorator:
    """Names earlier checks (without `test_`) that must pass for this one to mean anything."""
    return pytest.mark.needs(*checks)


def follows(*checks: str) -> pytest.MarkDecorator:
    """Names earlier checks (without `test_`) of what this one works with: where one of them fails, this one says so."""
    return pytest.mark.follows(*checks)


def rounds(*names: str, half: bool = False, single: bool = False) -> pytest.MarkDecorator:
    """Has a check's inputs drawn anew in several rounds, from the published use to large sizes; see `rounds.py`.

    Args:
        names: those of the rounds, where not all ordinary ones are wanted.
        half: one round more, in float16 and bfloat16.
        single: one case a round, for a check in which no dtype of an input matters.

    Raises:
        CourseFault: if there is no round of a name.
    """
    chosen(names, half, single)
    return pytest.mark.rounds(*names, half=half, single=single)


class CollectionPlugin:
    """Has pytest collect a check file for some devices. No fixture has a value here: `run.py` calls the checks.

    Args:
        devices: the devices to run on, the CPU among them. Where it is alone, checks that ask for
            `elsewhere` run on it.
    """

    def __init__(self, devices: Sequence[str]) -> None:
        self._elsewhere = [device for device in devices if device != "cpu"] or ["cpu"]
        self.items: list[pytest.Function] = []
        self.faults: list[
            tuple[str, str]
        ] = []  # pytest's name of the place, and what is wrong there

    @pytest.fixture
    def dtype(self) -> None: ...

    @pytest.fixture
    def device(self) -> None: ...

    @pytest.fixture
    def home(self) -> None: ...

    @pytest.fixture
    def round(self) -> None: ...

    @pytest.fixture
    def draw(self, dtype: None, home: None, round: None) -> None: ...

    @pytest.fixture
    def student(self, device: None, round: None) -> None: ...

    @pytest.fixture
    def elsewhere(self, device: None, round: None) -> None: ...

    def pytest_configure(self, config: pytest.Config) -> None:
        config.addinivalue_line("markers", "points(number): what the check is worth")
        config.addinivalue_line("markers", "needs(*checks): earlier checks that must pass")
        config.addinivalue_line("markers", "follows(*checks): earlier checks it uses")
        config.addinivalue_line(
            "markers", "rounds(*names, half, single): how often inputs are drawn"
        )

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        self._parametrize_rounds(metafunc)
        wanted = self._elsewhere if "elsewhere" in metafunc.fixturenames else ["cpu"]
        pairs = [(device, home) for device in wanted for home in HOMES.get(device, ("cpu",))]
        named = [name for name in ("device", "home") if name in metafunc.fixturenames]
        if named:
            values = [tuple({"device": d, "home": h}[name] for name in named) for d, h in pairs]
            metafunc.parametrize(named, list(dict.fromkeys(values)), indirect=True)

    def _parametrize_rounds(self, metafunc: pytest.Metafunc) -> None:
        """A case for each round and dtype that the check asks for."""
        marker = metafunc.definition.get_closest_marker("rounds")
        has_dtype = "dtype" in metafunc.fixturenames
        if marker is None:
            if has_dtype:
                names = [str(dtype).removeprefix("torch.") for dtype in FLOATS]
                metafunc.parametrize("dtype", FLOATS, ids=names, indirect=True)
            return
        wanted = chosen(marker.args, **marker.kwargs)
        if not has_dtype:
            names = [each.name for each in wanted]
            metafunc.parametrize("round", wanted, ids=names, indirect=True)
            return
        pairs = [(each, dtype) for each in wanted for dtype in each.dtypes]
        names = [f"{each.name}, {str(dtype).removeprefix('torch.')}" for each, dtype in pairs]
        metafunc.parametrize(("round", "dtype"), pairs, ids=names, indirect=True)

    def pytest_internalerror(self, excinfo: pytest.ExceptionInfo[BaseException]) -> bool:
        """What stops pytest itself, such as a check file whose import ends the program."""
        self.faults.append(("", f"{excinfo.type.__name__}: {excinfo.value}"))
        return True  # pytest is not to print it

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self.faults.append((report.nodeid, _reason(report.longreprtext)))

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        self.items = [item for item in session.items if isinstance(item, pytest.Function)]


def _reason(text: str) -> str:
    """What an exception says, of all that pytest prints of it."""
    reasons = [line[1:].strip() for line in text.splitlines() if line.startswith("E ")]
    return reasons[-1] if reasons else text
