"""What torch's Python side makes of `sim`: modules move, parameters stay the same objects, storages are copied."""

from __future__ import annotations

import pytest

from grader.sandbox import Sandbox
from tests.children import call, load

from .conftest import Run

PROGRAMS = {
    "a parameter stays the same object": (
        "m = nn.Linear(2, 1); before = [id(p) for p in m.parameters()]; m.to(d)\n"
        "out = before == [id(p) for p in m.parameters()] and {str(p.device) for p in m.parameters()} == {'sim:0'}"
    ),
    "and comes back": (
        "m = nn.Linear(2, 1); p = m.weight; values = p.tolist(); m.to(d).cpu()\n"
        "out = m.weight is p and p.tolist() == values and p.is_cpu and isinstance(p, nn.Parameter)"
    ),
    "an optimizer that was made before the move goes on with it": (
        "m = nn.Linear(2, 1, bias=False); o = torch.optim.SGD(m.parameters(), 1.0); m.to(d)\n"
        "before = m.weight.detach().clone(); m(torch.ones(1, 2, device=d)).sum().backward(); o.step()\n"
        "out = torch.equal(m.weight, before - 1)"
    ),
    "its gradient moves too": (
        "m = nn.Linear(2, 1); m(torch.ones(1, 2)).sum().backward(); m.to(d)\n"
        "out = [str(m.weight.grad.device), m.weight.grad.tolist()] == ['sim:0', [[1.0, 1.0]]]"
    ),
    "buffers move": "m = nn.BatchNorm1d(2).to(d); out = {b.device.type for b in m.buffers()} == {'sim'}",
    "tied parameters stay tied": (
        "a, b = nn.Linear(2, 2), nn.Linear(2, 2); b.weight = a.weight; m = nn.Sequential(a, b).to(d)\n"
        "out = m[0].weight is m[1].weight and len(list(m.parameters())) == 3"
    ),
    "another dtype at the same time": (
        "w = nn.Linear(2, 1).to(d, torch.float64).weight; out = (w.dtype, w.device.type) == (torch.float64, 'sim')"
    ),
    "`.data` takes a tensor of the device": (
        "p = nn.Parameter(torch.zeros(2)); p.grad = torch.ones(2); p.data = torch.ones(2, device=d)\n"
        "out = [p.tolist(), str(p.device), str(p.grad.device), p.requires_grad] == [[1.0, 1.0], 'sim:0', 'sim:0', True]"
    ),
    "`.data` on one device shares": (
        "p = nn.Parameter(torch.zeros(2, device=d)); v = torch.ones(2, device=d); p.data = v; v += 1\n"
        "out = p.tolist() == [2.0, 2.0]"
    ),
    "a deep copy": (
        "import copy\nm = nn.Linear(2, 1).to(d); n = copy.deepcopy(m); n.weight.data.zero_()\n"
        "out = n.weight.device.type == 'sim' and bool(m.weight.abs().sum() > 0)"
    ),
    "a file": (
        "x = torch.arange(3.0, device=d); torch.save(x, 'x.pt')\n"
        "out = [t.tolist() for t in (torch.load('x.pt'), torch.load('x.pt', map_location='cpu'))] == [x.tolist()] * 2 "
        "and torch.load('x.pt').device.type == 'sim'"
    ),
    "a state of a module": (
        "m, n = nn.Linear(2, 1).to(d), nn.Linear(2, 1); n.load_state_dict(m.state_dict())\n"
        "out = torch.equal(n.weight, m.weight.cpu()) and n.weight.is_cpu"
    ),
    "new tensors lie beside the one that makes them": (
        "x = torch.ones(2, device='sim:1'); made = x.new_tensor([3, 4]), x.new(2, 3), x.new([5.0]), x.new_zeros(1)\n"
        "out = {str(t.device) for t in made} == {'sim:1'} and made[0].tolist() == [3, 4]"
    ),
    "a backward pass where inference mode is left": (
        "x = torch.ones(2, device=d, requires_grad=True)\n"
        "with torch.inference_mode(), torch.inference_mode(False), torch.enable_grad(): (x * x).sum().backward()\n"
        "out = x.grad.tolist() == [2.0, 2.0]"
    ),
    "pinned memory": "x = torch.ones(2).pin_memory(); out = x.tolist() == [1.0, 1.0] and x.to(d).device.type == 'sim'",
    "`torch.sim`": (
        "s = torch.sim; s.synchronize(); s.set_device(0); s.empty_cache()\n"
        "with s.device(0):\n    out = [s.device_count(), s.current_device(), s.is_initialized()] == [2, 0, True]"
    ),
    "seeds of `torch.sim`": (
        "s = torch.sim; a, b, c = [(seed(n), torch.rand(3, device=d))[1] for seed, n in "
        "((s.manual_seed, 4), (s.manual_seed_all, 4), (s.manual_seed, 5))]\n"
        "out = torch.equal(a, b) and not torch.equal(a, c)"
    ),
    "a storage's copy": (
        "x = torch.ones(2, device=d); s = x.untyped_storage().clone(); x += 1\n"
        "none = torch.empty(0, device=d).untyped_storage().clone()\n"
        "out = [s.nbytes(), s.device.type, none.nbytes(), s.cpu().tolist() == torch.ones(2).untyped_storage().tolist()]"
        " == [8, 'sim', 0, True]"
    ),
    "a file of the old kind": (
        "x = torch.arange(3.0, device=d); torch.save(x, 'old.pt', _use_new_zipfile_serialization=False)\n"
        "there = torch.load('old.pt'), torch.load('old.pt', map_location='cpu')\n"
        "out = [[t.device.type, t.tolist()] for t in there] == [['sim', x.tolist()], ['cpu', x.tolist()]]"
    ),
    "a file under a default device": (
        "x = torch.arange(3.0, device=d)\n"
        "with torch.device(d):\n    torch.save(x, 'x.pt'); there = torch.load('x.pt')\n"
        "out = [there.device.type, there.tolist()] == ['sim', x.tolist()]"
    ),
    "the accelerator": (
        "out = torch.accelerator.is_available() and torch.accelerator.current_accelerator().type == 'sim'"
    ),
    "a default device": (
        "torch.set_default_device(d); x = torch.ones(2); torch.set_default_device(None); out = x.device.type == 'sim'"
    ),
}  # fmt: skip


