"""The simplest case that is wrong, as a few lines of Python that a student can run.

The lines are the check's own probe, in which what is known is put in its place: `called(student.mse, False, x, y)`
becomes `line_fit.mse(x, y)`.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from ...language import _
from ...report import CallInput, CheckResult, Difference, FailedCall
from ...sandbox.wire.values import decode
from ...submission import Source
from ..session import Request
from .literals import form_of, numbers_in, written

_PLAIN = (bool, int, float, str, type(None))
# what is larger is told by its form
_MOST_NUMBERS = 64
_LONGEST_VALUE = 2000


@dataclass(frozen=True)
class Example:
    """A case that is wrong.

    Attributes:
        check: what came of its check.
        script: Python, which shows what the student's code gives.
        steps: what the student's own lines did, if that was asked for: place, line, and what it set.
    """

    check: CheckResult
    script: str
    steps: tuple[tuple[str, str, str], ...] = ()


def script_of(name: str, check: CheckResult, request: Request, source: Source) -> str:
    """Python that asks a student's module for what a check asked.

    Args:
        name: the exercise's, and so the module's.
        check: what came of the check.
        request: what the case of it that is told of asked last.
        source: the student's file.
    """
    repetition = _repetition(name, request, source)
    values = {key: written(value, request.device) for key, value in repetition.given.items()}
    told = [f"→ {check.cause}"] if check.cause else []
    told += check.message.splitlines()
    return "\n".join(
        [
            f"# {' '.join(check.description.split())}",
            *repetition.lines(values),
            *(f"# {line}" for line in told),
            "",
        ]
    )


def call_of(
    name: str, request: Request, source: Source, difference: Difference | None = None
) -> FailedCall:
    """The call that a check asked for, with its inputs as Python where they are small.

    Args:
        name, request, source: as for `script_of`.
        difference: where what came back differs from the reference.
    """
    repetition = _repetition(name, request, source)
    inputs = []
    for key, value in repetition.given.items():
        small = numbers_in(value) <= _MOST_NUMBERS
        text = written(value, request.device) if small else ""
        text = text if len(text) <= _LONGEST_VALUE else ""
        inputs.append(CallInput(key, text, form_of(value)))
    values = {each.name: each.value or f"...  # {each.form}" for each in inputs}
    script = "\n".join([*repetition.lines(values), ""])
    runs = all(each.value for each in inputs)
    return FailedCall(
        repetition.expression,
        repetition.probe,
        script,
        runs,
        request.device,
        tuple(inputs),
        difference,
    )


@dataclass(frozen=True)
class _Repetition:
    """What Python needs to ask a student's module for what a check asked.

    Attributes:
        head: imports, and the state that torch is in.
        helpers, probe: definitions; of the probe there is none where its one expression says all.
        given: the inputs that the expression names.
        expression: the call.
    """

    head: tuple[str, ...]
    helpers: tuple[str, ...]
    probe: str
    given: Mapping[str, Any]
    expression: str

    def lines(self, values: Mapping[str, str]) -> list[str]:
        """Lines of Python, where `values` has each input's."""
        definitions = [*self.helpers, *filter(None, [self.probe])]
        lines = list(self.head)
        for definition in definitions:
            lines += ["", "", definition]
        lines += ["", ""] if definitions else []
        lines += [f"{key} = {value}" for key, value in values.items()]
        return _tidy([*lines, f"print({self.expression})"])


