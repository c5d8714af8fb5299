"""What stands at the top level of a right file costs nothing, wherever it stands and however it fails."""

from __future__ import annotations

import ast
import itertools
import json
import random

import pytest

from grader import grade
from grader.course.catalog import Course
from grader.machines import Machines
from grader.submission import Source, Submission
from grader.submission.decode import notebook_of_bytes, source_of_bytes
from tests.conftest import Grade

QUICK = ("line_fit", "derivative", "my_linear", "quadratic_model")
# each on lines of its own; the first word says what becomes of it
DEMOS = (
    "print('fine')",
    "1 / 0",
    "print(x_that_was_never_made)",
    "how_many = int(input('How many? '))",
    "breakpoint()",
    "net = torch.nn.Linear(2, 2).cuda()",
    "text = open('data/train.csv').read()",
    "assert 1 == 2, 'my own test'",
    "raise NotImplementedError('step is not written yet')",
    "get_ipython().run_line_magic('matplotlib', 'inline')",
    "from IPython.display import display",
    "import matplotlib.pyplot as plt; plt.plot([1, 2]); plt.show()",
    "!pip install torch",
    "%matplotlib inline",
    "exit()",
    "quit()",
    "import sys; sys.exit(1)",
    "raise KeyboardInterrupt",
    "from my_other_file import helper",
    "'a text that is no docstring'",
    "for epoch in range(3):\n    print(epoch, loss_of_nothing)",
    "if True:\n    print(undefined)",
    "class Demo:\n    print(undefined)",
    "def unused():\n    return undefined",
    "@undefined\ndef decorated():\n    pass",
    "from torch.utils.data import DataLoader\nfor batch in DataLoader(range(4), num_workers=2):\n    print(batch)",
    "torch.set_default_dtype(torch.float64)",
    "torch.manual_seed(0); torch.set_grad_enabled(False)",
    "import warnings; warnings.simplefilter('error')",
    "x = torch.randn(3, requires_grad=True); x.sum().backward(); print(x.grad)",
    "if __name__ == '__main__':\n    while True: pass",
)


def with_demos(text: str, draw: random.Random) -> list[str]:
    """A file's statements, with one to three demos between them, or above or below; its docstring stays the first."""
    lines, body = text.splitlines(), ast.parse(text).body
    starts = [min([n.lineno, *(d.lineno for d in getattr(n, "decorator_list", []))]) for n in body]
    edges = [0, *(start - 1 for start in starts[1:]), len(lines)]
    parts = ["\n".join(lines[a:b]) for a, b in itertools.pairwise(edges)]
    head = sum(map(_is_head, body))
    for place in sorted(draw.choices(range(head, len(parts) + 1), k=draw.randint(1, 3)))[::-1]:
        parts.insert(place, draw.choice(DEMOS))
    return parts


def _is_head(node: ast.stmt) -> bool:
    """Whether nothing may stand above it."""
    is_text = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    return is_text or (isinstance(node, ast.ImportFrom) and node.module == "__future__")


def submitted(name: str, parts: list[str], draw: random.Random) -> Source:
    """The statements as a Python file, or, one time in four, as a notebook with some of them in each cell."""
    if draw.randrange(4):
        return source_of_bytes(("\n".join(parts) + "\n").encode(), f"{name}.py")
    cuts = [0, *sorted(draw.sample(range(1, len(parts)), 2)), len(parts)]
    cells = [
        {"cell_type": "code", "source": "\n".join(parts[a:b])} for a, b in itertools.pairwise(cuts)
    ]
    return notebook_of_bytes(json.dumps({"nbformat": 4, "cells": cells}).encode(), f"{name}.ipynb")


@pytest.mark.parametrize("seed", range(8))
def test_demo_code_costs_nothing(course: Course, machines: Machines, seed: int) -> None:
    draw = random.Random(seed)
    name = draw.choice(QUICK)
    parts = with_demos(course[name].solution.read_text(encoding="utf-8"), draw)
    source = submitted(name, parts, draw)
    [result] = grade(Submission("a", {name: source}, (name,)), machines=machines).exercises
    assert (result.score, result.status) == (result.max_score, "passed"), parts


@pytest.mark.parametrize(
    ("demo", "told"),
    [
        ("while True:\n    pass", "did not finish within 2 seconds"),
        ("import os\nos._exit(3)", "ended its process"),
    ],
)
def test_what_ends_the_child_is_left_out(
    course: Course, strict_machines: Machines, demo: str, told: str
) -> None:
    parts = course["line_fit"].solution.read_text(encoding="utf-8").split("\n\n\n")
    text = "\n\n\n".join([*parts[:2], demo, *parts[2:], "print(mse(1, 2))\n"])
    [result] = grade(Submission.of_text("line_fit", text), machines=strict_machines).exercises
    assert (result.score, result.status) == (result.max_score, "passed")
    [note] = result.notes
    assert told in note


def test_a_missing_name_is_told_with_the_line_that_it_is_missing_for(graded: Grade) -> None:
    text = "import torch\nscale = float(open('scale.txt').read())\n"
    text += "def predict(x, a, b):\n    return scale * (a * x + b)\n"
    first = graded("line_fit", text).checks[0]
    assert first.status == "failed"
    assert "`scale` was never defined, because line_fit.py, line 2 raised FileNotFoundErr" in (
        first.message
    )


def test_what_breaks_a_rule_below_a_line_that_raises_is_seen(graded: Grade, course: Course) -> None:
    by_autograd = (
        "def gradients(x, y, a, b):\n    with torch.enable_grad():\n"
        "        a, b = (each.detach().requires_grad_() for each in (a, b))\n"
        "        return torch.autograd.grad(mse(predict(x, a, b), y), (a, b))\n"
    )
    text = course["line_fit"].solution.read_text(encoding="utf-8")
    plain = graded("line_fit", f"{text}\n\n{by_autograd}", seed=1)
    below = graded("line_fit", f"{text}\n1 / 0\n{by_autograd}", seed=1)
    assert plain.violations
    assert (below.score, below.violations) == (plain.score, plain.violations)
