"""Tensors of `sim` share and own memory as tensors of any device do."""

from __future__ import annotations

import pytest

from .conftest import Run

SAME_ON_BOTH = {
    "a view shares": "x = torch.zeros(4, device=d); x.view(2, 2)[0, 1] = 5; x[2:] += 1; out = x.tolist()",
    "a view of a view": "x = torch.zeros(2, 3, 4, device=d); x.transpose(0, 2)[1][:, 1].fill_(1); out = x.tolist()",
    "addresses": (
        "x = torch.zeros(2, 3, device=d); y = x.T[1:]\n"
        "out = [y.untyped_storage().data_ptr() == x.untyped_storage().data_ptr(), y.data_ptr() - x.data_ptr(), "
        "y.storage_offset(), list(y.stride()), y._base is x, x.clone().data_ptr() == x.data_ptr()]"
    ),
    "versions": "x = torch.zeros(4, device=d); v = x[:2]; v.add_(1); x.mul_(2); out = [x._version, v._version]",
    "`detach` shares": "x = torch.zeros(2, device=d); x.detach().add_(1); out = x.tolist()",
    "a clone is apart": "x = torch.zeros(2, device=d); x.clone().add_(1); out = x.tolist()",
    "memory outlives the tensor that had it first": (
        "import gc\nx = torch.arange(1000.0, device=d)[500:]; gc.collect()\n"
        "torch.full((1000,), -1.0, device=d); out = x.sum().item()"
    ),
    "`set_`": "x = torch.zeros(4, device=d); y = torch.ones(2, device=d); y.set_(x); y[3] = 7; out = x.tolist()",
    "`resize_`": "x = torch.ones(2, device=d); x.resize_(2, 2)[1] = 3; out = x.tolist()",
    "`as_strided`": "x = torch.arange(6, device=d); out = x.as_strided((3, 2), (1, 3), 0).tolist()",
    "another dtype's view": "x = torch.ones(2, device=d); out = x.view(torch.int32).tolist()",
    "nothing at all": "x = torch.empty(0, 3, device=d); out = [list(x.shape), x.tolist(), x.numel()]",
    "no dimension": "x = torch.tensor(2.0, device=d); x += 1; out = x.item()",
    "`expand`": "x = torch.ones(1, device=d).expand(3); out = [x.tolist(), list(x.stride())]",
    "views of the same shape": (
        "x = torch.tensor([[0.0, 1.0], [2.0, 3.0]]).to(d); y = torch.tensor([0.0, 1.0, 2.0]).to(d)\n"
        "out = [(x.T + 0).tolist(), (x.T.exp() + x).tolist(), y.flip(0).neg().tolist(), (x[1] + x[0]).tolist()]"
    ),
    "channels last": (
        "x = torch.ones(1, 2, 3, 4, device=d).to(memory_format=torch.channels_last); out = list(x.stride())"
    ),
    "inference": (
        "x = torch.zeros(3, device=d)\n"
        "with torch.inference_mode():\n    y = x + 1\n    v = x[1:]\n    v += 2\n"
        "out = [x.tolist(), y.tolist(), y.is_inference(), v.is_inference()]"
    ),
    "a changed tensor that backward needs": (
        "x = torch.ones(2, device=d, requires_grad=True); y = x.exp(); y.add_(1)\n"
        "try:\n    y.sum().backward()\nexcept RuntimeError as error:\n    out = 'modified by an inplace' in str(error)"
    ),
}


@pytest.mark.parametrize("name", SAME_ON_BOTH)
def test_memory_is_as_on_the_cpu(run: Run, name: str) -> None:
    here, there = (run(SAME_ON_BOTH[name], device) for device in ("cpu", "sim"))
    assert not isinstance(here, str), here
    assert here == there


@pytest.mark.parametrize("name", SAME_ON_BOTH)
def test_memory_of_the_second_device_is_as_that_of_the_first(run: Run, name: str) -> None:
    code = SAME_ON_BOTH[name].replace("device=d", "device='sim:1'")
    assert run(code, "sim") == run(SAME_ON_BOTH[name], "sim")


def test_a_copy_to_the_device_is_apart_from_its_source(run: Run) -> None:
    code = (
        "x = torch.zeros(2)\nthere = x.to(d)\nthere += 1\nback = there.cpu()\nback += 1\n"
        "out = [x.tolist(), there.tolist(), back.tolist(), there.to(d) is there]"
    )
    assert run(code, "sim") == [[0.0, 0.0], [1.0, 1.0], [2.0, 2.0], True]
