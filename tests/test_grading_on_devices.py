"""Grading on devices: a mistake with devices costs its points and no others, and a device that is absent is told."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from click.testing import CliRunner

from grader import grade
from grader.cli import main
from grader.course.catalog import load_course
from grader.machines import Machines
from grader.outputs import terminal
from grader.report import CheckResult, Report
from grader.sandbox import Sandbox
from grader.sandbox import sandbox as sandbox_module
from grader.sandbox.isolation import gpu_diagnosis
from grader.sandbox.parity import programs
from grader.sandbox.wire.values import code_of
from grader.submission import Submission
from tests.children import told_by
from tests.conftest import ROOT, Grade
from tests.drawn import some

SUBMISSIONS = ROOT / "tests" / "submissions"


def text_of(path: str) -> str:
    return (SUBMISSIONS / f"{path}.py").read_text(encoding="utf-8")


# grading


def test_a_device_mistake_costs_its_points_and_no_others(graded: Grade) -> None:
    result = graded("my_linear", text_of("my_linear/wrong/device_ones_in_forward"))
    [lost] = [check for check in result.checks if not check.score]
    assert (lost.name, result.score, result.max_score) == ("other_devices", 9, 10)
    assert "Expected all tensors to be on the same device" in lost.message
    assert "my_linear.py, line" in lost.message
    assert "`sim:0` (which stands for a GPU here)" in lost.cause
    assert "device=x.device" in lost.cause


def test_a_device_named_by_its_type_alone_shows_on_the_second_of_two(graded: Grade) -> None:
    """`cuda` is the first GPU, wherever the inputs are."""
    result = graded("my_linear", text_of("my_linear/wrong/device_ones_on_the_first"))
    [lost] = [check for check in result.checks if not check.score]
    assert (lost.name, result.score) == ("other_devices", 9)
    assert "found at least two devices, sim:0 and sim:1!" in lost.message
    assert "float64, on sim; 1 of 2 cases.)" in lost.message
    assert "The inputs are on `sim:1` (which stands for a GPU here)" in lost.cause


def test_a_result_on_another_device_of_the_type_is_told(graded: Grade) -> None:
    text = text_of("line_fit/right/plain").replace(
        "def mse(y_pred, y):",
        "def mse(y_pred, y):\n    y_pred, y = y_pred.to(y.device.type), y.to(y.device.type)",
    )
    [lost] = [check for check in graded("line_fit", text).checks if not check.score]
    assert "is on sim:0, expected on sim:1" in lost.message


def test_a_gpu_that_is_named_by_its_number_is_told(graded: Grade) -> None:
    text = text_of("line_fit/right/plain").replace(
        "def mse(y_pred, y):",
        "def mse(y_pred, y):\n    if not y.is_cpu:\n        y = y.to('cuda:1')",
    )
    [lost] = [check for check in graded("line_fit", text).checks if not check.score]
    assert "Name no device: take that of the inputs, `x.device`." in lost.cause


def test_a_result_that_stays_behind_is_told(graded: Grade) -> None:
    result = graded("batching", text_of("batching/wrong/device_zeros_on_the_cpu"))
    [lost] = [check for check in result.checks if not check.score]
    assert 'entry "padded" of the batch is on cpu, expected on sim' in lost.message


def test_every_other_check_runs_on_the_cpu(graded: Grade) -> None:
    solution = (ROOT / "solutions" / "line_fit.py").read_text(encoding="utf-8")
    places = {
        check.name: {case.device for case in check.cases}
        for check in graded("line_fit", solution).checks
    }
    assert places.pop("other_devices") == {"sim"}
    assert set.union(*places.values()) == {"cpu"}


def report_on(devices: tuple[str, ...], machines: Machines, text: str) -> Report:
    return grade(Submission.of_text("line_fit", text), machines=machines.on(devices=devices))


def test_without_a_second_device_the_cpu_stands_in(machines: Machines) -> None:
    wrong = text_of("line_fit/wrong/device_numpy")
    report = report_on(("cpu",), machines, wrong)
    assert (report.score, report.max_score) == (10, 10)
    assert report.environment.devices == ("cpu",)
    [check] = [c for c in report.exercises[0].checks if c.name == "other_devices"]
    assert {case.device for case in check.cases} == {"cpu"}
    assert report_on(("cpu", "sim"), machines, wrong).score == 9


def test_a_device_that_is_not_there_is_told(machines: Machines) -> None:
    import io

    from rich.console import Console

    report = report_on(("cpu", "tpu"), machines, text_of("line_fit/right/plain"))
    assert report.environment.devices == ("cpu",)
    assert report.environment.absent == ("tpu: there is no such device",)
    assert Report.from_dict(report.to_dict()) == report
    text = io.StringIO()
    terminal.render(report, Console(file=text, width=100))
    assert "Not tried on tpu: there is no such device." in text.getvalue()


def test_where_the_simulation_cannot_be_set_up_the_report_says_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    broken = "import torch._C._acc as a; del a.create_empty_tensor; "
    boot = sandbox_module._BOOT.replace("from grader", "import torch; " + broken + "from grader", 1)
    monkeypatch.setattr(sandbox_module, "_BOOT", boot)
    with Machines() as box:
        report = report_on(("cpu", "sim"), box, text_of("line_fit/right/plain"))
    assert report.environment.devices == ("cpu",)
    [absent] = report.environment.absent
    assert absent.startswith("sim: torch 2")
    assert "has no torch._C._acc.create_empty_tensor, which `sim` is made of" in absent
    assert report.score == 10


def test_torch_looks_the_same_to_checks_on_the_cpu(sandbox: Sandbox) -> None:
    """What asks for an accelerator finds none there, as on a machine without one."""
    code = code_of("def look(student):\n    return torch.accelerator.is_available()\n")
    child = sandbox.open()
    child.load("empty", [("empty.py", "")])
    for device in ("cpu", "sim", "cpu"):
        request = {"probe": "look", "code": code, "arguments": {"dict": []}, "seed": 0}
        header, *_ = child.call(request | {"device": device}, b"")
        assert header["value"] is (device == "sim")
    child.close()


def test_a_crash_on_the_device_fails_that_check_alone(graded: Grade) -> None:
    text = text_of("line_fit/right/plain").replace(
        "def mse(y_pred, y):",
        "def mse(y_pred, y):\n    if y.device.type != 'cpu':\n        import os; os.abort()",
    )
    result = graded("line_fit", text)
    [lost] = [check for check in result.checks if not check.score]
    assert lost.name == "other_devices"
    assert lost.message.startswith("Your code crashed (SIGABRT).")
    assert "That was on `sim:0`" in lost.cause


# references that a GPU will work out: they follow the device of their inputs

WITH_SIM_AS_HOME = """
import sys
from grader import devices, grade
from grader.checking import plugin
from grader.grading import grading
assert devices.set_up() == ""
plugin.HOMES["sim"] = ("cpu", "sim")
seen = devices.seen_by_torch("sim")
seen.__enter__()
collected = grading._collect

