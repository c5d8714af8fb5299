"""Sparse and nested tensors on `sim`: what the CPU makes of them, and an error where CUDA has one."""

from __future__ import annotations

import pytest

from .conftest import Run
from .test_operators import expect_same

# the place 1, 2 stands twice
S = """
i = torch.tensor([[1, 0, 1, 1], [2, 1, 0, 2]], device=d)
v = torch.arange(1.0, 5, device=d, requires_grad=True)
s = torch.sparse_coo_tensor(i, v.detach(), (2, 3))
m = torch.arange(6.0, device=d).reshape(3, 2)
n = torch.nested.nested_tensor([m, m[:1] + 9])
"""
PROGRAMS = {
    "counts": "out = torch.sparse_coo_tensor(i, torch.ones_like(i[0]), (2, 3)).to_dense()",
    "sizes that the indices tell": "out = torch.sparse_coo_tensor(i, v.detach()).to_dense()",
    "places": "c = s.coalesce(); out = (c.indices(), c.values(), s._nnz(), s.is_coalesced(), c.is_coalesced())",
    "products": "out = (s @ m, torch.sparse.mm(s, m), s.mv(m[:, 0]))",
    "sums": "out = (s.sum(), torch.sparse.sum(s), torch.sparse.sum(s, 0).to_dense(), (s + 2 * s).to_dense())",
    "shapes": "out = (s.t().to_dense(), s.unsqueeze(0).to_dense(), s.transpose(0, 1).to_dense(), s.shape)",
    "from a dense one": "out = (m.to_sparse().to_dense(), m.to_sparse().values())",
    "added to a dense one": "out = torch.zeros(2, 3, device=d).add_(s)",
    "copies": "out = (s.clone().to_dense(), s.double().to_dense(), s.cpu().to_dense().to(d), s.cpu().to(d).to_dense())",
    "nested: padded": "out = (n.to_padded_tensor(-1), n.transpose(1, 2).contiguous().to_padded_tensor(0))",
    "nested: parts": "out = (*n.unbind(), n.values(), n.is_nested, n.size(0), n.size(2))",
    "nested: calculated with": "out = ((n * 2 + n.relu()).to_padded_tensor(0), n.clone().to_padded_tensor(1))",
    "nested: integers": "out = torch.nested.nested_tensor([i[0], i[1, :2]]).to_padded_tensor(5)",
    "gradients": "torch.sparse_coo_tensor(i, v, (2, 3)).to_dense().square().sum().backward(); out = v.grad",
}


@pytest.mark.parametrize("second", [False, True])
@pytest.mark.parametrize("name", PROGRAMS)
def test_it_gives_what_the_cpu_gives(run: Run, name: str, second: bool) -> None:
    device = "sim:1" if second else "sim:0"
    here, there = (run(f"d = '{d}'\n{S}\n{PROGRAMS[name]}", d) for d in ("cpu", device))
    assert not isinstance(here, str), here
    expect_same(here, there, device)


def test_a_dense_operand_on_the_cpu_is_refused(run: Run) -> None:
    assert "on cpu, different from other tensors on sim:0" in run(f"{S}\nout = s @ m.cpu()", "sim")


def test_it_is_on_the_device_of_its_values(run: Run) -> None:
    assert run(f"{S}\nout = [str(s.device), str(s.coalesce().device)]", "sim") == ["sim:0"] * 2
