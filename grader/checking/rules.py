"""Finds what the rules "by hand" and "from scratch" forbid in the source, with line and advice. Nothing is run.

Only code that the graded names can reach is searched: a student may compare with autograd in a function that no graded
one calls, or under `if __name__ == "__main__"`. Names are followed through imports, aliases and `getattr`. A word
alone is no violation, be it in a comment, a string, a variable or a method of the student's called `backward`.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass, field

from ..course.catalog import Exercise
from ..language import N_, _
from ..report import Violation
from ..text import tree_of

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


@dataclass
class _Module:
    """The names of a source.

    Attributes:
        definitions: a name at the top level → the statements that give it a value.
        classes: those of them that are classes.
        aliases: a name → the dotted path that it stands for; `*MODULE` for each star import.
        patches: statements that set an attribute of a name, with that name.
    """

    definitions: dict[str, list[ast.stmt]] = field(default_factory=dict)
    classes: set[str] = field(default_factory=set)
    aliases: dict[str, str] = field(default_factory=dict)
    patches: list[tuple[str, ast.stmt]] = field(default_factory=list)


def violations(exercise: Exercise, texts: Sequence[str]) -> list[Violation]:
    """What the exercise's rules forbid in a submission.

    Args:
        exercise: its `forbidden` says what: `{"by hand": {"except": [names]}}`, and
            `{"from scratch": {"names": [dotted names]}}`.
        texts: the source, a Python file or a notebook's cells. A text that is not Python is passed over, because it
            cannot be run either. A text that is nested too deeply to be read is a violation.

    Returns:
        Violations in the order of the lines; of a notebook, lines are counted within their cell.
    """
    if not exercise.forbidden:
        return []
    try:
        return _found(exercise, texts)
    except (RecursionError, MemoryError):
        rule = next(iter(exercise.forbidden))
        return [
            Violation(1, rule, _("The code is nested too deeply to be read. Use shorter steps."))
        ]


def _found(exercise: Exercise, texts: Sequence[str]) -> list[Violation]:
    trees = [tree for text in texts if (tree := tree_of(text)) is not None]
    module = _read(trees)
    found: dict[tuple[int, str], Violation] = {}
    for rule, options in exercise.forbidden.items():
        names = tuple(options.get("names", ()))
        reachable = _reachable(module, set(exercise.entry_points) - set(options.get("except", ())))
        for statement in reachable:
            for line, what in _search(statement, module, rule, names):
                message = _("{what} is not allowed here.").format(what=what)
                message += f" {_(_ADVICE[rule])}"
                found.setdefault((line, rule), Violation(line, rule, message))
    return [found[key] for key in sorted(found)]


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
    lines = [
        node.lineno
        for tree in map(tree_of, texts)
        for node in (tree.body if tree else [])
        if isinstance(node, ast.FunctionDef | ast.ClassDef)
        and node.name in (called or set(exercise.entry_points))
    ]
    message = _("Automatic differentiation ran here (torch reports `{what}`).").format(what=what)
    message += f" {_(_ADVICE['by hand'])}"
    return Violation(min(lines, default=1), "by hand", message)


def _read(trees: list[ast.Module]) -> _Module:
    module = _Module()
    for tree in trees:
        for statement in _top_level(tree.body):
            for name in _bound(statement):
                module.definitions.setdefault(name, []).append(statement)
                if isinstance(statement, ast.ClassDef):
                    module.classes.add(name)
            patched = _patched(statement)
            if patched:
                module.patches.append((patched, statement))
        for node in _walk(tree):
            _note_alias(node, module.aliases)
    return module


def _walk(node: ast.AST) -> list[ast.AST]:
    """The node and all below it, without contexts, in less than half the time that `ast.walk` takes."""
    found = [node]
    for one in found:  # grows meanwhile
        found += _children(one)
    return found


def _children(node: ast.AST) -> list[ast.AST]:
    found: list[ast.AST] = []
    for name in node._fields:
        if name != "ctx":
            value = getattr(node, name, None)
            if isinstance(value, ast.AST):
                found.append(value)
            elif isinstance(value, list):
                found += [entry for entry in value if isinstance(entry, ast.AST)]
    return found


def _top_level(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """The statements that run at import, those in `if`, `try`, `with` and loops too, but not a `__main__` block."""
    for statement in body:
        if isinstance(statement, ast.If):
            if not _is_main(statement.test):
                yield from _top_level(statement.body)
            yield from _top_level(statement.orelse)
        elif isinstance(statement, ast.Try):
            yield from _top_level([*statement.body, *statement.orelse, *statement.finalbody])
            for handler in statement.handlers:
                yield from _top_level(handler.body)
        elif isinstance(statement, ast.With | ast.For | ast.While):
            yield from _top_level(statement.body)
        else:
            yield statement


def _is_main(test: ast.expr) -> bool:
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


def _note_alias(node: ast.AST, aliases: dict[str, str]) -> None:
    """Adds the names that an import, or an assignment such as `ag = torch.autograd`, gives to a path."""
    if isinstance(node, ast.Import):
        for alias in node.names:
            top = alias.name.split(".")[0]
            aliases[alias.asname or top] = alias.name if alias.asname else top
    elif isinstance(node, ast.ImportFrom):
        for alias in node.names:
            if alias.name == "*":
                aliases[f"*{node.module}"] = f"{node.module}"
            else:
                aliases[alias.asname or alias.name] = f"{node.module}.{alias.name}"
    elif isinstance(node, ast.Assign) and len(node.targets) == 1:
        target = node.targets[0]
        if isinstance(target, ast.Name) and (path := _path(node.value, aliases)):
            if path.startswith(("torch.", "functorch", "importlib", "ctypes")) or path == "torch":
                aliases[target.id] = path


def _path(node: ast.expr, aliases: dict[str, str]) -> str:
    """The dotted name that an expression stands for: `F.linear` is `torch.nn.functional.linear`; empty for others."""
    tail: list[str] = []
    while True:
        if isinstance(node, ast.Attribute):
            tail.append(node.attr)
            node = node.value
        elif (name := _got_attribute(node)) is not None:
            assert isinstance(node, ast.Call)
            tail.append(name)
            node = node.args[0]
        else:
            break
    if not isinstance(node, ast.Name):
        return ""
    head = aliases.get(node.id, node.id)
    if head == node.id:
        for star in (path for key, path in aliases.items() if key.startswith("*")):
            if star.startswith("torch") and node.id not in aliases:
                head = f"{star}.{node.id}"
    return ".".join([head, *reversed(tail)])


def _got_attribute(node: ast.expr) -> str | None:
    """The attribute of a `getattr(x, "name")`, also where the name is built from constants; `?` where it is not."""
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name)):
        return None
    if node.func.id not in ("getattr", "vars") or not node.args:
        return None
    return _constant(node.args[1]) if len(node.args) > 1 else "?"


def _constant(node: ast.expr) -> str:
    """The text that an expression of constants gives."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        left, right = _constant(node.left), _constant(node.right)
        return "?" if "?" in (left, right) else left + right
    return "?"


