"""The course's own fine-tuning of torchvision's `resnet18`: it moves the new head and nothing else, on every device."""

from __future__ import annotations

import subprocess
import sys
import types

import pytest
import torch
from torch import nn

from grader import load_course
from tests.conftest import ROOT

try:
    from torchvision.models import resnet18
except Exception as error:  # one that is built for another torch raises more than ImportError
    pytest.skip(f"torchvision, which has resnet18, cannot be imported: {error}", True)


def moved(device: str) -> list[str]:
    """Which parts of the network differ after two steps, its running statistics among them."""
    fine_tune = types.ModuleType("fine_tune")
    exec(load_course()["fine_tune"].solution.read_text(encoding="utf-8"), vars(fine_tune))
    torch.manual_seed(0)
    model = fine_tune.freeze(resnet18(weights=None).to(device))
    fine_tune.replace_head(model, 10)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    inputs = torch.randn(2, 3, 64, 64, device=device)
    labels = torch.tensor([3, 9], device=device)
    optimizer = torch.optim.SGD(fine_tune.trainable_parameters(model), lr=0.1)
    losses = [
        fine_tune.fine_tune_step(model, nn.CrossEntropyLoss(), optimizer, inputs, labels)
        for _ in range(2)
    ]
    assert losses[1] < losses[0]
    after = model.state_dict()
    return [name for name, value in before.items() if not torch.equal(value, after[name])]


HEAD = ["fc.weight", "fc.bias"]


def test_on_the_cpu() -> None:
    assert moved("cpu") == HEAD


def test_on_the_simulated_accelerator() -> None:
    """In a process of its own, because `sim` is known to a process for good."""
    code = (
        "from grader import devices\n"
        "assert devices.set_up() == ''\n"
        "from tests.test_resnet18 import moved\n"
        "for device in ('sim', 'sim:1'):\n"
        "    with devices.seen_by_torch(device):\n"
        "        print(moved(device))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout.splitlines() == [str(HEAD)] * 2, done.stderr


@pytest.mark.cuda
def test_on_a_gpu() -> None:
    if not torch.cuda.is_available():
        pytest.skip("torch sees no GPU here")
    assert moved("cuda") == HEAD