def _repetition(name: str, request: Request, source: Source) -> _Repetition:
    """Arguments as for `script_of`."""
    module = "__main__" if source.notebook else name
    *helpers, probe = [
        _bare(node) for node in ast.parse(request.probe.source).body if _is_definition(node)
    ]
    sent = request.inputs or _sent(request)
    defaults = {key: node for key, node in _defaults(probe).items() if key not in sent}
    plain = {key: node for key, node in defaults.items() if _is_literal(node)}
    inputs = {key: ast.literal_eval(node) for key, node in plain.items()} | sent
    set_anew = _set_anew(probe)
    # plain values stand in the place of their names, unless the probe sets those anew
    constants = {
        key: value for key, value in inputs.items() if type(value) in _PLAIN and key not in set_anew
    }
    worked_out = {key: node for key, node in defaults.items() if key not in plain}
    known: dict[str, ast.expr] = {key: ast.Constant(value) for key, value in constants.items()}
    known |= {key: node for key, node in worked_out.items() if key not in set_anew}
    first = [_assignment(key, node) for key, node in worked_out.items() if key in set_anew]
    probe = _Simpler(known, module).visit(probe)
    probe.body = [*first, *probe.body]
    probe.body = _without_unused(probe.body)
    given = {key: value for key, value in inputs.items() if key not in constants}
    own = {argument.arg for argument in (*probe.args.args, *probe.args.kwonlyargs)}
    taken = [ast.arg(key) for key in given if key in own]
    probe.args = ast.arguments([], taken, None, [], [], probe.args.kwarg, [])
    reached = _reached(probe, helpers)
    needed = [node for node in helpers if node.name in reached]
    head = (
        *_imports(_names_in([probe, *needed])),
        "",
        f"import {module}  # {source.cells[-1].place if source.notebook else source.filename}",
        "",
        *_settings(request),
    )
    helper_texts = tuple(map(ast.unparse, needed))
    body = probe.body[0]
    takes_any = probe.args.kwarg is not None  # what it calls them is no name outside of it
    if len(probe.body) == 1 and isinstance(body, ast.Return) and body.value and not takes_any:
        expression = ast.unparse(body.value)
        return _Repetition(head, helper_texts, "", given, expression)
    expression = f"{probe.name}({', '.join(f'{key}={key}' for key in given)})"
    return _Repetition(head, helper_texts, ast.unparse(probe), given, expression)


def _sent(request: Request) -> Any:
    """The inputs of a request that holds what was sent alone: its case met answers that it has met before."""
    header, block = request.wire
    return decode(header["arguments"], block, _as_given)


def _as_given(tensor: Tensor, facts: Mapping[str, Any]) -> Tensor:
    return tensor.requires_grad_(facts.get("requires_grad") is True)


def _imports(words: set[str]) -> list[str]:
    lines = ["import torch"]
    if "F" in words:
        lines.append("import torch.nn.functional as F")
    if from_torch := [word for word in ("Tensor", "nn") if word in words]:
        lines.append(f"from torch import {', '.join(from_torch)}")
    return lines


def _settings(request: Request) -> list[str]:
    """The state that torch is in while a check's probe runs."""
    lines = []
    if request.default != "float32":
        lines.append(f"torch.set_default_dtype(torch.{request.default})")
    if not request.device.startswith("cpu"):
        lines.append(f'device = "cuda"  # {_("the grader simulated it here")}')
    return [*lines, f"torch.manual_seed({request.seed})"]


def _tidy(lines: Sequence[str]) -> list[str]:
    """No more than two empty lines one after the other."""
    tidy: list[str] = []
    for line in lines:
        if line or tidy[-2:] != ["", ""]:
            tidy.append(line)
    return tidy


def _is_definition(node: ast.stmt) -> bool:
    return isinstance(node, ast.FunctionDef | ast.ClassDef)


def _bare(node: Any) -> Any:
    """A definition without annotations and docstrings, in it as well."""
    for each in ast.walk(node):
        if isinstance(each, ast.FunctionDef | ast.ClassDef):
            each.body = [inner for inner in each.body if not _is_docstring(inner)] or [ast.Pass()]
        if isinstance(each, ast.FunctionDef):
            each.returns = None
        if isinstance(each, ast.arg):
            each.annotation = None
    return node


