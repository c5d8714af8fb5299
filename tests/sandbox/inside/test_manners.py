"""What a function leaves changed is told, and nothing is told of one that leaves all as it was."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from grader.sandbox import Child, Sandbox
from grader.sandbox.wire.values import code_of, decode, encode
from tests.children import load

PROBE = "def go(student, x, y):\n    return student.f(x, y)\n"
INPUTS = {"x": torch.tensor([1.0, 2.0, 3.0]), "y": torch.tensor([4.0, 5.0, 6.0])}


def ask(child: Child, probe: str = PROBE, **more: Any) -> tuple[dict[str, Any], Any]:
    """The header of the answer to a probe, and what the probe gave."""
    tree, block = encode(more.pop("inputs", INPUTS))
    base = {"probe": "go", "code": code_of(probe), "arguments": tree, "seed": 1, "device": "cpu"}
    header, answer, _ = child.call({**base, **more}, block)
    if "error" in header:
        return header, header["error"]
    return header, decode(header["value"], answer, lambda tensor, _: tensor)


def manners(sandbox: Sandbox, source: str, **more: Any) -> dict[str, list[str]]:
    child, _ = load(sandbox, f"import torch\n{source}")
    header, _ = ask(child, **more)
    child.close()
    told: dict[str, list[str]] = header.get("manners", {})
    return told


NEARBY = [0.96875, 1.9375, 2.90625]  # what the first rehearsal makes of 1, 2, 3
IMPOLITE = {
    "a shared buffer": (
        "_out = torch.empty(3)\ndef f(x, y):\n    return torch.add(x, y, out=_out)\n",
        {"earlier": ["changed"]},
    ),
    "a buffer that is filled in a list": (
        "_kept = [torch.zeros(3)]\ndef f(x, y):\n    return {'sums': [_kept[0].add_(x), 1]}\n",
        {"earlier": ["changed"]},
    ),
    "a list that grows": (
        "def f(x, y, kept=[]):\n    kept.append(1.5)\n    return {'losses': kept}\n",
        {"earlier": ["changed"]},
    ),
    "an input handed back": ("def f(x, y):\n    return y[:1], x + y\n", {"shared": ["y"]}),
    "an input handed back through NumPy": (
        "def f(x, y):\n    return torch.from_numpy(x.numpy())\n",
        {"shared": ["x"]},
    ),
    "requires_grad left on": (
        "def f(x, y):\n    return (x.requires_grad_() * y).detach()\n",
        {"touched": ["x"], "marked": ["x"]},
    ),
    "a gradient left": (
        "def f(x, y):\n    y.grad = x + y\n    return x + y\n",
        {"touched": ["y"], "marked": ["y"]},
    ),
    "the default dtype": (
        "def f(x, y):\n    torch.set_default_dtype(torch.float64)\n    return x + y\n",
        {"set": ["default dtype"]},
    ),
    "the default device": (
        "def f(x, y):\n    torch.set_default_device('meta')\n    return x + y\n",
        {"set": ["default device"]},
    ),
    "recording": (
        "def f(x, y):\n    torch.set_grad_enabled(False)\n    return x + y\n",
        {"set": ["recording"]},
    ),
    "autocast": (
        "def f(x, y):\n    torch.set_autocast_enabled('cpu', True)\n    return x + y\n",
        {"set": ["autocast"]},
    ),
    "the seed of Python's generator": (
        "import random\ndef f(x, y):\n    random.seed(0)\n    return x + y\n",
        {"set": ["Python's seed"]},
    ),
    "the seed of NumPy's generator": (
        "import numpy\ndef f(x, y):\n    numpy.random.seed(0)\n    numpy.random.rand()\n    return x + y\n",
        {"set": ["NumPy's seed"]},
    ),
    "the seed": (
        "def f(x, y):\n    torch.manual_seed(0)\n    return x + y\n",
        {"set": ["seed"]},
    ),
}
POLITE = {
    "a new tensor": "def f(x, y):\n    return x + y\n",
    "draws": "def f(x, y):\n    return x + torch.randn(3)\n",
    "draws elsewhere": (
        "import numpy, random\ndef f(x, y):\n    random.random()\n"
        "    return x + random.gauss(0, 1) + float(numpy.random.randn(2000).sum())\n"
    ),
    "the inputs themselves": "def f(x, y):\n    return {'x': x, 'more': [y]}\n",
    "puts a seed back": (
        "def f(x, y):\n    with torch.random.fork_rng():\n        torch.manual_seed(0)\n"
        "        return x + torch.randn(3)\n"
    ),
    "gradients off for a while": "@torch.no_grad()\ndef f(x, y):\n    return x + y\n",
    "inference mode": "@torch.inference_mode()\ndef f(x, y):\n    return x + y\n",
    "pieces of one new tensor": "def f(x, y):\n    return torch.stack([x, y]).unbind(1)\n",
    "a constant that is used": "_one = torch.ones(3)\ndef f(x, y):\n    return x + y * _one\n",
    "a constant that is handed out": "_one = torch.ones(1)\ndef f(x, y):\n    return _one, x + y\n",
    "a new list": "def f(x, y):\n    return [1, float('nan'), 'x', [True, None, {}], (object(),)]\n",
    "numbers that are none": "def f(x, y):\n    return x * float('nan')\n",
    "an answer kept by values": (
        "_kept = {}\ndef f(x, y):\n    key = (*x.tolist(), *y.tolist())\n"
        "    return _kept.setdefault(key, x + y)\n"
    ),
    "nothing": "def f(x, y):\n    return [torch.empty(0), None, 'x', 3, {'y': 2.5}]\n",
    "raises at first": (
        "_calls = []\ndef f(x, y):\n    _calls.append(1)\n"
        "    if len(_calls) == 1:\n        raise ValueError\n    return x + y\n"
    ),
}


@pytest.mark.parametrize("name", IMPOLITE)
def test_what_is_not_left_as_it_was_is_told(strict_sandbox: Sandbox, name: str) -> None:
    source, told = IMPOLITE[name]
    assert manners(strict_sandbox, source, rehearsal="plain") == told


def test_nothing_is_told_of_the_polite(strict_sandbox: Sandbox) -> None:
    for name, source in POLITE.items():
        for kind in (None, "plain", "otherwise"):
            assert manners(strict_sandbox, source, rehearsal=kind) == {}, (name, kind)


def test_what_the_caller_has_set_is_left_so(strict_sandbox: Sandbox) -> None:
    source = """
