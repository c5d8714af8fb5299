"""`grader doctor`: versions, devices, and each layer of isolation."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import torch
from click.testing import CliRunner, Result

from grader.cli import main
from grader.machines import Machines
from grader.sandbox.isolation.confinement import Layer
from grader.sandbox.parity import ParityOutcome, Program
from tests.synthetic_course import make_course


@pytest.fixture(autouse=True)
def shared(machines: Machines, monkeypatch: pytest.MonkeyPatch) -> None:
    """The tests' own sandbox; and no GPU is looked for."""
    ours = dict.fromkeys(("cpu", "cuda"), machines.sandbox())
    monkeypatch.setattr(Machines, "_started", lambda _: ours)
    monkeypatch.setattr(Machines, "close", lambda _: None)
    monkeypatch.setattr("grader.sandbox.isolation.gpu_diagnosis.devices", lambda: [])


def doctor(*arguments: str, status: int = 0) -> str:
    result: Result = CliRunner().invoke(main, ["doctor", *arguments])
    assert result.exit_code == status, result.output
    return result.output


def test_what_this_machine_offers(machines: Machines) -> None:
    told = doctor()
    here = machines.environment
    assert f"Python {here.python}, torch {here.torch}, devices: cpu, sim" in told
    assert f"grader {here.grader}; torch lies in {Path(torch.__file__).parents[1]}\n" in told
    for layer in machines.sandbox().layers():
        assert layer.name in told
    assert "No cuda: " in told
    assert "programs" not in told


def test_a_layer_that_is_off_says_what_got_through(
    machines: Machines, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = "a child could still read /srv/[red]"
    off = Layer("files hidden", False, found), Layer("no network", True)
    monkeypatch.setattr(type(machines.sandbox()), "layers", lambda _: off)
    told = doctor()
    assert re.search(r"files hidden +│ off │ a child could still read /srv/\[red\]", told)
    assert re.search(r"no network +│ on +│", told)


def test_why_a_device_is_not_there_is_told_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Machines, "_why_absent", lambda *_: "[red]broken")
    assert "No sim: [red]broken." in doctor()


def test_devices_that_differ_from_cuda(monkeypatch: pytest.MonkeyPatch) -> None:
    """The parity programs are the sandbox's to test; here is what is said of them."""

    def run_all(sandbox: object, device: str) -> list[ParityOutcome]:
        differs = "it gives [red]3\x1b[2J" if device == "sim" else ""
        programs = Program("sum", "out = 1", 1), Program("copy", "out = 2", 2)
        outcomes = [ParityOutcome(programs[0], device, "")]
        outcomes += [ParityOutcome(programs[1], device, differs)]
        if device == "sim":
            outcomes += [ParityOutcome(programs[0], device, "", "there is one")] * 2
        return outcomes

    monkeypatch.setattr("grader.sandbox.parity.run_all", run_all)
    told = doctor("--devices", status=1)
    assert "cpu: 2 of 2 programs give what they should." in told
    assert "sim: 1 of 2 programs give what they should." in told
    assert "copy: it gives [red]3" in told
    assert told.count("2 more were not tried: there is one.") == 1
    assert "\x1b[2J" not in told


def test_the_packages_of_a_course(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, machines: Machines
) -> None:
    make_course(tmp_path)
    with (tmp_path / "course.toml").open("r+") as file:
        text = file.read()
        file.seek(0)
        file.write(f'packages = ["numpy", "no-such-package>=2"]\n{text}')
    told = doctor("--course", str(tmp_path), status=1)
    assert "numpy " in told
    assert "is installed; the course asks for numpy." in told
    assert "no-such-package is not installed" in told
    assert "pip install 'no-such-package>=2'" in told