def on_sim(*arguments):  # the others are as they always are
    checks = collected(*arguments).items()
    return {name: c for name, c in checks if any(case.params.get("home") == "sim" for case in c.cases)}

grading._collect = on_sim
report = grade("solutions", sys.argv[1:])
for exercise in report.exercises:
    if exercise.status == "fault":
        print(exercise.name, exercise.message)
    for check in exercise.checks:
        if check.score < check.points:
            print(exercise.name, check.name, check.status, check.message)
tried = sum(bool(exercise.checks) for exercise in report.exercises)
print(tried, "exercises:", report.score, "of", report.max_score)
"""


@pytest.mark.timeout(300)
def test_references_can_be_worked_out_on_another_device() -> None:
    """As on CUDA, where autograd on the GPU is a second reference; `sim` stands in for it here."""
    names = some(load_course().names, 1 / 4)
    done = subprocess.run(
        [sys.executable, "-c", WITH_SIM_AS_HOME, *names], cwd=ROOT, capture_output=True, text=True
    )
    told = re.fullmatch(r"(\d+) exercises: (\d+) of (\d+)\n", done.stdout)
    assert told, done.stdout + done.stderr
    assert told[1] == told[2] == told[3], done.stdout + done.stderr
    assert int(told[1]) == len({*names} - {"csv_dataset", "folder_dataset"})  # they compute nothing


# the command line


def test_a_device_that_was_asked_for_has_to_be_there(tmp_path: Path) -> None:
    if torch.cuda.is_available():
        pytest.skip("this machine has a GPU")
    (tmp_path / "line_fit.py").write_text(text_of("line_fit/right/plain"))
    run = CliRunner().invoke(main, ["check", "--from", str(tmp_path), "--device", "cuda"])
    assert run.exit_code == 2
    assert "This machine lacks a device that was asked for. cuda: " in run.output


def test_doctor_prints_the_table_in_short() -> None:
    run = CliRunner().invoke(main, ["doctor", "--devices"])
    count = len(programs())
    assert f"sim: {count} of {count} programs give what they should." in run.output
    if not torch.cuda.is_available():
        assert "No cuda: " in run.output
        assert run.exit_code == 0


def test_doctor_says_in_one_sentence_that_there_is_no_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[str] = []
    start = Sandbox.__init__

    def counted(self: Sandbox, *given: Any, **named: Any) -> None:
        started.append(named.get("device", "cpu"))
        start(self, *given, **named)

    monkeypatch.setattr(Sandbox, "__init__", counted)
    monkeypatch.setattr("grader.sandbox.isolation.gpu_diagnosis.devices", list)
    run = CliRunner().invoke(main, ["doctor"])
    assert run.exit_code == 0, run.output
    assert f"No cuda: {gpu_diagnosis.NO_DEVICE}." in run.output
    assert started == ["cpu"]


# what is imported beforehand


def test_both_children_of_an_exercise_find_the_same_imports(
    machines: Machines, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[list[str]] = []

    def run(_checks: object, sessions: Any, *_: object, **_more: object) -> tuple[CheckResult]:
        opened.extend([*each._preload] for each in (sessions.main, sessions.cuda))
        return (CheckResult("a", "", "passed", 1, 1),)

    monkeypatch.setattr("grader.checking.run.run_checks", run)
    monkeypatch.setattr(
        "grader.grading.grading._collect", lambda *_: {"a": CheckResult("a", "", "passed", 1, 1)}
    )
    text = (ROOT / "solutions" / "optimizers.py").read_text(
        encoding="utf-8"
    ) + "\ntorch.func.grad(abs)\n"
    with_gpu = machines.on(devices=("cpu", "cuda"))
    monkeypatch.setattr(with_gpu.sandbox(), "absent", lambda device: "")
    with_gpu._sandboxes = with_gpu._sandboxes | {"cuda": with_gpu.sandbox()}
    grade(Submission.of_text("optimizers", text), machines=with_gpu)
    assert opened[0] == opened[1]
    assert "torch._dynamo" in opened[0]


# on a GPU


@pytest.fixture(scope="module")
def with_gpu() -> Iterator[Machines]:
    with Machines(devices=("cpu", "sim", "cuda")) as running:
        if absent := running.environment.absent:
            pytest.skip(f"no cuda here: {absent[0]}")
        yield running


@pytest.mark.cuda
def test_solutions_earn_all_points_on_cuda(with_gpu: Machines) -> None:
    report = grade(ROOT / "solutions", machines=with_gpu)
    assert report.environment.devices == ("cpu", "sim", "cuda")
    lost = [(e.name, c.name, c.message) for e in report.exercises for c in e.checks if not c.score]
    assert lost == []


@pytest.mark.cuda
@pytest.mark.parametrize(
    "path", sorted(SUBMISSIONS.glob("*/*/device_*.py")), ids=lambda path: path.stem
)
def test_device_mistakes_cost_the_same_with_a_gpu(with_gpu: Machines, path: Path) -> None:
    submission = Submission.of_text(path.parts[-3], path.read_text(encoding="utf-8"))
    scores = [
        grade(submission, machines=with_gpu.on(devices=devices)).score
        for devices in (("cpu", "sim"), ("cpu", "sim", "cuda"))
    ]
    assert scores[0] == scores[1]


# one at a time: while another test holds the GPU's memory, an error of CUDA's is not the student's
GPU_TROUBLE = pytest.mark.xdist_group("gpu_trouble")


def with_line(line: str) -> Submission:
    """A right submission for line_fit, but for a line at the beginning of `mse` where its inputs are on a GPU."""
    text = text_of("line_fit/right/plain").replace(
        "def mse(y_pred, y):", f"def mse(y_pred, y):\n    if y.is_cuda:\n        {line}", 1
    )
    return Submission.of_text("line_fit", text)


@pytest.mark.cuda
def test_children_on_a_gpu_have_started_it_before_their_file_is_loaded(with_gpu: Machines) -> None:
    source = "import torch\nstarted = torch.cuda.is_initialized()\ndef f():\n    return started\n"
    assert told_by(with_gpu.sandbox("cuda"), source) is True
    assert told_by(with_gpu.sandbox("cuda"), source, ["torch._dynamo"]) is True


@pytest.mark.cuda
@GPU_TROUBLE
@pytest.mark.parametrize(
    "line",
    [
        "y_pred[torch.tensor([10**6], device=y.device)]",
        "torch.nn.functional.nll_loss(y_pred.reshape(1, -1), torch.tensor([10**6], device=y.device))",
    ],
)
def test_a_kernel_that_stops_costs_its_check_with_the_cause_and_that_child_alone(
    with_gpu: Machines, line: str
) -> None:
    result = grade(with_line(line), machines=with_gpu).exercises[0]
    [lost] = [check for check in result.checks if not check.score]
    assert lost.name == "other_devices"
    assert "CUDA error: device-side assert triggered" in lost.message
    assert line in lost.message  # and no line that happened to come next
    assert lost.cause_id == "raised-index"
    after = grade(with_line("pass"), machines=with_gpu)
    assert after.score == after.max_score


HOLDS = """
import select, sys, torch
kept, whole = [], torch.cuda.mem_get_info()[1]
left = int(whole * float(sys.argv[1]))
while not select.select([sys.stdin], [], [], 0.02)[0]:
    free = torch.cuda.mem_get_info()[0]  # others may give theirs back meanwhile
    if free > left + (64 << 20):
        kept.append(torch.empty(free - left, dtype=torch.uint8, device="cuda"))
    elif len(kept) < 2:
        kept.append(None)
        print("holds", flush=True)
