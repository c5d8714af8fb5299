"""Mutants of a solution: copies with one small mistake each, in what a student writes."""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator
from dataclasses import dataclass

_OPERATORS: dict[type[ast.operator], tuple[type[ast.operator], ...]] = {
    ast.Add: (ast.Sub,),
    ast.Sub: (ast.Add,),
    ast.Mult: (ast.Div, ast.Add),
    ast.Div: (ast.Mult,),
    ast.MatMult: (ast.Mult,),
    ast.Pow: (ast.Mult,),
    ast.Mod: (ast.FloorDiv,),
    ast.FloorDiv: (ast.Mod,),
}
_COMPARISONS: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}
_REDUCTIONS = {"mean": "sum", "sum": "mean", "max": "min", "min": "max", "argmax": "argmin"}
_TRANSPOSES = {"T", "mT", "H"}
# arguments that say where a tensor lies: a mistake in them does not show where there is only the CPU
_DEVICE_NAMES = {"device"}


@dataclass(frozen=True)
class Mutant:
    """A solution with one change.

    Attributes:
        line: where the change is, 1-based.
        kind: what was done: `operator`, `constant`, `sign`, `dropped statement`, …
        original, mutated: the changed statement before and after, on one line each.
        text: the whole module.
    """

    line: int
    kind: str
    original: str
    mutated: str
    text: str

    @property
    def device_only(self) -> bool:
        """Whether it can show only where there is more than one device."""
        return self.kind == "device"

    @property
    def diff(self) -> str:
        return f"line {self.line} ({self.kind}):\n- {self.original}\n+ {self.mutated}"


def mutants_of(solution: str) -> list[Mutant]:
    """The mutants, in the order of the lines; those that come to the same text appear once."""
    regions = _regions(solution)
    tree = ast.parse(solution)
    found: dict[str, Mutant] = {}
    plain = ast.unparse(tree)
    statements = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.stmt) and any(a < node.lineno < b for a, b in regions)
    ]
    for statement in statements:
        for kind, changed in _mutations(statement):
            text = ast.unparse(_replaced(tree, statement, changed))
            if text != plain and text not in found:
                after = ast.unparse(changed) if changed else "pass"
                found[text] = Mutant(
                    statement.lineno, kind, _line(ast.unparse(statement)), _line(after), text + "\n"
                )
    return sorted(found.values(), key=lambda mutant: mutant.line)


def _regions(solution: str) -> list[tuple[int, int]]:
    lines = solution.splitlines()
    begins = [n for n, line in enumerate(lines, 1) if line.strip() == "### BEGIN SOLUTION"]
    ends = [n for n, line in enumerate(lines, 1) if line.strip() == "### END SOLUTION"]
    return list(zip(begins, ends, strict=True))


def _line(text: str) -> str:
    return " ".join(text.split())


def _replaced(tree: ast.Module, old: ast.stmt, new: ast.stmt | None) -> ast.Module:
    """A copy of the module with one statement replaced, or dropped."""

    class Replacer(ast.NodeTransformer):
        def visit(self, node: ast.AST) -> ast.AST:
            if node is old:
                return new or ast.Pass()
            return self.generic_visit(node)

    # nodes are compared by identity, so the copy is made of what the replacer gives
    memo: dict[int, object] = {id(old): old}
    if new is not None:
        memo[id(new)] = new
    changed = Replacer().visit(copy.deepcopy(tree, memo))
    assert isinstance(changed, ast.Module)
    return ast.fix_missing_locations(changed)


def _mutations(statement: ast.stmt) -> Iterator[tuple[str, ast.stmt | None]]:
    """Each way in which a statement may be wrong, with its kind; the statements in its body have their own turn."""
    if isinstance(statement, ast.Expr | ast.Assign | ast.AugAssign | ast.AnnAssign | ast.Raise):
        if not (isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)):
            yield "dropped statement", None
    if isinstance(statement, ast.With | ast.Try) and statement.body:
        body = [*statement.body, *(getattr(statement, "finalbody", []))]
        yield "unwrapped", ast.If(ast.Constant(True), body, [])
    if isinstance(statement, ast.If):
        yield (
            "condition",
            ast.If(ast.UnaryOp(ast.Not(), statement.test), statement.body, statement.orelse),
        )
        yield "dropped condition", ast.If(ast.Constant(True), statement.body, [])
    if isinstance(statement, ast.Return) and statement.value is not None:
        for kind, changed in _wrapped(statement.value):
            yield kind, ast.Return(changed)
    if isinstance(statement, ast.AugAssign):
        for other in _OPERATORS.get(type(statement.op), ()):
            yield "operator", ast.AugAssign(statement.target, other(), statement.value)
    for node in _expressions(statement):
        for kind, changed in _changed(node):
            yield kind, _with(statement, node, changed)


