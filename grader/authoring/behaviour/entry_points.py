"""What an exercise's contract names, read from its solution: functions and methods, with the kind of each parameter."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Set
from dataclasses import dataclass

_SPECIAL_METHODS = ("__init__", "__getitem__", "__len__", "__iter__")
_NUMBERS = ("float", "int", "bool", "tuple")
_ITERABLES = ("Iterable", "Sequence", "list")
_SHAPE = re.compile(r"\(([^()]*,[^()]*)\)")  # such as (m,) or (…, in)
MOST_DIMENSIONS = 4  # that are thought of where any number is allowed


@dataclass(frozen=True)
class Parameter:
    """A parameter.

    Attributes:
        name: as it is written.
        place: its index among the positional arguments, an instance or a context counted.
        annotation: as it is written; empty where there is none.
        optional: whether it has a default.
        dimensions: the numbers of dimensions that its description allows a tensor; none where it says nothing of it.
    """

    name: str
    place: int
    annotation: str
    optional: bool
    dimensions: frozenset[int] = frozenset()

    @property
    def is_tensor(self) -> bool:
        return self.annotation.startswith("Tensor")

    @property
    def holds_tensors(self) -> bool:
        """Whether it is a tensor or something that holds some and that nobody may change."""
        return self.is_tensor or self.annotation == "Any"

    @property
    def is_whole_number(self) -> bool:
        return self.annotation == "int"

    @property
    def is_a_step(self) -> bool:
        """Whether it says how far to go: a learning rate, or the step of a difference."""
        return self.name in ("lr", "h") and self.annotation.startswith("float")

    @property
    def has_a_number_by_default(self) -> bool:
        """Whether its default is a number, a truth value, or a tuple of numbers."""
        return self.optional and self.annotation.partition("[")[0] in _NUMBERS

    @property
    def holds_batches(self) -> bool:
        """Whether it is iterated over, and gives several tensors at a time."""
        return self.annotation.startswith("Iterable[tuple")

    @property
    def is_text(self) -> bool:
        return self.annotation == "str"

    @property
    def is_path(self) -> bool:
        return "PathLike" in self.annotation

    @property
    def is_model(self) -> bool:
        return self.annotation == "nn.Module"

    @property
    def is_iterable(self) -> bool:
        return self.annotation.partition("[")[0] in _ITERABLES

    @property
    def may_be_a_generator(self) -> bool:
        return self.annotation.startswith("Iterable")

    @property
    def runs_others_code(self) -> bool:
        """Whether what is handed in may raise: a function, or what is iterated over."""
        return self.annotation.startswith("Callable") or self.may_be_a_generator


@dataclass(frozen=True)
class EntryPoint:
    """A function, or a method of a class.

    Attributes:
        owner: the class's name; empty for a function.
        static: whether it is a static method, whose first parameter is a context.
        parameters: without the instance or the context.
        returns: the annotation of what it returns.
        computes: whether its body works with operators, such as `+`.
        draws: whether its body draws normal numbers.
        described: what its description says of what it returns.
    """

    owner: str
    name: str
    static: bool
    parameters: tuple[Parameter, ...]
    returns: str
    computes: bool
    draws: bool
    described: str

    @property
    def shown(self) -> str:
        return f"{self.owner}.{self.name}" if self.owner else self.name

    @property
    def is_constructor(self) -> bool:
        return self.name == "__init__"

    @property
    def silent(self) -> bool:
        """Whether it returns nothing: what it does shows in what it changes."""
        return self.returns == "None"

    @property
    def tensors(self) -> tuple[Parameter, ...]:
        return tuple(parameter for parameter in self.parameters if parameter.is_tensor)

    @property
    def returns_tensors(self) -> bool:
        return "Tensor" in self.returns

    @property
    def returns_a_scalar(self) -> bool:
        return self.returns == "Tensor" and (
            "0-dim" in self.described or "scalar" in self.described
        )

    @property
    def returns_detached(self) -> bool:
        return "detached" in self.described

    @property
    def is_differentiable(self) -> bool:
        """Whether autograd can go through it, unless a rule says that derivatives are written by hand."""
        return self.returns == "Tensor" and bool(self.tensors) and not self.returns_detached

    @property
    def returns_numbers(self) -> bool:
        return "float" in self.returns

    @property
    def is_about_tensors(self) -> bool:
        """Whether a call has tensors to look at: arguments, or what the instance holds."""
        return bool(
            self.tensors or self.owner or any("Tensor" in p.annotation for p in self.parameters)
        )

    @property
    def has_an_answer(self) -> bool:
        """Whether numbers come of a call: returned, or left in what was handed in or in the instance."""
        acts = self.silent and self.computes and not self.is_constructor
        return self.returns_tensors or self.returns_numbers or acts


def entry_points(solution: str, graded: Set[str]) -> list[EntryPoint]:
    """The entry points in the order of the source.

    Args:
        solution: the module's text.
        graded: the names at its top level that are asked for.

    Returns:
        Functions, and of each class its public methods and those with which Python makes, indexes and counts; not a
        function or a class of which nothing is left to write.
    """
    found: list[EntryPoint] = []
    lines = solution.splitlines()
    for node in ast.parse(solution).body:
        if not isinstance(node, ast.FunctionDef | ast.ClassDef) or node.name not in graded:
            continue
        if not any(map(_begins, lines[node.lineno : node.end_lineno])):
            continue
        if isinstance(node, ast.FunctionDef):
            found.append(_entry(node, ""))
        else:
            found += [_entry(method, node.name) for method in _methods(node)]
    return found


def _begins(line: str) -> bool:
    """Whether what a student writes begins here; the rest is given."""
    return line.strip() == "### BEGIN SOLUTION"


def _methods(node: ast.ClassDef) -> Iterator[ast.FunctionDef]:
    for statement in node.body:
        if isinstance(statement, ast.FunctionDef):
            if not statement.name.startswith("_") or statement.name in _SPECIAL_METHODS:
                yield statement


def _entry(function: ast.FunctionDef, owner: str) -> EntryPoint:
    arguments = [*function.args.posonlyargs, *function.args.args]
    required = len(arguments) - len(function.args.defaults)
    described = _described(ast.get_docstring(function) or "")
    parameters: list[Parameter] = []
    for place, argument in enumerate(arguments):
        before = parameters[-1].dimensions if parameters else frozenset()
        annotation = ast.unparse(argument.annotation) if argument.annotation else ""
        dimensions = dimensions_in(described.get(argument.arg, ""), before)
        parameters.append(Parameter(argument.arg, place, annotation, place >= required, dimensions))
    static = any(
        isinstance(decorator, ast.Name) and decorator.id == "staticmethod"
        for decorator in function.decorator_list
    )
    return EntryPoint(
        owner,
        function.name,
        static,
        tuple(parameters[1:] if owner else parameters),
        returns=ast.unparse(function.returns) if function.returns else "",
        computes=any(isinstance(node, ast.BinOp | ast.AugAssign) for node in ast.walk(function)),
        draws=any(
            isinstance(node, ast.Attribute) and node.attr == "randn" for node in ast.walk(function)
        ),
        described=described.get("", ""),
    )


def _described(docstring: str) -> dict[str, str]:
    """What a docstring says of each parameter, and, under the empty name, of what is returned."""
    _, _, rest = docstring.partition("Args:\n")
    arguments, _, _ = rest.partition("\n\n")
    found = {"": docstring.partition("Returns:\n")[2].partition("\n\n")[0]}
    for part in re.split(r"\n(?=    \S)", f"\n{arguments}"):
        name, colon, text = part.strip().partition(":")
        if colon:
            found[name] = " ".join(text.split())
    return found


def dimensions_in(text: str, before: frozenset[int]) -> frozenset[int]:
    """The numbers of dimensions that a description allows: `any shape`, `shape (m,)`, `(…, in)`, `0-dim`.

    Args:
        before: those of the parameter before it, for `of the same shape`.
    """
    if "any shape" in text or "any number of dimensions" in text:
        return frozenset(range("one dimension or more" in text, MOST_DIMENSIONS + 1))
    found = {0} if "0-dim" in text else set[int]()
    for shape in _SHAPE.findall(text):
        sizes = [size for size in shape.split(",") if size.strip()]
        leading = "…" in sizes[0]
        found.update(range(len(sizes) - 1, MOST_DIMENSIONS + 1) if leading else [len(sizes)])
    return frozenset(found) or (before if "same shape" in text else frozenset())
