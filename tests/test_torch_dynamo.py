"""The front end of `torch.compile` is imported by whoever uses it, and nobody notices that it was put off."""

from __future__ import annotations

import subprocess
import sys

import pytest

from grader.sandbox import Sandbox
from tests.children import told_by

pytestmark = pytest.mark.drawn

# each prints whether the module is there, and what it is about
STEPS = """
import sys
import torch
from grader import torch_dynamo
there = lambda: "torch._dynamo.config" in sys.modules
weight = torch.nn.Parameter(torch.ones(2))

def step(kind):
    optimizer = kind([weight], lr=0.5)
    weight.grad = torch.ones(2)
    optimizer.step()
    optimizer.load_state_dict(optimizer.state_dict())
    optimizer.zero_grad()
"""


def printed(program: str) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-c", STEPS + program], capture_output=True, text=True, check=True
    )
    return done.stdout.splitlines()


def test_optimizers_do_without_it() -> None:
    program = """
torch_dynamo.put_off()
kinds = [kind for kind in vars(torch.optim).values() if isinstance(kind, type)]
kinds = [kind for kind in kinds if kind is not torch.optim.Optimizer]
for kind in kinds:
    if kind.__name__ not in ("LBFGS", "SparseAdam", "Muon"):
        step(kind)
print(len(kinds) > 9, there(), torch_dynamo.has_imported("torch._dynamo"))
"""
    assert printed(program) == ["True False False"]


def test_whoever_uses_it_has_it() -> None:
    program = """
torch_dynamo.put_off()
step(torch.optim.SGD)
later = sys.modules["torch._dynamo"]
print(there(), torch.func.grad(lambda x: (x * x).sum())(torch.ones(1)).item(), there())
import torch._dynamo
print(torch._dynamo is not later, torch._dynamo is sys.modules["torch._dynamo"])
print(torch.compile(lambda x: x + 1, backend="eager")(torch.ones(1)).item())
step(torch.optim.SGD)
"""
    assert printed(program) == ["False 2.0 True", "True True", "2.0"]


def test_a_part_of_it_can_be_imported() -> None:
    program = """
torch_dynamo.put_off()
import torch._dynamo.config
print(there(), torch._dynamo.config.__name__)
print(torch_dynamo.has_imported("torch._dynamo"))
"""
    assert printed(program) == ["True torch._dynamo.config", "True"]


def test_looking_through_all_modules_is_no_use() -> None:
    program = """
torch_dynamo.put_off()
print([hasattr(module, "__file__") for name, module in [*sys.modules.items()] if name == "torch._dynamo"])
print(there())
"""
    assert printed(program) == ["[False]", "False"]


def test_afterwards_torch_is_as_it_was() -> None:
    program = """
with torch_dynamo.put_off_meanwhile():
    step(torch.optim.SGD)
    print(there())
print("torch._dynamo" in sys.modules, "_dynamo" in vars(torch))
step(torch.optim.SGD)
print(there())
with torch_dynamo.put_off_meanwhile():
    print(torch_dynamo.has_imported("torch._dynamo"))
"""
    assert printed(program) == ["False", "False False", "True", "True"]


def test_a_student_compiles(sandbox: Sandbox) -> None:
    source = (
        "import torch\n"
        "def f():\n"
        "    weight = torch.nn.Parameter(torch.ones(2))\n"
        "    torch.optim.SGD([weight], lr=0.5)\n"
        "    return torch.compile(lambda x: x + 1, backend='eager')(torch.ones(1)).item()\n"
    )
    assert told_by(sandbox, source) == 2.0