def _wrapped(value: ast.expr) -> Iterator[tuple[str, ast.expr]]:
    """Each way to make a returned value wrong."""
    if isinstance(value, ast.Tuple):
        yield "swapped", ast.Tuple(value.elts[::-1], ast.Load())
        return
    if isinstance(value, ast.BinOp | ast.Call):
        yield "sign", ast.UnaryOp(ast.USub(), value)
        yield "detach", ast.Call(ast.Attribute(value, "detach", ast.Load()), [], [])
        for dtype in ("float", "double"):
            yield "dtype", ast.Call(ast.Attribute(value, dtype, ast.Load()), [], [])
        reduced = isinstance(value, ast.Call) and isinstance(value.func, ast.Attribute)
        if not (reduced and value.func.attr in _REDUCTIONS):  # type: ignore[union-attr]
            yield "shape", ast.Call(ast.Attribute(value, "squeeze", ast.Load()), [], [])
        yield "device", _on_the_cpu(value)


def _expressions(statement: ast.stmt) -> Iterator[ast.expr]:
    """The expressions of a statement, without annotations and without the statements in its body."""
    todo: list[ast.AST] = [
        child
        for name, child in _fields(statement)
        if name != "annotation" and not isinstance(child, ast.stmt | ast.ExceptHandler)
    ]
    while todo:
        node = todo.pop(0)
        if isinstance(node, ast.JoinedStr):
            continue  # wording
        if isinstance(node, ast.expr):
            yield node
        todo += list(ast.iter_child_nodes(node))


def _fields(node: ast.AST) -> Iterator[tuple[str, ast.AST]]:
    for name, value in ast.iter_fields(node):
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST):
                yield name, child


def _changed(node: ast.expr) -> Iterator[tuple[str, ast.expr]]:
    match node:
        case ast.BinOp(left, operator, right):
            for other in _OPERATORS.get(type(operator), ()):
                yield "operator", ast.BinOp(left, other(), right)
            yield "dropped term", left
            yield "dropped term", right
        case ast.Compare(left, [operator], [right]) if type(operator) in _COMPARISONS:
            yield "comparison", ast.Compare(left, [_COMPARISONS[type(operator)]()], [right])
        case ast.BoolOp(operator, values):
            yield (
                "condition",
                ast.BoolOp(ast.Or() if isinstance(operator, ast.And) else ast.And(), values),
            )
        case ast.UnaryOp(operator, operand):
            yield ("sign" if isinstance(operator, ast.USub) else "condition"), operand
        case ast.Constant(value) if isinstance(value, bool):
            yield "constant", ast.Constant(not value)
        case ast.Constant(value) if isinstance(value, int | float):
            yield "constant", ast.Constant(value + 1)
            if value not in (0, 1):
                yield "constant", ast.Constant(value * 2)
        case ast.Attribute(value, name, ast.Load()) if name in _TRANSPOSES:
            yield "transpose", value
        case ast.Call(function, arguments, keywords):
            yield from _changed_call(node, function, arguments, keywords)


def _changed_call(
    call: ast.Call, function: ast.expr, arguments: list[ast.expr], keywords: list[ast.keyword]
) -> Iterator[tuple[str, ast.expr]]:
    name = function.attr if isinstance(function, ast.Attribute) else ""
    method = isinstance(function, ast.Attribute) and not (
        isinstance(function.value, ast.Name) and function.value.id in ("torch", "nn", "F", "self")
    )
    if name in _REDUCTIONS and isinstance(function, ast.Attribute):
        other = ast.Attribute(function.value, _REDUCTIONS[name], ast.Load())
        yield "reduction", ast.Call(other, arguments, keywords)
    if method and isinstance(function, ast.Attribute):
        kind = (
            "detach"
            if name in ("detach", "clone")
            else "transpose"
            if name == "t"
            else "dropped call"
        )
        yield kind, function.value
    elif len(arguments) >= 1 and not isinstance(arguments[0], ast.Starred):
        yield "dropped call", arguments[0]
    if name.endswith("_like") or name.startswith("new_"):
        yield "device", _on_the_cpu(call)
    if len(arguments) == 2:
        yield "swapped", ast.Call(function, arguments[::-1], keywords)
    for keyword in keywords:
        rest = [other for other in keywords if other is not keyword]
        kind = "device" if keyword.arg in _DEVICE_NAMES else "dropped argument"
        yield kind, ast.Call(function, arguments, rest)
        if keyword.arg == "dim" and isinstance(keyword.value, ast.Constant):
            other_dim = ast.keyword("dim", ast.Constant(0 if keyword.value.value else -1))
            yield "dim", ast.Call(function, arguments, [*rest, other_dim])


def _on_the_cpu(value: ast.expr) -> ast.expr:
    return ast.Call(ast.Attribute(value, "cpu", ast.Load()), [], [])


def _with(statement: ast.stmt, old: ast.expr, new: ast.expr) -> ast.stmt:
    """A copy of the statement with one expression replaced."""

    class Replacer(ast.NodeTransformer):
        def visit(self, node: ast.AST) -> ast.AST:
            return new if node is old else self.generic_visit(node)

    changed = Replacer().visit(copy.deepcopy(statement, {id(old): old}))
    assert isinstance(changed, ast.stmt)
    return changed
