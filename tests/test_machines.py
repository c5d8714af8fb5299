"""One owner of the sandboxes: a course's limits hold, whoever grades."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from queue import SimpleQueue
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import CliRunner

import grader
from grader import grade, load_course
from grader.authoring.named_causes import Verdict, verdict_of
from grader.cli import main
from grader.course.catalog import Course
from grader.errors import CourseError, DeviceError, SandboxLost
from grader.machines import DEVICES, Machines, cores, free_memory, limits_of, preload_for
from grader.practice.events import Pressed
from grader.practice.magics import GraderMagics
from grader.report import ExerciseResult
from grader.sandbox import Limits, Sandbox, start_zygote_server
from grader.submission import Submission
from tests.synthetic_course import SOLUTION, make_course

TOLD = "importing the file did not finish within 1 second"
# sleeps for longer than the course allows; by the grader's own limits it would be right
SLOW = SOLUTION.replace("\nfrom torch", "\nimport time\n\nfrom torch", 1).replace(
    "\ndef double", "\n@[lambda f: f, time.sleep(3)][0]\ndef double", 1
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A course with a limit of its own, and the slow file as everybody hands it in."""
    folder = tmp_path_factory.mktemp("slow") / "course"
    make_course(folder, "[limits]\nimport_seconds = 1\n")
    for inner in ("work", "class/ada", "course/tests/submissions/double/right"):
        (folder.parent / inner).mkdir(parents=True)
        (folder.parent / inner / "double.py").write_text(SLOW, encoding="utf-8")
    wrong = folder / "tests" / "submissions" / "double" / "wrong" / "sum.py"
    wrong.parent.mkdir()
    head = "# wrong: x for 2x\n# fails: double\n# cause: other\n"
    wrong.write_text(head + SLOW.replace("2 * x", "x"), encoding="utf-8")
    return folder


@pytest.fixture(scope="module", autouse=True)
def quickly_started(machines: Machines) -> Iterator[None]:
    """Sandboxes are forked from one process that has imported torch already: seven would take 2 s each.

    Those of the session are started before, since they outlive that process.
    """

    def forked(limits: Limits, confined: bool, *, zygote_server: str, **others: Any) -> Sandbox:
        return Sandbox(limits, confined, zygote_server=server.address, **others)

    server = start_zygote_server()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("grader.machines.Sandbox", forked)
        yield
    server.close()


def said(*arguments: str, status: int) -> str:
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == status, result.output
    return " ".join(result.output.split())


def by_check(folder: Path) -> str:
    place = str(folder.parent / "work")
    return said("check", "--course", str(folder), "--from", place, status=2)


def by_grade(folder: Path) -> str:
    """Of a class; the worker is a process of its own."""
    book, place = str(folder.parent / "grades.db"), str(folder.parent / "class")
    said("grade", place, "--gradebook", book, "--course", str(folder), "--jobs", "1", status=0)
    from grader.classroom.gradebook.reader import open_gradebook

    with open_gradebook(book) as opened:
        report = opened.record("ada").report
    assert report
    return report.exercises[0].message


def by_watch(folder: Path) -> str:
    events: SimpleQueue[Pressed] = SimpleQueue()
    events.put(Pressed("q"))
    before = signal.getsignal(signal.SIGINT)
    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("grader.practice.watch.SimpleQueue", lambda: events)
            place = str(folder.parent / "work")
            return said("watch", "--course", str(folder), "--from", place, status=0)
    finally:
        signal.signal(signal.SIGINT, before)


def by_magic(folder: Path) -> str:
    """`%%check`; the cell itself takes as long as it likes."""
    run = SimpleNamespace(success=True)
    # what was run before is run again in the sandbox
    history = SimpleNamespace(input_hist_raw=["", SLOW])
    shell = SimpleNamespace(run_cell=lambda cell: run, history_manager=history)
    shown: list[str] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("grader.practice.magics.display", lambda html: shown.append(html.data))
        magics: Any = GraderMagics(shell, load_course(folder))
        magics.check("double", "pass")
    return shown[0]


def by_audit(folder: Path) -> str:
    return said("audit", "double", "--course", str(folder), status=1)