def f(x, y):
    torch.set_grad_enabled(True)
    torch.set_default_dtype(torch.float32)
    return x + y
"""
    told = manners(strict_sandbox, source, rehearsal="otherwise")
    assert told == {"set": ["default dtype", "recording"]}


def test_what_the_caller_has_set_is_left_so_where_the_function_raises(
    strict_sandbox: Sandbox,
) -> None:
    source = """
def f(x, y):
    if not torch.is_grad_enabled():
        torch.set_grad_enabled(True)
        raise ValueError
    return x + y
"""
    assert manners(strict_sandbox, source, rehearsal="otherwise") == {"set": ["recording"]}
    assert manners(strict_sandbox, source, rehearsal="plain") == {}


@pytest.mark.parametrize("key", ["x.shape", "id(x)", "float(x.sum())", "x.int().tolist()[0] // 4"])
def test_an_answer_that_is_kept_is_a_rehearsals(strict_sandbox: Sandbox, key: str) -> None:
    """So the numbers are wrong, which is for the check to say."""
    child, _ = load(
        strict_sandbox, f"kept = {{}}\ndef f(x, y):\n    return kept.setdefault({key}, x - 0)\n"
    )
    kind = "otherwise" if "sum" in key else "plain"
    _, got = ask(child, rehearsal=kind)
    child.close()
    assert got.tolist() == ([3.0, 2.0, 1.0] if kind == "otherwise" else NEARBY)


def test_an_expanded_input_is_another_one_in_the_rehearsal_and_itself_again(
    strict_sandbox: Sandbox,
) -> None:
    source = "seen = []\ndef f(x, y):\n    seen.append([x.tolist(), y.tolist()])\n    return seen\n"
    child, _ = load(strict_sandbox, source)
    rows = torch.tensor([[1.0, 2.0]]).expand(3, 2)
    inputs = {"x": rows, "y": INPUTS["y"]}
    _, (first, second) = ask(child, inputs=inputs, rehearsal="otherwise")
    child.close()
    assert first == [[[2.0, 1.0]] * 3, [6.0, 5.0, 4.0]]
    assert second == [[[1.0, 2.0]] * 3, [4.0, 5.0, 6.0]]


def test_an_input_that_is_changed_on_purpose_may_be_given_back(strict_sandbox: Sandbox) -> None:
    for change in ("x.data = x.data + 1", "x.add_(1)", "x.detach().add_(1)"):
        source = f"def f(x, y):\n    {change}\n    return [x, x[1:], x.detach()]\n"
        told = manners(strict_sandbox, source, rehearsal="plain")
        assert "earlier" not in told, change


SECOND = """
calls = []
def f(x, y):
    calls.append([x.tolist(), y.tolist(), torch.rand(1).item(), id(x)])
    x.data, y.grad = torch.zeros(1), torch.zeros(3)
    if len(calls) == 1:
        torch.set_default_dtype(torch.float64)
        raise ValueError
    return calls
