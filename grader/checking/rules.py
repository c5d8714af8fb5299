"""Finds what the rules "by hand" and "from scratch" forbid in the source, with line and advice. Nothing is run.

Only code that the graded names can reach is searched: a student may compare with autograd in a function that no graded
one calls, or under `if __name__ == "__main__"`. Names are followed through imports, aliases and `getattr`. A word
alone is no violation, be it in a comment, a string, a variable or a method of the student's called `backward`.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from typing import Any

from ..course.catalog import Exercise
from ..errors import UnreadableError
from ..language import N_, _
from ..report import Violation
from ..submission.bounded import bounded
from ..text import clean, tree_of
from .dotted_names import Names, cut, got_attribute, walk
from .free_names import free_names

# line, rule, name as it is shown, what the name is about
Found = tuple[int, str, str, str]

_BY_HAND = (
    ("torch.autograd", N_("automatic differentiation")),
    ("torch.func", N_("automatic differentiation")),
    ("functorch", N_("automatic differentiation")),
    ("torch.jit", N_("compiled code")),
)
_BACK_DOORS = (
    ("torch.ops", N_("an operator called by its internal name")),
    ("torch._C", N_("torch's internals")),
    ("ctypes", N_("foreign code")),
    ("importlib", N_("an import that is not an import statement")),
)
# these are in torch.autograd and differentiate nothing
_HARMLESS = {
    "torch.autograd.Variable",
    "torch.autograd.no_grad",
    "torch.autograd.set_grad_enabled",
    "torch.autograd.grad_mode",
    "torch.autograd.function",
    "torch.autograd.Function",
    "torch.autograd.profiler",
}
_BUILTINS = {"exec", "eval", "compile", "__import__", "__builtins__"}
_HOOKS = {
    "register_hook",
    "register_full_backward_hook",
    "register_backward_hook",
    "register_post_accumulate_grad_hook",
}
_ADVICE = {
    "by hand": N_("Write the derivative out yourself; every other function of torch is allowed."),
    "from scratch": N_("Write it yourself, from simpler operations."),
}


MOST = 20  # violations that are told of one exercise; the first of them say enough
_SHOWN = 80  # characters of a name in a message


@dataclass
class _Module:
    """What a source defines, and what its names stand for.

    Attributes:
        definitions: a name at the top level → the statements that give it a value.
        classes: those of them that are classes.
        patches: a name → the statements that set an attribute of it.
    """

    definitions: dict[str, list[ast.stmt]] = field(default_factory=dict)
    classes: set[str] = field(default_factory=set)
    patches: dict[str, list[ast.stmt]] = field(default_factory=dict)
    names: Names = field(default_factory=Names)


def violations(exercise: Exercise, texts: Sequence[str]) -> list[Violation]:
    """What the exercise's rules forbid in a submission.

    Args:
        exercise: its `forbidden` says what: `{"by hand": {"except": [names]}}`, and
            `{"from scratch": {"names": [dotted names]}}`.
        texts: the source, a Python file or a notebook's cells. A text that is not Python is passed over, because it
            cannot be run either. A text that cannot be read within bounds is a violation.

    Returns:
        The first `MOST` violations in the order of the lines; of a notebook, lines are counted within their cell.
    """
    if not exercise.forbidden:
        return []
    try:
        found = bounded(found_in, texts, exercise.forbidden, sorted(exercise.entry_points))
    except UnreadableError as error:
        return [Violation(1, next(iter(exercise.forbidden)), str(error))]
    return [_violation(line, rule, shown, about) for line, rule, shown, about in found]


def _violation(line: int, rule: str, shown: str, about: str) -> Violation:
    what = shown + (f" ({_(about)})" if about else "")
    message = _("{what} is not allowed here.").format(what=what)
    return Violation(line, rule, f"{message} {_(_ADVICE[rule])}")


def found_in(
    texts: Sequence[str], forbidden: Mapping[str, Mapping[str, Any]], roots: Sequence[str]
) -> list[Found]:
    """What rules forbid in texts, in no language yet.

    Args:
        forbidden: the rules, as an exercise has them.
        roots: the names that are graded.

    Returns:
        The first `MOST` by their lines, one a line and rule: line, rule, the name that is forbidden as a message shows
        it, and what that name is about.
    """
    trees = [tree for text in texts if (tree := tree_of(text)) is not None]
    module = _read(trees)
    order = {
        statement: place
        for place, statement in enumerate(each for tree in trees for each in _top_level(tree.body))
    }
    found: dict[tuple[int, str], tuple[str, str]] = {}
    for rule, options in forbidden.items():
        names = tuple(options.get("names", ()))
        reached = _reachable(module, set(roots) - set(options.get("except", ())))
        for statement in sorted(reached, key=order.__getitem__):
            for line, what in _search(statement, module, rule, names):
                found.setdefault((line, rule), what)
    return [(*key, *found[key]) for key in sorted(found)[:MOST]]


def by_hand(exercise: Exercise, called: Set[str]) -> bool:
    """Whether code that calls these functions of the student must not use automatic differentiation."""
    options = exercise.forbidden.get("by hand")
    return options is not None and not called & set(options.get("except", ()))


def seen_at_run_time(
    exercise: Exercise, texts: Sequence[str], called: Set[str], what: str
) -> Violation:
    """The violation that showed in the run and not in the source, at the first definition of a name that was called.

    Args:
        exercise: whose entry points stand for `called` where nothing is known of that.
        texts: the source.
        called: the student's functions and classes that were called.
        what: torch's name for the operation that was seen.
    """
    wanted = sorted(called or exercise.entry_points)
    try:
        line = bounded(first_line_of, texts, wanted)
    except UnreadableError:
        line = 1
    message = _("Automatic differentiation ran here (torch reports `{what}`).").format(what=what)
    message += f" {_(_ADVICE['by hand'])}"
    return Violation(line, "by hand", message)


def first_line_of(texts: Sequence[str], names: Sequence[str]) -> int:
    """The first line that defines a function or a class of one of these names; 1 where none does."""
    lines = [
        node.lineno
        for tree in map(tree_of, texts)
        for node in (tree.body if tree else [])
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name in names
    ]
    return min(lines, default=1)


def _read(trees: list[ast.Module]) -> _Module:
    module = _Module()
    for tree in trees:
        for statement in _top_level(tree.body):
            for name in _bound(statement):
                module.definitions.setdefault(name, []).append(statement)
                if isinstance(statement, ast.ClassDef):
                    module.classes.add(name)
            if patched := _patched(statement):
                module.patches.setdefault(patched, []).append(statement)
        for node in walk(tree):
            module.names.note(node)
    return module


def _top_level(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """The statements that run at import, those in `if`, `try`, `with` and loops too, but not a `__main__` block."""
    waiting = body[::-1]
    while waiting:
        statement = waiting.pop()
        if isinstance(statement, ast.If):
            waiting += statement.orelse[::-1]
            if not is_main(statement.test):
                waiting += statement.body[::-1]
        elif isinstance(statement, ast.Try):
            for handler in statement.handlers[::-1]:
                waiting += handler.body[::-1]
            inner = [*statement.body, *statement.orelse, *statement.finalbody]
            waiting += inner[::-1]
        elif isinstance(statement, ast.With | ast.For | ast.While):
            waiting += statement.body[::-1]
        else:
            yield statement


def is_main(test: ast.expr) -> bool:
    """Whether a condition is `__name__ == …`."""
    return isinstance(test, ast.Compare) and "__name__" in {
        node.id for node in ast.walk(test) if isinstance(node, ast.Name)
    }


def _bound(statement: ast.stmt) -> list[str]:
    """The names that a statement gives a value to."""
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return [statement.name]
    targets: list[ast.expr] = []
    if isinstance(statement, ast.Assign):
        targets = statement.targets
    elif isinstance(statement, ast.AnnAssign | ast.AugAssign):
        targets = [statement.target]
    nodes = [node for target in targets for node in ast.walk(target)]
    return [node.id for node in nodes if isinstance(node, ast.Name)]


def _patched(statement: ast.stmt) -> str:
    """The name whose attribute a statement sets: `LR.backward = …`, `setattr(LR, …)`."""
    if isinstance(statement, ast.Assign):
        for target in statement.targets:
            if isinstance(target, ast.Attribute) and isinstance(target.value, ast.Name):
                return target.value.id
    if isinstance(statement, ast.Expr) and isinstance(call := statement.value, ast.Call):
        named = isinstance(call.func, ast.Name) and call.func.id == "setattr"
        if named and call.args and isinstance(call.args[0], ast.Name):
            return call.args[0].id
    return ""


def _reachable(module: _Module, roots: set[str]) -> set[ast.stmt]:
    """The definitions that the graded names lead to."""
    waiting, seen, found = list(roots), set[str](), set[ast.stmt]()
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        for statement in (*module.definitions.get(name, ()), *module.patches.get(name, ())):
            if statement not in found:
                found.add(statement)
                waiting += free_names(statement)
    return found


def _search(
    statement: ast.stmt, module: _Module, rule: str, names: tuple[str, ...]
) -> Iterator[tuple[int, tuple[str, str]]]:
    """Line, name and meaning of each thing in a statement that a rule forbids."""
    for node in walk(statement):
        line = getattr(node, "lineno", 0)
        if isinstance(node, ast.Attribute | ast.Name | ast.Call):
            path = module.names.path(node)
            if forbidden := _forbidden_path(path, rule, names):
                yield line, forbidden
        if isinstance(node, ast.Import | ast.ImportFrom):
            package = cut(getattr(node, "module", None) or "")
            for alias in node.names:
                path = cut(f"{package}.{alias.name}").strip(".").removesuffix(".*")
                if forbidden := _forbidden_path(path, rule, names):
                    yield line, forbidden
        if isinstance(node, ast.Name) and node.id in _BUILTINS:
            if node.id not in module.definitions:
                yield line, (f"`{node.id}`", "")
        if rule == "by hand":
            if differentiation := _differentiates(node, module):
                yield line, (differentiation, "")


def _forbidden_path(path: str, rule: str, names: tuple[str, ...]) -> tuple[str, str] | None:
    """A dotted name as a message shows it, and what it is about, if the rule forbids it."""
    if not path or ("." not in path and path not in ("functorch", "ctypes", "importlib")):
        return None
    shown = clean(path if len(path) <= _SHOWN else f"{path[:_SHOWN]}…").replace("\n", "\\n")
    prefixes = _BACK_DOORS + (_BY_HAND if rule == "by hand" else tuple((n, "") for n in names))
    for prefix, about in prefixes:
        if path == prefix or path.startswith(f"{prefix}."):
            harmless = any(path == ok or path.startswith(f"{ok}.") for ok in _HARMLESS)
            # the bare package is on the way to something harmless, or to what is seen by itself
            if path == "torch.autograd" or harmless:
                return None
            return f"`{shown}`", about
    last = path.rsplit(".", 1)[-1]
    if path.startswith("torch.") and (last.endswith("_backward") or last in ("?", "__dict__")):
        return f"`{shown}`".replace("?", "…"), ""
    return None


def _differentiates(node: ast.AST, module: _Module) -> str:
    """What in a single node asks torch for gradients, as a message shows it; empty if nothing does."""
    if isinstance(node, ast.keyword) and node.arg == "requires_grad":
        if not (isinstance(node.value, ast.Constant) and node.value.value is False):
            return "`requires_grad=`"
    if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
        return "`.requires_grad = …`" if node.attr == "requires_grad" else ""
    if not isinstance(node, ast.Call):
        return ""
    name = node.func.attr if isinstance(node.func, ast.Attribute) else ""
    if not name and (got := got_attribute(node.func)):
        name = got
    if name == "requires_grad_":
        off = node.args and isinstance(node.args[0], ast.Constant) and node.args[0].value is False
        return "" if off else "`.requires_grad_()`"
    if name in _HOOKS:
        return f"`.{name}`"
    if name == "backward" and _is_tensor_backward(node, module):
        return "`.backward()`"
    return ""


def _is_tensor_backward(call: ast.Call, module: _Module) -> bool:
    """Whether this is a tensor's `backward`, and not a method of the student's own of that name."""
    receiver = call.func.value if isinstance(call.func, ast.Attribute) else None
    if isinstance(receiver, ast.Name) and receiver.id in ("self", "cls", "super"):
        return False
    if isinstance(receiver, ast.Call) and isinstance(receiver.func, ast.Name):
        if receiver.func.id == "super" or receiver.func.id in module.classes:
            return False  # super().backward(…), LR(…).backward(…)
    if isinstance(receiver, ast.Name) and receiver.id in module.classes:
        return False
    return len(call.args) <= 1