def by_causes(folder: Path) -> str:
    """The table counts causes alone: what is said of the file is seen where they are read off."""
    told: list[str] = []

    def seen(exercise: str, submission: str, text: str, result: ExerciseResult) -> Verdict:
        told.append(result.message)
        return verdict_of(exercise, submission, text, result)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("grader.authoring.named_causes.verdict_of", seen)
        said("audit", "double", "--causes", "--course", str(folder), status=0)
    return told[0]


def by_function(folder: Path) -> str:
    report = grade(folder.parent / "work", course=load_course(folder))
    return report.exercises[0].message


@pytest.mark.drawn
@pytest.mark.parametrize(
    "face", [by_check, by_grade, by_watch, by_magic, by_audit, by_causes, by_function]
)
def test_a_courses_limit_holds_everywhere(folder: Path, face: Callable[[Path], str]) -> None:
    assert TOLD in face(folder)


# the parts


def limited(**limits: object) -> Course:
    course = load_course()
    return Course(course.title, course.folder, course.exercises, limits)  # type: ignore[arg-type]


def test_limits_are_the_graders_but_for_what_the_course_says() -> None:
    limits = limits_of(limited(import_seconds=1, open_files=8))
    assert (limits.import_seconds, limits.open_files) == (1, 8)
    assert limits.call_seconds == Limits().call_seconds
    assert limits_of(limited()) == Limits()


@pytest.mark.parametrize(
    ("limits", "told"),
    [
        ({"patience": 1}, "has no 'patience'. It may have: .*import_seconds"),
        ({"import_seconds": 0}, "import_seconds must be a positive number"),
        ({"import_seconds": -1}, "import_seconds must be a positive number"),
        ({"import_seconds": float("inf")}, "import_seconds must be a positive number"),
        ({"import_seconds": float("nan")}, "import_seconds must be a positive number"),
        ({"import_seconds": True}, "import_seconds must be a positive number"),
        ({"import_seconds": "1"}, "import_seconds must be a positive number"),
        ({"memory_bytes": 0.5}, "memory_bytes must be a positive whole number"),
        ({"memory_bytes": True}, "memory_bytes must be a positive whole number"),
    ],
)
def test_limits_that_are_none(limits: dict[str, object], told: str) -> None:
    with pytest.raises(CourseError, match=rf"course\.toml: \[limits\] {told}"):
        Machines(limited(**limits))


def test_the_cpu_and_what_is_simulated_on_it_share_a_sandbox(machines: Machines) -> None:
    assert machines.devices == DEVICES == ("cpu", "sim")
    assert machines.sandbox("cpu") is machines.sandbox("sim") is machines.sandbox()


def test_the_same_sandboxes_for_another_course_or_fewer_devices(machines: Machines) -> None:
    alone = machines.on(devices=["cpu"])
    assert alone.environment.devices == ("cpu",)
    assert alone.sandbox() is machines.sandbox()
    assert machines.environment.devices == DEVICES
    other = machines.on(limited(import_seconds=1))
    assert other.limits == machines.limits  # those that the sandboxes were started with
    assert other.course is not machines.course


def test_a_device_that_was_asked_for_has_to_be_there(machines: Machines) -> None:
    machines.require_devices()
    strange = machines.on(devices=["cpu", "tpu"])
    assert strange.environment.absent == ("tpu: there is no such device",)
    with pytest.raises(DeviceError, match=r"asked for\. tpu: there is no such device"):
        strange.require_devices()


def test_the_environment_is_what_a_report_says(machines: Machines) -> None:
    import torch

    here = machines.environment
    assert here.grader == grader.__version__
    assert here.torch == str(torch.__version__)
    assert type(here.torch) is str
    assert here.isolation == tuple(layer.name for layer in machines.sandbox().layers() if layer.on)
    assert machines.environment is here  # looked at once


def test_a_restart_brings_new_sandboxes() -> None:
    with Machines(devices=["cpu"]) as machines:
        before = machines.sandbox()
        before.close()
        machines.restart()
        assert machines.sandbox() is not before
        assert machines.environment.devices == ("cpu",)


def test_a_restart_holds_for_whoever_shares_the_sandboxes() -> None:
    """As where an audit grades with a course of its own, and the class's machines go on to be used."""
    with Machines(devices=["cpu"]) as owner:
        shared = owner.on(limited(), devices=["cpu"])
        before = owner.sandbox()
        shared.restart()
        assert owner.sandbox() is shared.sandbox() is not before
        owner.restart()
        assert owner.sandbox() is shared.sandbox()
        last = owner.sandbox()
    with pytest.raises(SandboxLost):
        last.open()


