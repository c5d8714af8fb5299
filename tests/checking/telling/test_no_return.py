"""A function without `return` is named where None came for something else, and nowhere else."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import grader
from grader.checking.outcome import CaseEnd, Cause
from grader.checking.telling.explain import GRAD_IS_NONE, NO_RETURN
from grader.checking.telling.no_return import giving, giving_grads, silent_functions, with_no_return

SOLUTION = ("def f(x):\n    return x\n\ndef g(x):\n    return f(x)\n\ndef act(x):\n    x.a = 1\n",)
NONE = Cause("raised-none", "Something is None.")


@pytest.mark.parametrize(
    ("body", "gives"),
    [
        ("return x", True),
        ("if x:\n        return 1", True),
        ("yield x", True),
        ("raise NotImplementedError", True),
        ("print(x)", False),
        ("return", False),
        ("return None", False),
        ("return print(x)", False),
        ("return lambda: x", True),
        ("def inner():\n        return x", False),
        ("(lambda: (yield))", False),
    ],
)
def test_what_gives_something_back(body: str, gives: bool) -> None:
    assert giving([f"def f(x):\n    {body}\n"]) == [
        pair for pair in [("f", gives), ("inner", True)] if f"def {pair[0]}" in f"def f {body}"
    ]


def test_the_last_definition_counts_and_what_is_no_python_has_none() -> None:
    assert giving(["def f(): return 1", "def f(): pass", "def ("]) == [("f", False)]


def test_what_the_solution_gives_is_asked() -> None:
    texts = ("def f(x):\n    print(x)\ndef act(x):\n    pass\ndef own(x):\n    pass\n",)
    assert silent_functions(texts, SOLUTION) == {"f"}


def named(message: str, causes: tuple[Cause, ...], asked: tuple[str, ...] = ()) -> tuple[str, ...]:
    texts = ("def f(x):\n    print(x)\n\ndef g(x):\n    return f(x) + 1\n",)
    end = with_no_return(CaseEnd("failed", message, causes), texts, SOLUTION, asked)
    return tuple(cause.text for cause in end.causes)


def test_it_is_named_where_none_came() -> None:
    told = NO_RETURN.of(name="f").text
    assert named("f(x) is None, expected a tensor.", (NO_RETURN.unsure(),)) == (told,)
    assert named("`g` raised TypeError (line 4: `return f(x) + 1`).", (NONE,)) == (told,)
    assert named("the result is None, expected a tensor.", (NO_RETURN.unsure(),), ("f",)) == (told,)
    assert named("f does not return a pair.", ()) == (told,)


def test_it_is_not_named_elsewhere() -> None:
    other = Cause("sign", "The sign is the wrong way round.")
    assert named("f(x) is 2, expected -2.", (other,)) == (other.text,)
    assert named("x.grad is None, expected a tensor.", (NO_RETURN.unsure(),), ("g",)) == ()
    assert named("`g` raised TypeError (line 4: `x.grad + 1`).", (NONE,)) == (NONE.text,)
    assert named("the result is 3, expected 2.", (), ("f",)) == ()
    passed = CaseEnd()
    assert with_no_return(passed, SOLUTION, SOLUTION, ()) is passed


def test_a_method_that_python_calls_is_named_though_nobody_writes_its_name() -> None:
    own = ("class A:\n    def __getitem__(self, i): self.x[i]\n",)
    solution = ("class A:\n    def __getitem__(self, i): return self.x[i]\n",)
    end = CaseEnd("failed", "dataset[0] is None, expected a tuple.", (NO_RETURN.unsure(),))
    assert with_no_return(end, own, solution, ()).causes == (NO_RETURN.of(name="__getitem__"),)
    assert with_no_return(end, solution, solution, ()).causes == ()


def test_an_init_gives_nothing() -> None:
    """That of the solution raises, and so seems to give something."""
    own = ("class A:\n    def __init__(self): assert self.x\n    def f(self): pass\n",)
    solution = ("class A:\n    def __init__(self): raise ValueError\n    def f(self): return 1\n",)
    assert silent_functions(own, solution) == {"f"}


def test_what_reads_large_texts_needs_no_torch() -> None:
    """Readers run in a process of their own, which has the grader's modules and nothing of torch's."""
    package = Path(grader.__file__).parent
    users = [path for path in package.rglob("*.py") if "import bounded" in path.read_text()]
    names = [".".join(path.relative_to(package.parent).with_suffix("").parts) for path in users]
    assert "grader.checking.telling.no_return" in names
    program = f"import sys; sys.modules['torch'] = None; [__import__(name) for name in {names!r}]"
    subprocess.run([sys.executable, "-c", program], check=True, cwd=package.parent)


@pytest.mark.parametrize(
    ("body", "gives"),
    [
        ("return x.grad", True),
        ("return a.grad, b.grad", True),
        ("return x.grad if x.grad is not None else 0", False),
        ("return x.grad.clone()", False),
        ("return x", False),
        ("return x.grad, 1", False),
        ("if x:\n        return x\n    return x.grad", False),
        ("x.grad", False),
        ("return ()", False),
    ],
)
def test_what_gives_back_a_grad(body: str, gives: bool) -> None:
    assert giving_grads([f"def f(x):\n    {body}\n"]) == (["f"] if gives else [])


def test_a_grad_that_nobody_filled_is_named_where_none_came() -> None:
    texts = ("def f(x):\n    y = x * 1\n    return y.grad\n\ndef g(x):\n    return f(x)\n",)

    def told(message: str, *causes: Cause) -> list[str]:
        end = with_no_return(CaseEnd("failed", message, causes), texts, SOLUTION, ())
        return [cause.text for cause in end.causes]

    none = NO_RETURN.unsure()
    assert told("f(x) is None, expected a tensor.", none) == [GRAD_IS_NONE.of(name="f").text]
    assert told("g(x) is None, expected a tensor.", none) == []
    assert told("f(x) is a float, expected a tensor.") == []
