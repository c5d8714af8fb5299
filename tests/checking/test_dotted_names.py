"""What names stand for: through imports, aliases, attributes and `getattr`; no path grows with the text."""

from __future__ import annotations

import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.checking.dotted_names import (
    Names,
    constant_text,
    cut,
    got_attribute,
    walk,
)
from tests.steps import growth


def path_in(text: str) -> str:
    """What the last expression of a text stands for."""
    tree = ast.parse(text)
    names = Names()
    for node in walk(tree):
        names.note(node)
    last = tree.body[-1]
    assert isinstance(last, ast.Expr)
    return names.path(last.value)


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("torch.nn", "torch.nn"),
        ("import torch as t\nt.nn.Linear", "torch.nn.Linear"),
        ("import torch.nn\ntorch.nn.Linear", "torch.nn.Linear"),
        ("import torch.nn.functional as F\nF.linear", "torch.nn.functional.linear"),
        ("from torch import nn as n\nn.Linear", "torch.nn.Linear"),
        ("from torch.nn import *\nLinear", "torch.nn.Linear"),
        ("from torch.nn import *\nfrom os import *\nLinear", "torch.nn.Linear"),
        ("from torch.nn import *\nfrom torch.autograd import *\ngrad", "torch.autograd.grad"),
        ("from torch.nn import *\nimport Linear\nLinear", "Linear"),
        ("import torch\na = torch.autograd\na.grad", "torch.autograd.grad"),
        ("import torch\na = b = torch.autograd\na.grad", "a.grad"),
        ("import os\na = os.path\na.join", "a.join"),
        ("getattr(torch, 'auto' + 'grad').grad", "torch.autograd.grad"),
        ("getattr(getattr(torch, 'nn'), name)", "torch.nn.?"),
        ("vars(torch)", "torch.?"),
        ("f().x", ""),
        ("x[0].y", ""),
        ("1", ""),
    ],
)
def test_what_an_expression_stands_for(text: str, path: str) -> None:
    assert path_in(text) == path


def expression(text: str) -> ast.expr:
    return ast.parse(text, mode="eval").body


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("getattr(x, 'a')", "a"),
        ("getattr(x, 'a' + ('b' + 'c'), 1)", "abc"),
        ("getattr(x, 'a' + b)", "?"),
        ("getattr(x, '?' + 'a')", "?"),
        ("getattr(x, 1)", "?"),
        ("getattr(x)", "?"),
        ("vars(x)", "?"),
        ("getattr()", None),
        ("x.getattr(y, 'a')", None),
        ("x", None),
    ],
)
def test_an_attribute_that_is_asked_for_by_its_name(text: str, found: str | None) -> None:
    assert got_attribute(expression(text)) == found


@given(st.lists(st.text("ab", max_size=3), min_size=1, max_size=20))
def test_a_text_of_constants(parts: list[str]) -> None:
    assert constant_text(expression(" + ".join(map(repr, parts)))) == "".join(parts)


def test_a_long_path_keeps_its_beginning_and_its_end() -> None:
    assert cut("torch.nn") == "torch.nn"
    made = cut("torch.autograd." + "x" * 1000 + "_backward")
    assert made.startswith("torch.autograd.")
    assert made.endswith("x_backward")
    assert len(made) < 200


@pytest.mark.parametrize(
    "text",
    [
        "import torch\nx = torch.a\n" + "x = x.b\n" * 500 + "x",
        "import torch\nx = getattr(torch, '" + "a" * 5000 + "')\nx",
        "from torch." + "a" * 5000 + " import b\nb",
        "from torch." + "a" * 5000 + " import *\nb",
        "import torch." + "a" * 5000 + " as b\nb",
        "torch" + ".attribute" * 300,
    ],
)
def test_no_path_grows_with_the_text(text: str) -> None:
    assert path_in(text).startswith("torch.")
    assert len(path_in(text)) < 200


def test_each_node_of_a_chain_is_worked_out_once() -> None:
    def read(text: str) -> None:
        names = Names()
        for node in walk(ast.parse(text)):
            if isinstance(node, ast.expr):
                names.path(node)

    assert growth(read, lambda size: "torch" + ".a" * size, 100) < 5


def test_all_that_is_below_a_node_is_walked_once() -> None:
    tree = ast.parse("def f(a, b=1):\n    return [a.b for a in (lambda: b)()]\n")
    expected = {node for node in ast.walk(tree) if not isinstance(node, ast.expr_context)}
    assert set(walk(tree)) == expected
    assert len(walk(tree)) == len(expected)