def g(x, y):
    return [torch.get_default_dtype() == torch.float32, x.is_leaf, x.requires_grad, y.grad is None] + f(x, y)
"""


def test_the_second_call_is_as_if_it_were_the_first(strict_sandbox: Sandbox) -> None:
    """It has the same tensors and the same random numbers, whatever the rehearsal did to them."""
    child, _ = load(strict_sandbox, f"import torch\n{SECOND}")
    probe = "def go(student, x, y):\n    return student.g(x, y)\n"
    inputs = {"x": INPUTS["x"].clone().requires_grad_(), "y": INPUTS["y"]}
    _, (dtype, is_leaf, needs, no_grad, first, second) = ask(
        child, probe, inputs=inputs, rehearsal="plain"
    )
    child.close()
    assert [dtype, is_leaf, needs, no_grad] == [True] * 4
    assert first[:2] == [NEARBY, [3.875, 4.84375, 5.8125]]
    assert second[:2] == [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]
    assert first[2:] == second[2:]


def test_the_first_rehearsal_has_numbers_nearby_and_the_same_labels(
    strict_sandbox: Sandbox,
) -> None:
    source = "seen = []\ndef f(x, y):\n    seen.append([x.tolist(), y.tolist()])\n    return seen\n"
    numbers, labels = torch.tensor([1.0, 0.0, -32.0]), torch.tensor([0, 1, 1])
    child, _ = load(strict_sandbox, source)
    _, (first, second) = ask(child, inputs={"x": numbers, "y": labels}, rehearsal="plain")
    _, others = ask(child, inputs={"x": labels, "y": labels}, rehearsal="plain")
    child.close()
    assert first == [[0.96875, 0.0, -31.0], [0, 1, 1]]
    assert second == [[1.0, 0.0, -32.0], [0, 1, 1]]
    assert others[2] == [[1, 1, 0], [1, 1, 0]]  # where there are labels alone


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.int64, torch.bool])
def test_a_rehearsal_has_other_values_of_the_same_kind(
    strict_sandbox: Sandbox, dtype: torch.dtype
) -> None:
    source = """
seen = []
def f(x, y):
    seen.append([x.tolist(), y[0].tolist(), str(x.dtype), x.stride()])
    return seen
"""
    child, _ = load(strict_sandbox, source)
    table = torch.tensor([[0, 1, 1], [0, 0, 1]]).to(dtype)
    one = torch.ones((), dtype=dtype)
    _, (first, second) = ask(child, inputs={"x": table.T, "y": [one]}, rehearsal="otherwise")
    child.close()
    assert second[0] == table.T.tolist()
    assert first[0] == table.T.flip(0, 1).tolist()
    assert second[1] == one.item()
    assert first[1] == (0.75 if dtype.is_floating_point else one.item())
    assert first[2:] == second[2:]


def test_containers_are_made_anew(strict_sandbox: Sandbox) -> None:
    source = "def f(x, y):\n    return [len(x), x.clear()]\n"
    child, _ = load(strict_sandbox, source)
    inputs = {"x": [torch.ones(2), 3], "y": torch.ones(1)}
    _, got = ask(child, inputs=inputs, rehearsal="plain")
    child.close()
    assert got == [2, None]


def test_without_a_rehearsal_it_is_called_once(strict_sandbox: Sandbox) -> None:
    child, _ = load(
        strict_sandbox, "calls = []\ndef f(x, y):\n    calls.append(1)\n    return len(calls)\n"
    )
    assert [ask(child)[1], ask(child, rehearsal="plain")[1], ask(child)[1]] == [1, 3, 4]
    assert ask(child, device="sim", rehearsal="plain")[1] == 5
    child.close()


def test_a_result_that_is_nothing_like_one_is_looked_at_all_the_same(
    strict_sandbox: Sandbox,
) -> None:
    source = (
        "class Odd(torch.Tensor):\n"
        "    @classmethod\n    def __torch_function__(cls, *_, **__):\n        raise ValueError\n"
        "def f(x, y):\n    deep = []\n    deep.append(deep)\n"
        "    return [deep, (x + y).as_subclass(Odd), object()]\n"
    )
    assert manners(strict_sandbox, source, rehearsal="plain") == {}