TWO = {
    "moves": (
        "x = torch.ones(2, device='sim:1'); m = nn.Linear(2, 2)\n"
        "moved = x.sim(), x.sim(0), x.sim(1), x.to('sim'), x.to('sim:1'), m.sim(1).weight\n"
        "out = [str(one.device) for one in moved] == ['sim:0', 'sim:0', 'sim:1', 'sim:0', 'sim:1', 'sim:1']"
    ),
    "the current device": (
        "s = torch.sim; where = lambda: [s.current_device(), torch.ones(1, device='sim').device.index]\n"
        "with s.device(1):\n    inside = where()\n"
        "s.set_device('sim:1'); then = where(); s.set_device(0)\n"
        "out = [inside, then, where()] == [[1, 1], [1, 1], [0, 0]]"
    ),
    "the accelerator's": (
        "a = torch.accelerator\nwith a.device_index(1):\n    inside = a.current_device_index()\n"
        "with a.device_index(None):\n    same = a.current_device_index()\n"
        "out = [inside, same, a.current_device_index(), a.device_count()] == [1, 0, 0, 2]"
    ),
    "no third one": (
        "def kind(f):\n    try:\n        f()\n    except torch.AcceleratorError as error:\n        return str(error)\n"
        "told = [kind(f) for f in (lambda: torch.ones(1, device='sim:2'), lambda: torch.sim.set_device(2), "
        "lambda: torch.ones(1).to('sim:2'), lambda: torch.Generator('sim:2'))]\n"
        "out = told == ['sim error: invalid device ordinal'] * 4 and torch.sim.current_device() == 0"
    ),
    "storages and copies": (
        "import copy\nx = torch.ones(2, device='sim:1'); s = x.untyped_storage()\n"
        "out = [s.device.index, s.clone().device.index, s.to(device='sim:0').device.index, s.cpu().device.type, "
        "copy.deepcopy(x).device.index, copy.deepcopy(nn.Linear(1, 1, device='sim:1')).weight.device.index]"
        " == [1, 1, 0, 'cpu', 1, 1]"
    ),
    "a file knows the device": (
        "x = torch.arange(3.0, device='sim:1'); torch.save(x, 'y.pt')\n"
        "there = torch.load('y.pt'), torch.load('y.pt', map_location='sim:0')\n"
        "out = [[str(t.device), t.tolist()] for t in there] == [['sim:1', x.tolist()], ['sim:0', x.tolist()]]"
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", TWO)
def test_there_are_two_of_them(run: Run, name: str) -> None:
    assert run(TWO[name], "sim") is True


def test_a_probe_begins_with_the_first_as_the_current_one(run: Run) -> None:
    code = "out = torch.sim.current_device(); torch.sim.set_device(1)"
    assert [run(code, device) for device in ("sim", "sim:1", "sim")] == [0, 0, 0]


@pytest.mark.parametrize("name", PROGRAMS)
def test_it_is_as_between_the_cpu_and_a_gpu(run: Run, name: str) -> None:
    assert run(PROGRAMS[name], "sim") is True


def test_it_is_hidden_while_a_probe_runs_on_the_cpu(run: Run) -> None:
    code = "out = [torch.accelerator.is_available(), torch.sim.is_available()]"
    assert [run(code, device) for device in ("cpu", "sim", "cpu")] == [
        [False, False],
        [True, True],
        [False, False],
    ]


def test_an_exception_in_a_probe_hides_it_again(sandbox: Sandbox) -> None:
    source = (
        "import torch\nseen = []\n"
        "def f():\n"
        "    seen.append(torch.sim.is_available())\n"
        "    if len(seen) == 1:\n        raise ValueError\n"
        "    return seen\n"
    )
    child, _ = load(sandbox, source)
    assert call(child, device="sim")["type"] == "ValueError"
    assert call(child, device="cpu") == [True, False]
    child.close()
