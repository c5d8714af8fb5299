"""What a child may read and write: a list of paths, with a GPU a few more, and no privileges."""

from __future__ import annotations

import pytest

from grader.sandbox import Sandbox
from tests.children import told_by

pytestmark = pytest.mark.xdist_group("cuda_child")


NAMES = """
import threading
def name(told):
    path = "/proc/self/task/%d/comm" % threading.get_native_id()
    with open(path, "w") as file:
        file.write("of-the-driver")
    told.append(open(path).read().strip())
def f():
    told = []
    thread = threading.Thread(target=name, args=(told,))
    thread.start()
    thread.join()
    name(told)
    return told
"""


def test_threads_can_be_named(cuda_sandbox: Sandbox) -> None:
    assert told_by(cuda_sandbox, NAMES) == ["of-the-driver"] * 2


@pytest.mark.parametrize(
    "path",
    [
        "/proc/sys/kernel/hostname",
        "/proc/sys/kernel/core_pattern",
        "/proc/sys/vm/overcommit_memory",
        "/proc/self/comm",
        "/proc/self/mem",
        "/proc/self/oom_score_adj",
        "/proc/self/coredump_filter",
        "/proc/{parent}/comm",
        "/proc/{parent}/mem",
        "/proc/{parent}/task/{parent}/comm",
        "/proc/1/task/1/comm",
        "/proc/self/root/proc/sys/kernel/hostname",
        "/proc/self/task/../comm",
        "/etc/passwd",
    ],
)
def test_nothing_else_can_be_written(cuda_sandbox: Sandbox, path: str) -> None:
    path = path.replace("{parent}", "%(parent)d")
    source = (
        "import os\n"
        "def f():\n"
        f"    os.close(os.open({path!r} % {{'parent': os.getppid()}}, os.O_WRONLY))\n"
    )
    assert told_by(cuda_sandbox, source)["type"] == "PermissionError"


def test_a_child_for_the_cpu_names_no_threads(sandbox: Sandbox) -> None:
    source = "def f():\n    open('/proc/self/task/%d/comm' % __import__('os').getpid(), 'w')\n"
    assert told_by(sandbox, source)["type"] == "PermissionError"


def test_root_has_no_privileges_there(cuda_sandbox: Sandbox) -> None:
    """Beneath `task` lie `oom_score_adj` and the like, which root could set at others' expense."""
    source = (
        "def f():\n"
        "    lines = [line.split() for line in open('/proc/self/status') if line.startswith('Cap')]\n"
        "    return {name: int(value, 16) for name, value in lines}\n"
    )
    held = told_by(cuda_sandbox, source)
    to_reach_files = 0b110
    assert held["CapEff:"] & ~to_reach_files == held["CapPrm:"] & ~to_reach_files == 0
    assert held["CapInh:"] == held["CapAmb:"] == 0
