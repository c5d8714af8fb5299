"""The names that code looks up in its module: as a plain reading of the rule finds them, in far fewer steps."""

from __future__ import annotations

import ast
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.checking import free_names as module
from grader.checking.free_names import free_names
from tests.steps import growth


def plainly(node: ast.AST) -> set[str]:
    """The rule word for word: the names in a function, without those that it or a function in it gives a value to."""
    if isinstance(node, ast.Name):
        return {node.id}
    names = set[str]().union(*map(plainly, ast.iter_child_nodes(node)))
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
        inner = list(ast.walk(node))
        shared = {name for each in inner if isinstance(each, ast.Global) for name in each.names}
        local = {each.arg for each in inner if isinstance(each, ast.arg)}
        local |= {
            each.id
            for each in inner
            if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store)
        }
        names -= local - shared
    return names


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("def f(a): return a + b", {"b"}),
        ("def f(a: c = d) -> e: ...", {"c", "d", "e"}),
        ("def f():\n    b = 1\n    return b, g(b)", {"g"}),
        ("def f():\n    global b\n    b = 1", {"b"}),
        ("def f():\n    def g(b): return b\n    return b", set()),  # as g has it, it is f's as well
        ("def f():\n    def g():\n        global b\n        b = 1\n    return b", {"b"}),
        ("def f(b):\n    def g():\n        global b\n        return b", {"b"}),
        ("def f():\n    def g():\n        global b\n    def h(b): return b\n    return b", {"b"}),
        ("f = lambda a, *b, **c: (a, b, c, d)", {"f", "d"}),
        ("class A(B):\n    x = y\n    def f(self): return self.z, x", {"B", "x", "y"}),
        ("def f(): return [i for i in j]", {"j"}),
        ("async def f(a): await a(b)", {"b"}),
        ("@d\ndef f(): pass", {"d"}),
        ("a.b = c", {"a", "c"}),
    ],
)
def test_names_of_the_module(text: str, names: set[str]) -> None:
    [statement] = ast.parse(text).body
    assert free_names(statement) == names == plainly(statement)


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
    | st.builds("global {}".format, NAMES)
    | st.builds("print({})".format, NAMES)
    | st.builds("print(lambda {}: ({}, lambda {}: {}))".format, NAMES, NAMES, NAMES, NAMES)
)


@given(st.recursive(PLAIN, nested, max_leaves=20))
def test_it_is_the_plain_reading_of_the_rule(text: str) -> None:
    for statement in ast.parse(text).body:
        assert free_names(statement) == plainly(statement)


@pytest.mark.parametrize(
    "text",
    [
        lambda size: "".join(f"lambda a{n}: " for n in range(size)) + "b",
        lambda size: "lambda: (" * 50 + "a, " * size + ")" * 50,
        lambda size: "lambda a: (" * 50 + "a, " * size + ")" * 50,
    ],
)
def test_functions_in_functions_are_no_product(text: Callable[[int], str]) -> None:
    def read(source: str) -> None:
        free_names(ast.parse(source))

    assert growth(read, text, 100) < 5


def test_a_set_is_joined_into_the_larger_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of n functions in each other, each with a name of its own, not all n names are gone through at each."""
    joined = 0
    real = module._Scope.joined

    def counted(scope: module._Scope) -> module._Found:
        nonlocal joined
        parts = [scope.own, *scope.inner]
        joined += sum(map(len, parts)) - max(map(len, parts))
        return real(scope)

    monkeypatch.setattr(module._Scope, "joined", counted)
    depth = 400
    text = "".join(f"lambda a{n}: (b{n}, " for n in range(90)) + "c" + ")" * 90
    chain = "".join(f"lambda a{n}=b{n}: " for n in range(depth)) + "c"
    assert len(free_names(ast.parse(text))) == 91
    assert len(free_names(ast.parse(chain))) == depth + 1
    assert joined < 5 * (90 + depth)