class Noted:
    """Stands for a sandbox: notes how it was made, and what its children are to find imported."""

    def __init__(self, limits: Limits, confined: bool, **given: Any) -> None:
        self.limits, self.given, self.prepared = limits, given, list[tuple[str, ...]]()

    def prepare(self, preload: tuple[str, ...]) -> None:
        self.prepared.append(preload)

    def close(self) -> None: ...


def test_children_on_a_gpu_start_ahead_and_have_a_little_more_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("grader.machines.Sandbox", Noted)
    monkeypatch.setattr("grader.machines.smallest_gpu_bytes", lambda: 80 << 30)
    monkeypatch.setattr("grader.machines.cores", lambda: 16)
    with Machines(devices=["cpu", "cuda"], limits=Limits(call_seconds=2), workers=8) as machines:
        plain: Any = machines.sandbox()
        on_gpu: Any = machines.sandbox("cuda")
        assert (on_gpu.given, plain.given) == (
            {"device": "cuda", "ahead": 2, "packages": ()},
            {"zygote_server": "", "packages": ()},
        )
        assert plain.limits == Limits(call_seconds=2)
        assert 2 < on_gpu.limits.call_seconds <= 10
        assert on_gpu.limits.memory_bytes == plain.limits.memory_bytes
        machines.prepare(("torch._dynamo",))
        assert on_gpu.prepared == plain.prepared == [("torch._dynamo",)]


def test_the_cores_that_this_process_may_use(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("grader.machines._CGROUP", tmp_path)
    monkeypatch.setattr("os.sched_getaffinity", lambda pid: {0, 2, 5}, raising=False)
    assert cores() == 3
    monkeypatch.delattr("os.sched_getaffinity")
    monkeypatch.setattr("os.cpu_count", lambda: None)
    assert cores() == 1


def write_cgroup(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text, encoding="ascii")


V1 = {"cpu/cpu.cfs_period_us": "100000\n", "cpu/cpu.cfs_quota_us": "-1\n"}


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({}, 6),
        ({"cpu.max": "max 100000\n"}, 6),
        ({"cpu.max": "250000 100000\n"}, 2),
        ({"cpu.max": "50000 100000\n"}, 1),
        ({"cpu.max": "900000 100000\n"}, 6),
        ({"cpu.max": ""}, 6),
        (V1, 6),
        ({**V1, "cpu/cpu.cfs_quota_us": "300000\n"}, 3),
    ],
)
def test_a_containers_share_of_the_cores(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, files: dict[str, str], expected: int
) -> None:
    monkeypatch.setattr("os.sched_getaffinity", lambda pid: {*range(6)}, raising=False)
    monkeypatch.setattr("grader.machines._CGROUP", tmp_path)
    write_cgroup(tmp_path, files)
    assert cores() == expected


def test_memory_is_what_the_kernel_and_the_container_leave(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("grader.machines._CGROUP", tmp_path)
    write_cgroup(tmp_path, {"memory.max": "max\n", "memory.current": "5\n"})
    assert 1 << 24 < free_memory() < 1 << 50
    write_cgroup(tmp_path, {"memory.max": "70000\n", "memory.current": "50000\n"})
    assert free_memory() == 20000
    files = {"memory/memory.limit_in_bytes": "9000", "memory/memory.usage_in_bytes": "5000"}
    write_cgroup(tmp_path, files)
    assert free_memory() == 4000


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("x = 1", ()),
        ("torch.optim.SGD(parameters)", ()),
        ("torch.func.grad(f)", ("torch._dynamo",)),
        ("from torch.func import grad", ("torch._dynamo",)),
        ("forbidden = 'torch.func'  # `torch.func.grad(f)`", ()),
        ("y.backward(grad_of_y)", ("torch.fx.experimental.symbolic_shapes",)),
    ],
)
def test_what_is_imported_beforehand(folder: Path, line: str, names: tuple[str, ...]) -> None:
    [source] = Submission.of_text("double", f"{line}\n").sources.values()
    assert preload_for(load_course(folder)["double"], source) == names
