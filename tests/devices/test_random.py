"""Random numbers on `sim` come from the device's own generator, or from one that is made for it."""

from __future__ import annotations

import pytest

from .conftest import Run

PROGRAMS = {
    "the same seed gives the same numbers": (
        "torch.manual_seed(5); a = torch.randn(3, device=d); torch.manual_seed(5); b = torch.randn(3, device=d)\n"
        "out = torch.equal(a, b) and not torch.equal(a, torch.randn(3, device=d))"
    ),
    "a generator of its own": (
        "draw = lambda s: torch.rand(3, device=d, generator=torch.Generator(device=d).manual_seed(s))\n"
        "out = torch.equal(draw(1), draw(1)) and not torch.equal(draw(1), draw(2))"
    ),
    "a generator knows its device": (
        "g = torch.Generator(device=d); out = [g.device.type, torch.Generator().device.type] == [d, 'cpu']"
    ),
    "both are generators": (
        "gs = [torch.Generator(), torch.Generator(d), torch.default_generator]\n"
        "out = all(isinstance(g, torch.Generator) for g in gs) and not isinstance(1, torch.Generator)"
    ),
    "the CPU's numbers are not used up": (
        "torch.manual_seed(5); a = torch.rand(2); torch.manual_seed(5)\n"
        "torch.randn(3, device=d); F.dropout(torch.ones(9, device=d), 0.5); torch.randperm(4, device=d)\n"
        "out = torch.equal(a, torch.rand(2))"
    ),
    "drawing on the CPU does not use up the device's": (
        "torch.manual_seed(5); a = torch.rand(2, device=d); torch.manual_seed(5); torch.rand(9)\n"
        "out = torch.equal(a, torch.rand(2, device=d))"
    ),
    "dropout follows the seed": (
        "drop = lambda: (torch.manual_seed(1), F.dropout(torch.ones(99, device=d), 0.5))[1]\n"
        "out = torch.equal(drop(), drop()) and 0 < int((drop() == 0).sum()) < 99"
    ),
    "in place": (
        "torch.manual_seed(1); x = torch.empty(5, device=d).uniform_(2, 3); out = bool(((x >= 2) & (x < 3)).all())"
    ),
    "a state can be kept": (
        "state = torch.sim.get_rng_state(); a = torch.rand(3, device=d); torch.sim.set_rng_state(state)\n"
        "out = torch.equal(a, torch.rand(3, device=d))"
    ),
    "whole numbers and permutations": (
        "x = torch.randint(2, 5, (50,), device=d); p = torch.randperm(20, device=d)\n"
        "out = [x.unique().tolist(), p.sort().values.tolist()] == [[2, 3, 4], list(range(20))]"
    ),
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_it_is_as_on_a_gpu(run: Run, name: str) -> None:
    assert run(PROGRAMS[name], "sim") is True


def test_each_device_has_a_generator_of_its_own(run: Run) -> None:
    code = (
        "s = torch.sim; s.manual_seed_all(3); a = torch.rand(2, device='sim:0'); b = torch.rand(2, device='sim:1')\n"
        "with s.device(1):\n    s.manual_seed(4)\n"
        "c, d = torch.rand(2, device='sim:0'), torch.rand(2, device='sim:1')\n"
        "s.manual_seed_all(3); torch.rand(2, device='sim:0'); e = torch.rand(2, device='sim:0')\n"
        "g = torch.Generator('sim:1').manual_seed(4); f = torch.rand(2, generator=g, device='sim:1')\n"
        "same = lambda one, other: torch.equal(one.cpu(), other.cpu())\n"
        "out = [same(a, b), same(c, d), same(c, e), same(d, f), str(g.device)]"
    )
    assert run(code, "sim") == [True, False, True, True, "sim:1"]


def test_a_generator_of_the_cpu_does_not_serve_the_device(run: Run) -> None:
    told = run("out = torch.rand(2, device=d, generator=torch.Generator())", "sim")
    assert told == "RuntimeError: Expected a 'sim' device type for generator but found 'cpu'"