def _is_docstring(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _names_in(nodes: Sequence[ast.AST]) -> set[str]:
    return {each.id for node in nodes for each in ast.walk(node) if isinstance(each, ast.Name)}


def _defaults(probe: Any) -> dict[str, ast.expr]:
    """The values of a probe's parameters that it has by itself, as they are written."""
    taken = probe.args
    pairs = [
        *zip(reversed(taken.args), reversed(taken.defaults), strict=False),
        *zip(taken.kwonlyargs, taken.kw_defaults, strict=True),
    ]
    return {argument.arg: default for argument, default in pairs if default}


def _is_literal(node: ast.expr) -> bool:
    try:
        ast.literal_eval(node)
    except ValueError:
        return False
    return True


def _assignment(name: str, value: ast.expr) -> ast.stmt:
    return ast.fix_missing_locations(ast.Assign([ast.Name(name, ast.Store())], value))


def _set_anew(probe: Any) -> set[str]:
    """The names that a probe gives a value, or that mean something else in a function of its own."""
    set_anew = set()
    for each in ast.walk(probe):
        if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store):
            set_anew.add(each.id)
        if isinstance(each, ast.FunctionDef | ast.Lambda) and each is not probe:
            set_anew |= {inner.arg for inner in ast.walk(each.args) if isinstance(inner, ast.arg)}
    return set_anew


def _reached(probe: ast.AST, helpers: Sequence[Any]) -> set[str]:
    """The names of the helpers that a probe still uses, or that one of those uses."""
    by_name = {helper.name: helper for helper in helpers}
    reached, todo = set[str](), [*_names_in([probe])]
    while todo:
        name = todo.pop()
        if name in by_name and name not in reached:
            reached.add(name)
            todo += _names_in([by_name[name]])
    return reached


def _without_unused(body: Sequence[Any]) -> list[Any]:
    """A probe's statements without `pass`, and without functions and imports that nothing names any more."""
    kept = [node for node in body if not isinstance(node, ast.Pass)]
    for node in list(kept):
        others = _names_in([each for each in kept if each is not node])
        if isinstance(node, ast.FunctionDef):
            unused = node.name not in others
        else:
            unused = isinstance(node, ast.Import) and not any(
                (each.asname or each.name) in others for each in node.names
            )
        if unused:
            kept.remove(node)
    return kept or [ast.Pass()]


class _Simpler(ast.NodeTransformer):
    """Puts what is known in the place of parameters, the module in that of `student`; drops what is decided by that."""

    def __init__(self, known: Mapping[str, ast.expr], module: str) -> None:
        self._known, self._module = known, module

    def visit_Name(self, node: ast.Name) -> Any:
        if isinstance(node.ctx, ast.Load) and node.id in self._known:
            return self._known[node.id]
        return ast.Name(self._module, node.ctx) if node.id == "student" else node

    def visit_Call(self, node: ast.Call) -> Any:
        self.generic_visit(node)
        match node:
            case ast.Call(ast.Name("called"), [function, ast.Constant(False), *inputs], []):
                return ast.Call(function, inputs, [])
            case ast.Call(ast.Name("getattr"), [thing, ast.Constant(str(name))], []):
                return ast.Attribute(thing, name, ast.Load()) if name.isidentifier() else node
        return node

    def visit_BoolOp(self, node: ast.BoolOp) -> Any:
        self.generic_visit(node)
        ends = isinstance(node.op, ast.Or)  # what is true ends an `or`, what is false an `and`
        values: list[ast.expr] = []
        for each in node.values:
            if _decided(each) is not (not ends) or each is node.values[-1]:
                values.append(each)
            if _decided(each) is ends:
                break
        return ast.BoolOp(node.op, values) if len(values) > 1 else values[0]

    def visit_If(self, node: ast.If) -> Any:
        self.generic_visit(node)
        decided = _decided(node.test)
        if decided is None:
            return node
        return (node.body if decided else node.orelse) or ast.Pass()

    def visit_IfExp(self, node: ast.IfExp) -> Any:
        self.generic_visit(node)
        decided = _decided(node.test)
        if decided is None:
            return node
        return node.body if decided else node.orelse


def _decided(test: ast.expr) -> bool | None:
    """Whether a condition holds, if that is known."""
    match test:
        case ast.Constant(value):
            return bool(value)
        case ast.UnaryOp(ast.Not(), ast.Constant(value)):
            return not value
        case ast.Compare(ast.Constant(one), [ast.Eq()], [ast.Constant(other)]):
            return bool(one == other)
        case ast.Compare(ast.Constant(one), [ast.Is()], [ast.Constant(None)]):
            return one is None
    return None