"""


@pytest.mark.cuda
@GPU_TROUBLE
def test_memory_that_another_process_holds_is_a_fault(with_gpu: Machines) -> None:
    """It takes 8 % of the GPU's memory, where it may take 10 %; another process leaves 5 %."""
    takes = with_line(
        "torch.empty(int(0.08 * torch.cuda.mem_get_info()[1]), dtype=torch.uint8, device=y.device)"
    )
    command = [sys.executable, "-c", HOLDS, "0.05"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout
        assert other.stdout.readline() == b"holds\n"
        result = grade(takes, machines=with_gpu).exercises[0]
        assert (result.status, result.checks) == ("fault", ())
        assert "The GPU cannot be used: of its" in result.message
        other.kill()
    report = grade(takes, machines=with_gpu)
    assert report.score == report.max_score


@pytest.mark.cuda
@GPU_TROUBLE
def test_too_much_of_the_gpu_is_that_submissions_failed_check(
    with_gpu: Machines,
) -> None:
    text = text_of("line_fit/right/plain").replace(
        "def mse(y_pred, y):",
        "def mse(y_pred, y):\n    torch.empty(2**50, dtype=torch.uint8, device=y.device)",
    )
    submission = Submission.of_text(
        "line_fit", text.replace("device=y.device", "device='cuda' if y.is_cuda else 'meta'")
    )
    report = grade(submission, machines=with_gpu)
    [lost] = [check for check in report.exercises[0].checks if not check.score]
    assert lost.name == "other_devices"
    assert "memory" in lost.cause
