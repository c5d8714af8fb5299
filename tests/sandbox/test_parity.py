"""The parity table holds on every device that is here, and a difference from CUDA is told."""

from __future__ import annotations

import pytest

from grader.machines import Machines
from grader.sandbox import Sandbox
from grader.sandbox.parity import Program, programs, run_all


def test_the_table_is_large_and_says_each_thing_once() -> None:
    names = [program.name for program in programs()]
    assert len(names) >= 80
    assert len(names) == len(set(names))
    assert sum(bool(program.raises) for program in programs()) >= 25


@pytest.mark.parametrize("device", ["cpu", "sim"])
def test_the_parity_table_holds(sandbox: Sandbox, device: str) -> None:
    found = list(run_all(sandbox, device))
    assert len(found) == len(programs())
    assert [(o.program.name, o.difference) for o in found if o.difference] == []


def test_a_difference_from_cuda_is_told(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    table = (
        Program("values", "out = torch.ones(2, device=d)", [1.0, 2.0]),
        Program("place", "out = torch.ones(2)", [1.0, 1.0]),
        Program("works", "out = 1", 1, raises="RuntimeError: no"),
        Program("raises", "out = torch.ones(2, device=d) + torch.ones(2)", [2.0, 2.0]),
        Program("words", "torch.ones(2, device=d) + torch.ones(2)", 0, raises="RuntimeError: sun"),
        Program("crash", "import os; os.abort()", 0),
        Program("right", "out = torch.tensor(2, device=d).item()", 2),
        Program("second", "out = torch.ones(1, device=d1).tolist()", [2.0], devices=2),
        Program("other", "torch.ones(1, device=d1) + torch.ones(1, device=d0)", 2, raises="A: {e}, {d}", devices=2),
        Program("many", "out = 3", 2, devices=3),
    )  # fmt: skip
    monkeypatch.setattr("grader.sandbox.parity.programs", lambda: table)
    outcomes = list(run_all(sandbox, "sim"))
    told = {o.program.name: o.difference for o in outcomes}
    assert told["values"] == "[1.0, 1.0], expected [1.0, 2.0]"
    assert told["place"] == "the result is on cpu, expected on sim"
    assert told["works"] == "it works, expected RuntimeError: no"
    assert "found at least two devices, sim:0 and cpu!" in told["raises"]
    assert told["words"].endswith("expected RuntimeError: sun")
    assert told["crash"] == "it crashed (SIGABRT)"
    assert told["right"] == ""
    assert told["second"] == "[1.0], expected [2.0]"
    assert told["other"].endswith("expected A: sim:1, sim:0")
    skipped = {o.program.name: o.skipped for o in outcomes if o.skipped}
    assert skipped == {"many": "it needs 3 devices, and there are fewer"}
    assert told["many"] == ""


@pytest.mark.cuda
def test_the_parity_table_holds_on_cuda() -> None:
    with Machines(devices=("cpu", "cuda")) as with_gpu:
        if absent := with_gpu.environment.absent:
            pytest.skip(f"no cuda here: {absent[0]}")
        found = list(run_all(with_gpu.sandbox("cuda"), "cuda"))
    assert [(o.program.name, o.difference) for o in found if o.difference] == []
