"""What a child may use: the kernel keeps it to the numbers."""

from __future__ import annotations

import subprocess
import sys

import pytest

from grader.sandbox import Sandbox
from grader.sandbox.isolation.limits import MIB, PORTABLE, Limits
from tests.children import call, load, told_by
from tests.conftest import ROOT

pytestmark = pytest.mark.xdist_group("cuda_child")


@pytest.mark.parametrize(
    "body",
    [
        "bytearray(8 << 30)",
        "import torch; torch.ones(1 << 31)",
        "import torch; x = []\n    while True: x.append(torch.empty(1 << 26))",
    ],
)
def test_memory_is_bounded(strict_sandbox: Sandbox, body: str) -> None:
    child, _ = load(strict_sandbox, f"def f():\n    {body}\n")
    error = call(child)
    assert error["type"] in ("MemoryError", "RuntimeError")
    child.close()


KEPT = """
import resource
def f():
    names = [name for name in dir(resource) if name.startswith("RLIMIT_")]
    return {name: list(resource.getrlimit(getattr(resource, name))) for name in names}
"""


def test_the_kernel_is_told_the_numbers(strict_sandbox: Sandbox) -> None:
    limits = strict_sandbox.limits
    kept = told_by(strict_sandbox, KEPT)
    for name, more in (("RLIMIT_DATA", 0), ("RLIMIT_AS", 8192 * MIB)):
        assert limits.memory_bytes + more < kept[name][0] < limits.memory_bytes + more + 16384 * MIB
    assert kept["RLIMIT_FSIZE"] == [limits.file_bytes] * 2
    assert kept["RLIMIT_NOFILE"] == [limits.open_files] * 2
    assert kept["RLIMIT_CORE"] == [0, 0]
    soft, hard = kept["RLIMIT_CPU"]
    assert hard == soft + 1
    assert soft >= limits.import_seconds + limits.exercise_seconds


HAS_MUCH = """
import mmap
from grader.sandbox.isolation.limits import MIB, Limits, apply_limits
has = mmap.mmap(-1, 9 << 30, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)  # never touched
apply_limits(Limits(memory_bytes=256 * MIB))
mmap.mmap(-1, 200 * MIB, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
try:
    bytearray(300 * MIB)
except MemoryError:
    print("bounded")
"""


def test_memory_is_counted_from_what_is_there() -> None:
    """A torch with CUDA has gigabytes mapped before a student's code begins."""
    done = subprocess.run(
        [sys.executable, "-c", HAS_MUCH], cwd=ROOT, capture_output=True, text=True
    )
    assert done.stdout == "bounded\n", done.stderr


def test_a_child_for_a_gpu_may_map_what_it_likes(cuda_sandbox: Sandbox) -> None:
    kept = told_by(cuda_sandbox, KEPT)
    assert kept["RLIMIT_AS"] == kept["RLIMIT_DATA"] == [-1, -1]
    assert kept["RLIMIT_NOFILE"] == [Limits().open_files] * 2


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ("[open('/dev/null') for _ in range(99)]", "OSError"),
        ("os.truncate(open('a', 'wb').fileno(), 65 << 20)", "OSError"),
        ("resource.setrlimit(resource.RLIMIT_NOFILE, (999, 999))", "ValueError"),
    ],
)
def test_a_child_stays_within_them(strict_sandbox: Sandbox, body: str, kind: str) -> None:
    source = f"import os, resource\ndef f():\n    {body}\n"
    assert told_by(strict_sandbox, source)["type"] == kind


ORPHAN = """
import os, sys, time
from grader.sandbox.isolation.limits import die_with_parent
parent = os.getpid()
reader, writer = os.pipe()
if os.fork() == 0:
    die_with_parent(parent)
    print(os.getpid(), flush=True)
    os.write(writer, b"x")
    time.sleep(100)
os.read(reader, 1)
os._exit(0)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's doing, on Linux")
def test_a_process_ends_with_its_parent() -> None:
    command = [sys.executable, "-c", ORPHAN]
    # the output ends with the last process that has it, which would else be after 100 seconds
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.stdout.strip().isdigit()


def test_one_that_comes_too_late_ends_at_once() -> None:
    program = (
        "from grader.sandbox.isolation.limits import die_with_parent; die_with_parent(1 << 22)"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True)
    assert done.returncode == (1 if sys.platform == "linux" else 0)


def test_what_holds_everywhere_is_on() -> None:
    assert {layer.name for layer in PORTABLE} >= {"separate process", "wall clock", "output cap"}
    assert all(layer.on and not layer.why for layer in PORTABLE)


def test_a_real_solution_needs_a_hundredth_of_each() -> None:
    """Of what the trusted side counts: a file or two in a folder or two, a thread or two."""
    limits = Limits()
    assert limits.folder_entries >= 1000
    assert limits.processes >= 100
    assert limits.folder_depth >= 16  # what a compiler's cache or a data set needs
