"""A tensor of a device other than the first, which all others there are made from."""

from __future__ import annotations

import subprocess
import sys

import pytest

from .conftest import Run

DTYPES = ("float32", "float64", "float16", "int64", "bool", "complex64")


@pytest.mark.parametrize("dtype", DTYPES)
def test_tensors_of_each_dtype_are_on_the_second_device(run: Run, dtype: str) -> None:
    code = (
        f"x = torch.ones(3, dtype=torch.{dtype}, device='sim:1')\n"
        f"out = [str(x.device), x.dtype == torch.{dtype}, list(x.shape), bool((x == 1).all())]"
    )
    assert run(code, "sim") == ["sim:1", True, [3], True]


def test_each_has_memory_of_its_own(run: Run) -> None:
    code = (
        "x, y = torch.zeros(2, device='sim:1'), torch.zeros(2, device='sim:1')\n"
        "x += 1\nout = [x.tolist(), y.tolist(), x._version, y._version, x.data_ptr() == y.data_ptr()]"
    )
    assert run(code, "sim") == [[1.0, 1.0], [0.0, 0.0], 1, 0, False]


def test_what_they_are_made_from_is_without_elements_and_stays_so() -> None:
    """In a process of its own, because the device is known to a process for good."""
    code = (
        "import gc, torch\n"
        "from grader import devices\n"
        "assert devices.set_up() == ''\n"
        "from grader.devices.other_device import empty_elsewhere\n"
        "one = empty_elsewhere(1, torch.int64, False)\n"
        "torch.ones(5, dtype=torch.int64, device='sim:1')\n"
        "gc.collect()\n"
        "again = empty_elsewhere(1, torch.int64, False)\n"
        "print(again is one, again.numel(), again.device, again.dtype)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout == "True 0 sim:1 torch.int64\n", done.stderr
