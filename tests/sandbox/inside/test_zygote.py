"""The zygote: what it holds before it forks, and what its children find ready."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from grader.sandbox import Sandbox
from grader.sandbox import sandbox as sandbox_module
from tests.children import told_by
from tests.conftest import ROOT

pytestmark = pytest.mark.xdist_group("cuda_child")


def test_torch_imports_its_compiler_in_a_child(either: Sandbox) -> None:
    packages = Path(torch.__file__).resolve()
    own = [Path(prefix).resolve() for prefix in (sys.prefix, sys.base_prefix)]
    if not any(map(packages.is_relative_to, own)):
        pytest.skip("torch lies outside of this Python's folders, where children do not read")
    source = "import torch._dynamo\ndef f():\n    return torch._dynamo.config.__name__\n"
    assert told_by(either, source) == "torch._dynamo.config"


def test_what_is_imported_before_the_fork_leaves_cuda_alone(cuda_sandbox: Sandbox) -> None:
    source = (
        "import sys, torch\n"
        "def f():\n"
        "    imported = 'torch._dynamo.config' in sys.modules\n"
        "    return [imported, torch.cuda.is_initialized(), torch.cuda._is_in_bad_fork()]\n"
    )
    assert told_by(cuda_sandbox, source, ["torch._dynamo"]) == [True, False, False]


TELLING = """
import json, os, sys
def tell():
    with open({told!r}, "w") as file:
        json.dump([name for name in sys.modules if name.split(".")[0] == "grader"], file)
os.register_at_fork(before=tell)
"""
INSIDE = (
    "grader.devices",
    "grader.sandbox.inside",
    "grader.sandbox.isolation",
    "grader.sandbox.wire",
    "grader.torch_dynamo",
)


def test_it_holds_nothing_of_the_trusted_side(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A child has all of its memory: no check, no reference, and not the code that decides what a child may do."""
    told = tmp_path / "modules.json"
    before = TELLING.format(told=str(told))
    boot = f"exec({before.replace('{', '{{').replace('}', '}}')!r}); {sandbox_module._BOOT}"
    monkeypatch.setattr(sandbox_module, "_BOOT", boot)
    with Sandbox() as running:
        for _ in range(4):  # after three it warms itself up, which imports more
            running.open()
        modules = set(json.loads(told.read_text(encoding="utf-8")))
    assert "grader.sandbox.inside.warm_up" in modules
    assert modules >= {"grader", "grader.sandbox", *INSIDE}
    foreign = modules - {"grader", "grader.sandbox"}
    assert [name for name in foreign if not name.startswith(INSIDE)] == []


def test_a_child_does_not_find_the_grader(sandbox: Sandbox) -> None:
    source = (
        "import sys\n"
        "def f():\n"
        "    left = [name for name in sys.modules if name.startswith('grader.')]\n"
        "    try:\n"
        "        import grader\n"
        "    except ImportError:\n"
        "        return left\n"
    )
    assert told_by(sandbox, source) == []


def test_what_is_preloaded_is_there_and_what_torch_lacks_is_passed_over(sandbox: Sandbox) -> None:
    source = (
        "import sys\ndef f():\n    return ['fractions' in sys.modules, 'nowhere' in sys.modules]\n"
    )
    preload = ["fractions", "nowhere", "torch._nowhere.at_all"]
    assert told_by(sandbox, source, preload) == [True, False]


CHILDREN = """
import os, time
from grader.sandbox.inside.zygote import _children, _children_among_all, _end
child = 0
for _ in range(5):
    child = os.fork()
    if child == 0:
        os.setsid()
        time.sleep(100)
listed, found = _children(), _children_among_all()
status = _end([child], ())[child]["status"]
print([len(listed), sorted(listed) == sorted(found), status, _children(), _end([], ())])
"""


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_all_children_end_whether_the_kernel_lists_them_or_not() -> None:
    command = [sys.executable, "-c", CHILDREN]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.stdout.strip() == "[5, True, 9, [], {}]"
