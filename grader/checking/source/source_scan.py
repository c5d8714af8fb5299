"""Finds in the source what the rules "by hand" and "from scratch" forbid. Nothing is run, and no point depends on it.

What costs points is what was seen when the code ran (`rules.py`). What is found here says which line that may be; and
where nothing was seen, it is something for the instructor to look at (`remarks.py`).

Only what the graded names reach is searched: a student may compare with autograd in a function that no graded one
calls, or under `if __name__ == "__main__"`. Names are followed through imports, aliases and `getattr`, each in its
scope. An import that nobody uses is nothing, and so are annotations and `isinstance`.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from ...course.catalog import Exercise
from ...errors import UnreadableError
from ...language import N_
from ...submission import Source
from ...submission.bounded import bounded
from ...text import clean, tree_of
from .dotted_names import Names, got_attribute, is_below, used

_BY_HAND = {
    "torch.autograd": N_("automatic differentiation"),
    "torch.func": N_("automatic differentiation"),
    "functorch": N_("automatic differentiation"),
    "torch.jit": N_("compiled code"),
}
_BACK_DOORS = {
    "torch.ops": N_("an operator called by its internal name"),
    "torch._C": N_("torch's internals"),
}
# these stand beside what differentiates, and do not do so themselves
_HARMLESS = (
    "torch.autograd.Variable",
    "torch.autograd.no_grad",
    "torch.autograd.enable_grad",
    "torch.autograd.inference_mode",
    "torch.autograd.set_grad_enabled",
    "torch.autograd.set_detect_anomaly",
    "torch.autograd.detect_anomaly",
    "torch.autograd.grad_mode",
    "torch.autograd.function",
    "torch.autograd.Function",
    "torch.autograd.profiler",
    "torch.func.vmap",
    "torch.func.functional_call",
    "functorch.vmap",
)
_HOOKS = {
    "register_hook",
    "register_full_backward_hook",
    "register_backward_hook",
    "register_post_accumulate_grad_hook",
}
_MADE_TO_REQUIRE = ("`requires_grad=`", "`.requires_grad = …`", "`.requires_grad_()`")
MOST = 20  # findings that are kept of one source; the first of them say enough
_SHOWN = 80  # characters of a name in a message


class Found(NamedTuple):
    """A place that uses what a rule forbids.

    Attributes:
        text, line: which text of the source, from 0, and which line of it.
        shown: the name that is forbidden, as a message shows it.
        about: what that name is about, in English; empty where the name says it.
        reached: the graded names that lead there.
    """

    text: int
    line: int
    rule: str
    shown: str
    about: str
    reached: Sequence[str]

    @property
    def only_prepares(self) -> bool:
        """Whether it does nothing by itself: a graph that nobody asks for gradients is free."""
        return self.shown in _MADE_TO_REQUIRE


@dataclass(frozen=True)
class Scan:
    """What was found in a source; `problem` says why it could not be read, and is empty where it was."""

    findings: tuple[Found, ...] = ()
    problem: str = ""


@dataclass
class Outline:
    """What a program defines, and what its names stand for.

    Attributes:
        definitions: a name at the top level → the statements that give it a value.
        patches: a name → the statements that set an attribute of it.
        texts: a statement → the number of its text.
        classes: the names of the program's own classes.
        methods: the names of all their methods.
    """

    names: Names
    definitions: dict[str, list[ast.AST]] = field(default_factory=dict)
    patches: dict[str, list[ast.AST]] = field(default_factory=dict)
    texts: dict[ast.AST, int] = field(default_factory=dict)
    classes: set[str] = field(default_factory=set)
    methods: set[str] = field(default_factory=set)
    _leads: dict[ast.AST, set[str]] = field(default_factory=dict)

    def leads(self, statement: ast.AST) -> set[str]:
        """The names of the module that a statement uses."""
        if statement not in self._leads:
            nodes = [node for node in used(statement) if isinstance(node, ast.Name)]
            self._leads[statement] = {node.id for node in nodes if self.names.is_of_module(node)}
        return self._leads[statement]


def scan(exercise: Exercise, source: Source) -> Scan:
    """What an exercise's rules forbid in a source.

    Args:
        exercise: its `forbidden` says what: `{"by hand": {"except": [names]}}`, and
            `{"from scratch": {"names": [dotted names]}}`.
        source: its texts. One that is not Python is passed over, because it cannot be run either.
    """
    if not exercise.forbidden:
        return Scan()
    graded = sorted(exercise.entry_points)
    try:
        found = bounded(found_in, source.programs, exercise.forbidden, graded)
    except UnreadableError as error:
        return Scan(problem=str(error))
    return Scan(tuple(Found(*each[:-1], tuple(each[-1])) for each in found))


def found_in(
    texts: Sequence[str], forbidden: Mapping[str, Mapping[str, Any]], graded: Sequence[str]
) -> list[Found]:
    """The first `MOST` findings in the order of the texts, one a line and rule.

    Args:
        forbidden: the rules, as an exercise has them.
        graded: the names that are graded.
    """
    outline = read([tree_of(text) for text in texts])
    found: dict[tuple[int, int, str], Found] = {}
    for rule, options in forbidden.items():
        judged = [name for name in graded if name not in options.get("except", ())]
        for statement, reached in _reached(outline, judged).items():
            text = outline.texts[statement]
            for line, shown, about in _search(statement, outline, rule, options.get("names", ())):
                key = text, line, rule
                before = found[key].reached if key in found else ()
                first = found.get(key, Found(text, line, rule, shown, about, ()))
                found[key] = first._replace(reached=sorted({*before, *reached}))
    return [found[key] for key in sorted(found)[:MOST]]


def first_line_of(texts: Sequence[str], names: Sequence[str]) -> int:
    """The first line that defines a function or a class of one of these names; 1 where none does."""
    lines = [
        node.lineno
        for tree in map(tree_of, texts)
        for node in (tree.body if tree else [])
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name in names
    ]
    return min(lines, default=1)


def read(trees: Sequence[ast.Module | None]) -> Outline:
    outline = Outline(Names([tree for tree in trees if tree]))
    for number, tree in enumerate(trees):
        for statement in top_level(tree.body if tree else []):
            outline.texts[statement] = number
            for name in _bound(statement):
                outline.definitions.setdefault(name, []).append(statement)
            if patched := _patched(statement):
                outline.patches.setdefault(patched, []).append(statement)
            if isinstance(statement, ast.ClassDef):
                functions = [each for each in statement.body if isinstance(each, ast.FunctionDef)]
                outline.classes.add(statement.name)
                outline.methods.update(function.name for function in functions)
    return outline


def top_level(body: list[ast.stmt]) -> Iterator[ast.AST]:
    """The statements that run at import, those in `if`, `try`, `with` and loops too, but not a `__main__` block.

    Of those that hold others, what they ask for comes first: a condition, what a loop goes through.
    """
    waiting = body[::-1]
    while waiting:
        statement = waiting.pop()
        if isinstance(statement, ast.If | ast.While):
            yield statement.test
        elif isinstance(statement, ast.For):
            yield statement.iter
        elif isinstance(statement, ast.With):
            yield from statement.items
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


def _bound(statement: ast.AST) -> list[str]:
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


def _patched(statement: ast.AST) -> str:
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


def running(outline: Outline, graded: Sequence[str]) -> list[ast.AST]:
    """The statements at the top level that run: those at import, those of graded names, and what either leads to."""
    functions = ast.FunctionDef | ast.AsyncFunctionDef
    at_import = [
        statement
        for statement in outline.texts
        if not isinstance(statement, functions) or statement.decorator_list
    ]
    names = [name for each in at_import for name in outline.leads(each)]
    return list(dict.fromkeys([*at_import, *_led_to(outline, [*graded, *names])]))


def _reached(outline: Outline, graded: Sequence[str]) -> dict[ast.AST, list[str]]:
    """The statements that graded names lead to, each with those names."""
    found: dict[ast.AST, list[str]] = {}
    for name in graded:
        for statement in _led_to(outline, [name]):
            found.setdefault(statement, []).append(name)
    return found


def _led_to(outline: Outline, names: Sequence[str]) -> list[ast.AST]:
    """The statements that give these names a value, and those that these lead to in turn."""
    waiting, seen, found = [*names], set[str](), dict[ast.AST, None]()
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        for statement in (*outline.definitions.get(name, ()), *outline.patches.get(name, ())):
            if statement not in found:
                found[statement] = None
                waiting += outline.leads(statement)
    return list(found)


def _search(
    statement: ast.AST, outline: Outline, rule: str, names: Sequence[str]
) -> Iterator[tuple[int, str, str]]:
    """Line, name and meaning of each thing in a statement that a rule forbids."""
    for node in used(statement):
        line = getattr(node, "lineno", 0)
        if isinstance(node, ast.Attribute | ast.Name | ast.Call):
            if forbidden := _forbidden_path(outline.names.path(node), rule, names):
                yield line, *forbidden
        if rule == "by hand":
            if differentiation := _differentiates(node, outline):
                yield line, differentiation, ""


def _forbidden_path(path: str, rule: str, names: Sequence[str]) -> tuple[str, str] | None:
    """A dotted name as a message shows it, and what it is about, if the rule forbids it."""
    if "." not in path and path != "functorch":
        return None
    shown = clean(path if len(path) <= _SHOWN else f"{path[:_SHOWN]}…").replace("\n", "\\n")
    prefixes = _BACK_DOORS | (_BY_HAND if rule == "by hand" else dict.fromkeys(names, ""))
    for prefix, about in prefixes.items():
        if is_below(path, prefix):
            # a bare package is on the way to something harmless, or to what is seen by itself
            if path in _BY_HAND or any(is_below(path, ok) for ok in _HARMLESS):
                return None
            return f"`{shown}`", about
    last = path.rsplit(".", 1)[-1]
    if path.startswith("torch.") and ("_backward" in last or last in ("?", "__dict__")):
        return f"`{shown}`".replace("?", "…"), ""
    return None


def _differentiates(node: ast.AST, outline: Outline) -> str:
    """What in a single node asks torch for gradients, as a message shows it; empty if nothing does."""
    if isinstance(node, ast.keyword):
        return "`requires_grad=`" if node.arg == "requires_grad" and not _is_off(node.value) else ""
    if isinstance(node, ast.Assign):
        attributes = [each.attr for each in node.targets if isinstance(each, ast.Attribute)]
        set_on = "requires_grad" in attributes and not _is_off(node.value)
        return "`.requires_grad = …`" if set_on else ""
    if not isinstance(node, ast.Call):
        return ""
    name = node.func.attr if isinstance(node.func, ast.Attribute) else got_attribute(node.func)
    if name == "requires_grad_":
        return "" if node.args and _is_off(node.args[0]) else "`.requires_grad_()`"
    if name in _HOOKS:
        return f"`.{name}`"
    if name == "backward" and not _is_own_backward(node, outline):
        return "`.backward()`"
    return ""


def _is_off(value: ast.expr) -> bool:
    return isinstance(value, ast.Constant) and value.value is False


def _is_own_backward(call: ast.Call, outline: Outline) -> bool:
    """Whether this may be a method `backward` of the program's own, and not a tensor's, which needs no argument."""
    if len(call.args) > ("backward" not in outline.methods):
        return True
    receiver = call.func.value if isinstance(call.func, ast.Attribute) else None
    if isinstance(receiver, ast.Call):
        receiver = receiver.func
    if isinstance(receiver, ast.Name):
        own = receiver.id in outline.classes and outline.names.is_of_module(receiver)
        return receiver.id in ("self", "cls", "super") or own
    return False
