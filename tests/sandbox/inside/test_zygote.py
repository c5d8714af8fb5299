"""The zygote: what it holds before it forks, and what its children find ready."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
import torch

from grader.sandbox import Sandbox
from tests.children import told_by

pytestmark = pytest.mark.xdist_group("cuda_child")


def test_torch_imports_its_compiler_in_a_child(either: Sandbox) -> None:
    packages = Path(torch.__file__).resolve()
    own = [Path(prefix).resolve() for prefix in (sys.prefix, sys.base_prefix)]
    if not any(map(packages.is_relative_to, own)):
        pytest.skip("torch lies outside of this Python's folders, where children do not read")
    source = "import torch._dynamo\ndef f():\n    return torch._dynamo.__name__\n"
    assert told_by(either, source) == "torch._dynamo"


def test_what_is_imported_before_the_fork_leaves_cuda_alone(cuda_sandbox: Sandbox) -> None:
    source = (
        "import sys, torch\n"
        "def f():\n"
        "    imported = 'torch._dynamo' in sys.modules\n"
        "    return [imported, torch.cuda.is_initialized(), torch.cuda._is_in_bad_fork()]\n"
    )
    assert told_by(cuda_sandbox, source, ["torch._dynamo"]) == [True, False, False]
