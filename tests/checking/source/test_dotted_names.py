"""What names stand for: through imports, aliases, attributes and `getattr`, as Python looks them up."""

from __future__ import annotations

import ast
import symtable
from collections.abc import Callable, Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.checking.source.dotted_names import (
    Names,
    constant_text,
    cut,
    got_attribute,
    is_below,
    used,
)
from tests.steps import growth


def path_in(text: str) -> str:
    """What the last expression of a text stands for."""
    tree = ast.parse(text)
    last = tree.body[-1]
    assert isinstance(last, ast.Expr)
    return Names([tree]).path(last.value)


def paths_in(text: str, wanted: str) -> list[str]:
    """What each expression stands for that is written so, in the order of the text."""
    tree = ast.parse(text)
    names = Names([tree])
    nodes = [node for node in ast.walk(tree) if isinstance(node, ast.Name | ast.Attribute)]
    found = [node for node in nodes if ast.unparse(node) == wanted]
    found = [node for node in found if isinstance(node.ctx, ast.Load)]
    return [names.path(node) for node in sorted(found, key=lambda node: node.lineno)]


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
        ("from torchvision import *\nLinear", "Linear"),
        ("from torch.nn import *\nfrom torch.autograd import *\ngrad", "torch.autograd.grad"),
        ("from torch.nn import *\nimport Linear\nLinear", "Linear"),
        ("import torch\na = torch.autograd\na.grad", "torch.autograd.grad"),
        ("import torch\na: object = torch.autograd\na.grad", "torch.autograd.grad"),
        ("import torch\na = getattr(torch, 'nn')\nb = a\nb.Linear", "torch.nn.Linear"),
        ("import torch\na = b = torch.autograd\na.grad", ""),
        ("import os\na = os.path\na.join", "os.path.join"),
        ("e = eval\ne", "eval"),
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


SHADOWS = [
    "def f(grad): return {}",
    "def f(*grad): return {}",
    "def f(**grad): return {}",
    "def f(*, grad): return {}",
    "def f():\n    grad = x\n    return {}",
    "def f():\n    grad += x\n    return {}",
    "def f():\n    grad: int\n    return {}",
    "def f():\n    for grad in x: {}",
    "def f():\n    with x as grad: {}",
    "def f():\n    (grad, *y), z = x\n    return {}",
    "def f():\n    if (grad := x): return {}",
    "def f():\n    try: pass\n    except E as grad: {}",
    "def f():\n    match x:\n        case [grad, *y]: {}",
    "def f():\n    match x:\n        case [*grad]: {}",
    "def f():\n    match x:\n        case {{'a': 1, **grad}}: {}",
    "def f():\n    def grad(): pass\n    return {}",
    "def f():\n    class grad: pass\n    return {}",
    "def f():\n    return {}\n    grad = x",
    "def f():\n    import numpy as grad\n    return {}",
    "def f(grad):\n    def g(): return {}",
    "def f():\n    def g():\n        nonlocal grad\n        grad = y\n        return {}\n    grad = x",
    "f = lambda grad: {}",
    "f = lambda grad: lambda: {}",
    "f = [{} for grad in x]",
    "f = {{grad: {} for grad in x}}",
    "f = [lambda: {} for grad in x]",
    "def grad(): pass\ndef f(): return {}",
    "class grad: pass\nf = {}",
    "class A:\n    grad = x\n    f = {}",
    "def f():\n    global grad\n    grad = x\nf = {}",
    "grad = x\ndef f(): return {}",
]
USES = [
    "def f(x): return {}",
    "def f(x={}): grad = x",
    "@{}\ndef f(grad): pass",
    "class A({}):\n    grad = x",
    "class A:\n    grad = x\n    def f(self): return {}",
    "class A:\n    def grad(self): return {}",
    "def g(grad): return x\ndef f(): return {}",
    "def f():\n    global grad\n    return {}",
    "def g():\n    grad = x\n    def f():\n        global grad\n        return {}",
    "f = [grad for grad in x], {}",
    "f = lambda x={}: x",
    "def f(): return lambda x: [{} for y in x]",
    "def f(x): x.grad = {}",
    "def f(x): return g(grad=x) + {}",
]


@pytest.mark.parametrize("attribute", ["", ".step"])
@pytest.mark.parametrize("text", SHADOWS)
def test_what_has_the_name_of_an_import_is_not_what_was_imported(text: str, attribute: str) -> None:
    name = f"grad{attribute}"
    text = "from torch.autograd import grad\n" + text.format(name)
    assert "torch" not in "".join(paths_in(text, name)[-1:])


@pytest.mark.parametrize("text", USES)
def test_what_is_no_name_of_its_scope_is_the_import(text: str) -> None:
    text = "from torch.autograd import grad\n" + text.format("grad")
    assert "torch.autograd.grad" in paths_in(text, "grad")


