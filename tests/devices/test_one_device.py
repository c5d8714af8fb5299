"""Operands on two devices: refused as on CUDA, and nothing is changed."""

from __future__ import annotations

import pytest

from .conftest import Run
from .test_operators import X

TWO = (
    "Expected all tensors to be on the same device, but found at least two devices, sim:0 and cpu!"
)

OTHERS = "different from other tensors on sim:0 (when checking argument in method"


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("x + torch.ones(4)", TWO),
        ("x.mul_(torch.ones(3, 4))", TWO),
        ("torch.ones(3, 4).mul_(x)", TWO),
        ("torch.where(x > 0, x, torch.ones(3, 4))", TWO),
        ("F.mse_loss(x, torch.ones(3, 4))", TWO),
        ("torch.addcmul(x, torch.tensor(1.0), torch.tensor(2.0))", TWO),  # CUDA takes one number alone
        ("x @ torch.ones(4, 2)", f"mat2 is on cpu, {OTHERS} wrapper_CUDA_mm)"),
        ("x[0].dot(torch.ones(4))", f"tensor is on cpu, {OTHERS} wrapper_CUDA__dot)"),
        ("x.gather(1, torch.zeros(3, 4).long())", f"index is on cpu, {OTHERS} wrapper_CUDA_gather)"),
        ("F.linear(x, torch.ones(2, 4))", "is on cpu, different from other tensors on sim:0 "),
        ("torch.cat([x, torch.ones(1, 4)])", "on the same device"),
        ("torch.ones(3, 4)[x > 0]", "indices should be either on cpu or on the same device as the"),
        ("x.masked_fill(torch.ones(3, 4) > 0, 1)", "but got mask on cpu and self on sim:0"),
        ("x.index_put_((torch.tensor([0]),), torch.ones(1, 4))", TWO),
        ("x.numpy()", "sim"),
        ("F.conv2d(torch.ones(1, 1, 3, 3, device=d), torch.ones(1, 1, 2, 2))", "should be the same"),
        ("F.cross_entropy(x, torch.zeros(3, dtype=torch.long))", "on the same device"),
    ],
)  # fmt: skip
def test_operands_on_two_devices_are_refused(run: Run, code: str, words: str) -> None:
    assert words in run(f"{X}\nout = {code}", "sim")
    assert not isinstance(run(f"{X}\nout = {code.replace('.numpy()', '')}", "cpu"), str)


BOTH = "Expected all tensors to be on the same device, but found at least two devices, sim:1 and sim:0!"


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("y + x", BOTH),
        ("torch.stack([y, x])", "tensors is on sim:0, different from other tensors on sim:1"),
        ("torch.add(x, x, out=y)", BOTH),
        ("torch.where(x > 0, x, y)", BOTH.replace("sim:1 and sim:0", "sim:0 and sim:1")),
        ("y.mul_(x)", BOTH),
        ("y @ x.T", f"mat2 is on sim:0, {OTHERS.replace('sim:0', 'sim:1')} wrapper_CUDA_mm)"),
        ("y.masked_fill(x > 0, 1)", "but got mask on sim:0 and self on sim:1"),
        ("y.index_put_((torch.tensor([0]),), x[:1])", BOTH),
        ("y[torch.tensor([0], device='sim:0')]", "same device as the indexed tensor (sim:1)"),
        ("F.conv2d(y[None, None], torch.ones(1, 1, 2, 2, device='sim:0'))", "weight is on sim:0, different from"),
    ],
)  # fmt: skip
def test_operands_on_two_of_these_devices_are_refused(run: Run, code: str, words: str) -> None:
    """The first time, and when what is made fast has been used."""
    for _ in range(2):
        assert words in run(f"{X}\ny = x.to('sim:1')\nout = {code}", "sim")


def test_a_refused_operation_in_place_has_changed_nothing(run: Run) -> None:
    code = (
        f"{X}\nbefore = x.clone()\ntry:\n    x.add_(torch.ones(4))\n"
        "except RuntimeError:\n    out = torch.equal(x, before)"
    )
    assert run(code, "sim") is True
