"""What an exercise's contract names, read from its solution: functions and methods, with the kind of each parameter."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Set
from dataclasses import dataclass

_SPECIAL_METHODS = ("__init__", "__getitem__", "__len__", "__iter__")
_ITERABLES = ("Iterable", "Sequence", "list")


@dataclass(frozen=True)
class Parameter:
    """A parameter.

    Attributes:
        name: as it is written.
        place: its index among the positional arguments, an instance or a context counted.
        annotation: as it is written; empty where there is none.
        optional: whether it has a default.
    """

    name: str
    place: int
    annotation: str
    optional: bool

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
    def runs_others_code(self) -> bool:
        """Whether what is handed in may raise: a function, a model, or what is iterated over."""
        return self.annotation.startswith("Callable") or self.is_model or self.is_iterable


@dataclass(frozen=True)
class EntryPoint:
    """A function, or a method of a class.

    Attributes:
        owner: the class's name; empty for a function.
        static: whether it is a static method, whose first parameter is a context.
        parameters: without the instance or the context.
        returns: the annotation of what it returns.
        computes: whether its body works with operators, such as `+`.
    """

    owner: str
    name: str
    static: bool
    parameters: tuple[Parameter, ...]
    returns: str
    computes: bool

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
    def returns_numbers(self) -> bool:
        return "float" in self.returns

    @property
    def is_about_tensors(self) -> bool:
        """Whether a call has tensors to look at: arguments, or what the instance holds."""
        return bool(self.tensors or self.owner or any("Tensor" in p.annotation for p in self.parameters))

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
        Functions, and of each class its public methods and those with which Python makes, indexes and counts.
    """
    found: list[tuple[str, ast.FunctionDef]] = []
    for node in ast.parse(solution).body:
        if isinstance(node, ast.FunctionDef) and node.name in graded:
            found.append(("", node))
        elif isinstance(node, ast.ClassDef) and node.name in graded:
            found += [(node.name, method) for method in _methods(node)]
    lines = solution.splitlines()
    return [
        _entry(function, owner)
        for owner, function in found
        if any(map(_begins, lines[function.lineno : function.end_lineno]))
    ]


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
    parameters = [
        Parameter(
            argument.arg,
            place,
            ast.unparse(argument.annotation) if argument.annotation else "",
            place >= required,
        )
        for place, argument in enumerate(arguments)
    ]
    static = any(
        isinstance(decorator, ast.Name) and decorator.id == "staticmethod"
        for decorator in function.decorator_list
    )
    returns = ast.unparse(function.returns) if function.returns else ""
    own = parameters[1:] if owner else parameters
    computes = any(isinstance(node, ast.BinOp | ast.AugAssign) for node in ast.walk(function))
    return EntryPoint(owner, function.name, static, tuple(own), returns, computes)