def test_cells_share_their_names_and_the_last_one_counts() -> None:
    cells = ["import torch.optim as o", "def step(): return o.SGD", "o.SGD"]

    def read(*texts: str) -> str:
        trees = [ast.parse(text) for text in texts]
        last = trees[-1].body[-1]
        assert isinstance(last, ast.Expr)
        return Names(trees).path(last.value)

    assert read(*cells) == "torch.optim.SGD"
    assert read("o = own()", *cells) == "torch.optim.SGD"
    assert read(*cells[:2], "o = own()", cells[2]) == ""


NAMES = st.sampled_from(["a", "b", "c"])


def indented(lines: list[str]) -> str:
    return "\n".join(lines).replace("\n", "\n    ")


def nested(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    bodies = st.lists(inner, min_size=1, max_size=4).map(indented)
    return st.builds("def {}({}):\n    {}".format, NAMES, NAMES, bodies) | st.builds(
        "class {}:\n    {}".format, NAMES, bodies
    )


PLAIN = (
    st.builds("{} = {}".format, NAMES, NAMES)
    | st.builds("print({})".format, NAMES)
    | st.builds("import torch.{} as {}".format, NAMES, NAMES)
    | st.builds("for {} in {}: pass".format, NAMES, NAMES)
    | st.builds("print(lambda {}: ({}, lambda {}: {}))".format, NAMES, NAMES, NAMES, NAMES)
)


def scopes(table: symtable.SymbolTable) -> Iterator[symtable.SymbolTable]:
    yield table
    for inner in table.get_children():
        yield from scopes(inner)


@settings(max_examples=30)
@given(st.lists(st.recursive(PLAIN, nested, max_leaves=12), min_size=1).map("\n".join))
def test_whose_a_name_is_python_says_as_well(text: str) -> None:
    """A name of a function is the module's where Python's own table of symbols says that it is global."""
    tree = ast.parse(text)
    names = Names([tree])
    tables = {
        (each.get_type(), each.get_lineno(), each.get_name()): each
        for each in scopes(symtable.symtable(text, "x", "exec"))
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            table = tables["function", node.lineno, node.name]
            plain = [each for each in node.body if isinstance(each, ast.Expr)]
            for call in plain:
                assert isinstance(call.value, ast.Call)
                for name in call.value.args:
                    if isinstance(name, ast.Name):
                        assert names.is_of_module(name) == table.lookup(name.id).is_global()


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


@pytest.mark.parametrize(
    "text",
    [
        lambda size: "torch" + ".a" * size,
        lambda size: "x = torch" + ".a" * size,
        lambda size: "".join(f"x{n + 1} = x{n}.a\n" for n in range(size)),
        lambda size: "".join(f"lambda a{n}: " for n in range(size)) + "b",
        lambda size: "lambda a: (" * 50 + "a, " * size + ")" * 50,
        lambda size: "".join(f"def f{n}(): return a\n" for n in range(size)),
        lambda size: "def f():\n" + " a = b\n" * size,
    ],
)
def test_the_work_is_linear(text: Callable[[int], str]) -> None:
    def read(source: str) -> None:
        tree = ast.parse(source)
        names = Names([tree])
        for node in used(tree):
            if isinstance(node, ast.expr):
                names.path(node)

    assert growth(read, text, 100) < 5


def names_used(text: str) -> set[str]:
    return {node.id for node in used(ast.parse(text)) if isinstance(node, ast.Name)}


def test_all_that_does_something_is_walked_once() -> None:
    tree = ast.parse("def f(a, b=1):\n    return [a.b for a in (lambda: b)()]\n")
    expected = {node for node in ast.walk(tree) if not isinstance(node, ast.expr_context)}
    assert set(used(tree)) == expected
    assert len(used(tree)) == len(expected)


@pytest.mark.parametrize(
    "text",
    [
        "def f(a: {}): pass",
        "def f(*a: {}, **b: {}): pass",
        "def f(a) -> {}: pass",
        "async def f(a) -> {}: pass",
        "a: {} = 1",
        "isinstance(a, {})",
        "isinstance(a, (int, {}))",
        "issubclass(a, {}) or 1",
        "match a:\n    case {}(b): pass",
        "from x import {}",
        "import {} as b",
    ],
)
def test_what_only_names_it_does_nothing_with_it(text: str) -> None:
    assert "Linear" not in names_used(text.replace("{}", "Linear"))


@pytest.mark.parametrize(
    "text",
    [
        "a: int = {}",
        "def f(a: int = {}): pass",
        "isinstance({}, a)",
        "x.isinstance(a, {})",
        "match {}:\n    case a(b): {}",
        "class A({}): pass",
        "@{}\ndef f(): pass",
    ],
)
def test_what_stands_beside_it_does(text: str) -> None:
    assert "Linear" in names_used(text.replace("{}", "Linear"))


def test_what_is_below_a_path() -> None:
    assert is_below("torch", "torch")
    assert is_below("torch.nn", "torch")
    assert not is_below("torchvision", "torch")
