"""The devices of a child: what is set up for each, and a GPU that is there is reached."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import torch

from grader.sandbox import Limits, Sandbox
from grader.sandbox.inside import device_setup
from tests.conftest import ROOT

pytestmark = pytest.mark.xdist_group("cuda_child")


@pytest.mark.cuda
def test_a_gpu_that_is_there_is_reached() -> None:
    """Elsewhere a GPU that children cannot reach skips the tests; here it fails one."""
    if not torch.cuda.is_available():
        pytest.skip("this machine has no GPU that torch can use")
    with Sandbox(device="cuda") as running:
        assert running.absent("cuda") == ""
        assert [layer for layer in running.layers() if not layer.on] == []


def test_a_zygote_for_a_gpu_does_without_the_simulated_one() -> None:
    threads = torch.get_num_threads()
    try:
        assert device_setup.set_up("cuda") == "it has no place beside cuda"
        assert torch.get_num_threads() == 1
    finally:
        torch.set_num_threads(threads)


def test_on_the_cpu_nothing_is_set() -> None:
    before = torch.are_deterministic_algorithms_enabled(), torch.get_num_threads()
    with device_setup.on_device("cpu", Limits()):
        assert (torch.are_deterministic_algorithms_enabled(), torch.get_num_threads()) == before


def test_what_keeps_a_child_from_a_gpu_is_its_own_words(tmp_path: Path) -> None:
    """In a throwaway child, whose end or exception does not reach this process."""
    program = (
        "import os, sys, torch\n"
        "from pathlib import Path\n"
        "from grader.sandbox.inside.device_setup import _sum_on_gpu\n"
        "from grader.sandbox.isolation.confinement import Confinement\n"
        "confinement = Confinement(Path(sys.argv[1]), [], wanted=False, device='cuda')\n"
        "def raises(*_, **__): raise RuntimeError('no such device\\nand more')\n"
        "def ends(*_, **__): os._exit(3)\n"
        "def wrong(*_, **__): return torch.zeros(2)\n"
        "ones = torch.ones\n"
        "for torch.ones in (raises, ends, wrong, lambda *_, **__: ones(2)):\n"
        "    print(_sum_on_gpu(confinement, ()))\n"
    )
    command = [sys.executable, "-c", program, str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.stdout.splitlines() == [
        "RuntimeError: no such device",
        "it ends the process that uses it",
        "it gives wrong numbers",
        "",
    ], done.stderr


def test_a_seed_is_kept_for_no_device_that_is_not_there() -> None:
    """The same numbers are drawn, and nobody asks for the stack of the caller, which takes time."""
    code = (
        "import traceback, torch\n"
        "from grader.sandbox.inside.device_setup import set_up\n"
        "print(repr(set_up('cpu')))\n"
        "traceback.format_stack = None\n"
        "torch.manual_seed(7)\n"
        "print(torch.rand(3).tolist(), torch.rand(2, device='sim').tolist())\n"
    )
    command = [sys.executable, "-c", code]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, env={"CUDA_VISIBLE_DEVICES": ""}
    )
    drawn = torch.rand(3, generator=torch.Generator().manual_seed(7)).tolist()
    assert done.stdout.startswith(f"''\n{drawn} ["), done.stdout + done.stderr
