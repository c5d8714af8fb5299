"""Operators on `sim`: the same numbers as on the CPU, and an error where CUDA has one."""

from __future__ import annotations

import pytest
import torch

from grader.sandbox.wire.values import Received

from .conftest import Run

X = "x = torch.arange(12.0, device=d).reshape(3, 4) / 7 - 0.6"
PROGRAMS = {
    "elementwise": "out = (x * 2 - 1).sigmoid().log() + x.abs().sqrt() / (x + 3) ** 2",
    "comparisons": "out = (x > 0) & ~(x == x[0]) | (x <= 0.3).logical_not()",
    "integers": "out = torch.arange(7, device=d) // 2 % 3 - 1",
    "a number first": "out = 2 - 1 / (3 + x)",
    "a 0-dim tensor of the CPU": "out = x * torch.tensor(2.5)",
    "float64": "out = x.double().exp().cumsum(1).float()",
    "in place": "x.mul_(2).add_(1).clamp_(min=0); out = x",
    "in place on a view": "x[1:, ::2] -= 1; x.T[0].zero_(); out = x",
    "reductions": "out = (x.sum(), x.mean(0), x.amax(1, keepdim=True), x.std(), x.argmin(1), x.prod(1))",
    "several results": "out = (*x.max(1), *x.sort(1, descending=True), *x.topk(2, 1))",
    "products": "out = (x @ x.T, torch.einsum('ij,kj->ik', x, x), x.mv(x[0]), torch.outer(x[0], x[1]))",
    "batches of products": "b = torch.stack([x, -x]); out = torch.baddbmm(torch.eye(3, device=d), b, b.mT)",
    "shapes": "out = (x.T, x.reshape(-1), x.unsqueeze(1).expand(3, 2, 4), x.flip(0), x.roll(1), torch.cat([x, x], 1))",
    "indices": "i = torch.tensor([2, 0], device=d); out = (x[i], x[:, i], x[i, i], x.index_select(0, i), x[x > 0])",
    "indices on the CPU": "out = x[torch.tensor([1, 1])]",
    "indices to write to": "x[torch.tensor([0, 2], device=d)] = 5.0; x[x < 0] = 0; out = x",
    "gather and scatter": (
        "i = x.argsort(1); out = (x.gather(1, i), torch.zeros_like(x).scatter_(1, i, x), "
        "torch.zeros_like(x).scatter_add(1, i, x))"
    ),
    "where and masks": "out = (torch.where(x > 0, x, 0.0), x.masked_fill(x < 0, 9), x.tril(), x.nan_to_num())",
    "conjugated and negated views": (
        "z = torch.complex(x, x + 1); c = z.conj(); "
        "found = c, c @ z.T, torch.vdot(c[0], z[1]), z.mH.reshape(-1), c.clone().mul_(2j), c.unfold(1, 2, 1); "
        "back = torch.fft.irfft(torch.fft.rfft(x).conj()); "
        "out = (c.imag, back, *[torch.view_as_real(n.resolve_conj()) for n in found])"
    ),
    "new ones": (
        "z = torch.empty_strided((2, 3), (1, 2), dtype=torch.float64, device=d).zero_()\n"
        "e = torch.empty(2, 0, device=d)\n"
        "i = torch.ones(1, 2, 3, 4, device=d).contiguous(memory_format=torch.channels_last); s = torch.empty_like(i)\n"
        "t = torch.empty(2, 3, layout=torch.sparse_coo, device=d)\n"
        "out = (z, z.stride(), e, i, i.stride(), s.stride(), t.to_dense(), t.layout is torch.sparse_coo, x.clone())"
    ),
    "an `out=`": "o = torch.empty(0, device=d); torch.add(x, x, out=o); out = o",
    "a loss with `out=`": (
        "o = torch.empty(0, device=d); same = torch._C._nn.mse_loss(x, x * 2, out=o); out = (o, same, same is o)"
    ),
    "an empty one": "e = x[:0]; out = (e.sum(), e @ x.T, torch.cat([e, x]), e.T)",
    "losses": (
        "y = torch.tensor([1, 0, 3], device=d); p = x.softmax(1); out = (F.cross_entropy(x, y), "
        "F.nll_loss(p.log(), y), F.mse_loss(x, p), F.l1_loss(x, p), F.binary_cross_entropy(p, p), "
        "F.smooth_l1_loss(x, p))"
    ),
    "convolution": (
        "i = torch.linspace(-1, 1, 50, device=d).reshape(1, 2, 5, 5); w = torch.linspace(0, 1, 54, device=d)\n"
        "out = F.conv2d(i, w.reshape(3, 2, 3, 3), torch.ones(3, device=d), padding=1, stride=2)"
    ),
    "pooling and norms": (
        "i = torch.linspace(-1, 1, 32, device=d).reshape(1, 2, 4, 4); out = (F.max_pool2d(i, 2), F.avg_pool2d(i, 2), "
        "F.batch_norm(i, None, None, training=True), F.layer_norm(x, (4,)), F.interpolate(i, scale_factor=2))"
    ),
    "linear algebra": "a = x @ x.T + torch.eye(3, device=d); out = (torch.linalg.solve(a, x), torch.linalg.inv(a))",
    "gradients": (
        "x.requires_grad_(); (x.sigmoid() @ x.T).relu().logsumexp(1).prod().backward(); out = x.grad"
    ),
    "gradients through indices and views": (
        "x.requires_grad_(); y = x.clone(); y[:, 1] *= 2; (y[[0, 2]].T ** 3).mean().backward(); out = x.grad"
    ),
    "gradients of a convolution": (
        "i = torch.linspace(-1, 1, 32, device=d).reshape(1, 2, 4, 4).requires_grad_()\n"
        "w = torch.linspace(0, 1, 24, device=d).reshape(3, 2, 2, 2).requires_grad_()\n"
        "out = torch.autograd.grad(F.conv2d(i, w).pow(2).sum(), (i, w))"
    ),
    "second derivatives": (
        "x.requires_grad_(); g, = torch.autograd.grad((x ** 4).sum(), x, create_graph=True)\n"
        "out = torch.autograd.grad(g.sum(), x)"
    ),
    "a step of an optimizer": (
        "m = nn.Linear(4, 2, device=d); [nn.init.constant_(p, 0.3) for p in m.parameters()]\n"
        "o = torch.optim.Adam(m.parameters(), lr=0.1); m(x).pow(2).mean().backward(); o.step(); out = [*m.parameters()]"
    ),
    "what is no tensor": (
        "out = [x.tolist(), x.sum().item(), float(x[0, 0]), len(x), bool((x > 9).any()), x.T.is_contiguous()]"
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", PROGRAMS)
def test_it_gives_what_the_cpu_gives(run: Run, name: str) -> None:
    here, there = (run(f"{X}\n{PROGRAMS[name]}", device) for device in ("cpu", "sim"))
    assert not isinstance(here, str), here
    expect_same(here, there)


@pytest.mark.parametrize("name", PROGRAMS)
def test_it_gives_the_same_on_the_second_device(run: Run, name: str) -> None:
    second = f"d = 'sim:1'\n{X}\n{PROGRAMS[name]}"
    here, there = run(f"{X}\n{PROGRAMS[name]}", "cpu"), run(second, "sim:1")
    expect_same(here, there, "sim:1")


def expect_same(here: object, there: object, device: str = "sim:0") -> None:
    if isinstance(here, list | tuple):
        assert isinstance(there, list | tuple)
        for one, other in zip(here, there, strict=True):
            expect_same(one, other, device)
        return
    if not isinstance(here, Received):
        assert here == there
        return
    assert isinstance(there, Received), there
    assert (here.device, there.device) == ("cpu", device)
    assert here.requires_grad == there.requires_grad
    assert here.tensor.dtype == there.tensor.dtype
    torch.testing.assert_close(there.tensor, here.tensor, equal_nan=True)
