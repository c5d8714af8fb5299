"""What runs inside a child: the student's file as a module, and each probe with the same settings."""

from __future__ import annotations

import pytest

from grader.sandbox import Sandbox
from tests.children import call, load


def test_what_a_probe_sets_is_undone(strict_sandbox: Sandbox) -> None:
    source = (
        "import torch, random\n"
        "def f():\n"
        "    seen = [str(torch.get_default_dtype()), torch.is_grad_enabled(), random.random(), torch.rand(1).item()]\n"
        "    torch.set_default_dtype(torch.float64)\n"
        "    torch.set_grad_enabled(False)\n"
        "    return seen\n"
    )
    child, _ = load(strict_sandbox, source)
    first, second, other = call(child), call(child), call(child, seed=2)
    child.close()
    assert first == second
    assert first[:2] == ["torch.float32", True]
    assert other[2:] != first[2:]


def test_a_main_block_does_not_run(strict_sandbox: Sandbox) -> None:
    child, header = load(strict_sandbox, "if __name__ == '__main__':\n    raise ValueError\n")
    child.close()
    assert "error" not in header


@pytest.mark.parametrize(
    ("source", "kind", "line"),
    [
        ("x = 1\ny = = 2\n", "SyntaxError", 2),
        ("x = 1\nraise ValueError('no')\n", "ValueError", 2),
        ("import sys\nsys.exit(0)\n", "SystemExit", 2),
        ("import nothing_of_that_name\n", "ModuleNotFoundError", 1),
        ("class E(Exception):\n    def __str__(self): raise E\nraise E\n", "Exception", None),
        ("raise KeyboardInterrupt\n", "KeyboardInterrupt", 1),
    ],
)
def test_an_import_that_raises(
    strict_sandbox: Sandbox, source: str, kind: str, line: int | None
) -> None:
    child, header = load(strict_sandbox, source)
    child.close()
    assert header["error"]["type"] == kind
    lines = [entry[1] for entry in header["error"]["lines"]]
    assert lines[-1:] == ([line] if line else [])