def _reachable(module: _Module, roots: set[str]) -> list[ast.stmt]:
    """The definitions that the graded names lead to."""
    todo, seen, out = sorted(roots), set[str](), list[ast.stmt]()
    while todo:
        name = todo.pop()
        if name in seen:
            continue
        seen.add(name)
        statements = list(module.definitions.get(name, []))
        statements += [statement for patched, statement in module.patches if patched == name]
        for statement in statements:
            if statement not in out:
                out.append(statement)
            todo += _globals_of(statement)
    return out


def _globals_of(node: ast.AST) -> set[str]:
    """The names that a piece of code looks up in its module. A function's own parameters and variables are not."""
    if isinstance(node, ast.Name):
        return {node.id}
    names: set[str] = set()
    for child in _children(node):
        names |= _globals_of(child)
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
        inner = _walk(node)
        shared = {name for n in inner if isinstance(n, ast.Global) for name in n.names}
        local = {n.arg for n in inner if isinstance(n, ast.arg)}
        local |= {n.id for n in inner if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
        names -= local - shared
    return names


def _search(
    statement: ast.stmt, module: _Module, rule: str, names: tuple[str, ...]
) -> Iterator[tuple[int, str]]:
    """Line and name of each thing in a statement that a rule forbids."""
    for node in _walk(statement):
        line = getattr(node, "lineno", 0)
        if isinstance(node, ast.Attribute | ast.Name | ast.Call):
            path = _path(node, module.aliases)
            if forbidden := _forbidden_path(path, rule, names):
                yield line, forbidden
        if isinstance(node, ast.Import | ast.ImportFrom):
            module_name = getattr(node, "module", None) or ""
            for alias in node.names:
                path = f"{module_name}.{alias.name}".strip(".").removesuffix(".*")
                if forbidden := _forbidden_path(path, rule, names):
                    yield line, forbidden
        if isinstance(node, ast.Name) and node.id in _BUILTINS:
            if node.id not in module.definitions:
                yield line, f"`{node.id}`"
        if rule == "by hand":
            if differentiation := _differentiates(node, module):
                yield line, differentiation


def _forbidden_path(path: str, rule: str, names: tuple[str, ...]) -> str:
    """A dotted name as a message shows it, with what it is about, if the rule forbids it; empty if it does not."""
    if not path or ("." not in path and path not in ("functorch", "ctypes", "importlib")):
        return ""
    prefixes = _BACK_DOORS + (_BY_HAND if rule == "by hand" else tuple((n, "") for n in names))
    for prefix, about in prefixes:
        if path == prefix or path.startswith(f"{prefix}."):
            harmless = any(path == ok or path.startswith(f"{ok}.") for ok in _HARMLESS)
            # the bare package is on the way to something harmless, or to what is seen by itself
            if path == "torch.autograd" or harmless:
                return ""
            return f"`{path}`" + (f" ({_(about)})" if about else "")
    last = path.rsplit(".", 1)[-1]
    if path.startswith("torch.") and (last.endswith("_backward") or last in ("?", "__dict__")):
        return f"`{path}`".replace("?", "…")
    return ""


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
    if not name and (got := _got_attribute(node.func)):
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
