"""Probes: what a check asks of the student's code, sent to the sandbox as code of its own."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Callable, Sequence
from copy import copy
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, TypeVar, overload

from ..course.python_files import module_of
from ..errors import CourseFault
from ..sandbox.wire.values import code_of

T = TypeVar("T")


class Probe:
    """A function that runs beside the student's code: `probe(student, **inputs)`, with `student` the module.

    It sees that module, its inputs, `torch`, `nn`, `F`, `Tensor`, and what its own module marks as `helper`.
    """

    def __init__(
        self,
        function: Callable[..., Any],
        changes: Sequence[str] = (),
        once: str = "",
        aside: bool = False,
    ) -> None:
        self.name = function.__name__
        self.changes = frozenset(changes)
        self.once = once
        self.aside = aside
        self._function = function

    def __call__(self, student: Any, /, **inputs: Any) -> Any:
        """Runs it here, on a module of one's own: not on a student's."""
        return self._function(student, **inputs)

    @cached_property
    def called(self) -> frozenset[str]:
        """The names of the student's module that the probe and its helpers use."""
        return frozenset(
            node.attr
            for node in self._nodes
            if isinstance(node, ast.Attribute)
            and isinstance(node.value, ast.Name)
            and node.value.id == "student"
        )

    @cached_property
    def attributes(self) -> frozenset[str]:
        """The names of all attributes that it and its helpers ask for."""
        return frozenset(node.attr for node in self._nodes if isinstance(node, ast.Attribute))

    @cached_property
    def differentiates(self) -> bool:
        """Whether the probe itself has torch differentiate."""
        words = {"autograd", "requires_grad", "requires_grad_", "grad"}
        return any(
            isinstance(node, ast.Attribute) and node.attr in words for node in self._nodes
        ) or any(
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr == "backward"
            and not node.args
            for node in self._nodes
        )

    @cached_property
    def marks(self) -> bool:
        """Whether the probe itself says of a tensor that it is given that it requires gradients."""
        loops = [node for node in self._nodes if isinstance(node, ast.For | ast.comprehension)]
        of_models = {
            name.id
            for loop in loops
            if any("parameters" in getattr(node, "attr", "") for node in ast.walk(loop.iter))
            for name in ast.walk(loop.target)
            if isinstance(name, ast.Name)
        }
        return any(
            isinstance(node, ast.Attribute)
            and isinstance(node.value, ast.Name)  # and not a copy that it has made
            and node.value.id not in of_models
            and (
                node.attr == "requires_grad_"
                or (node.attr == "requires_grad" and isinstance(node.ctx, ast.Store))
            )
            for node in self._nodes
        )

    @cached_property
    def seeds(self) -> bool:
        """Whether the probe itself seeds torch's generator."""
        return any(
            isinstance(node, ast.Attribute) and node.attr == "manual_seed" for node in self._nodes
        )

    @cached_property
    def _nodes(self) -> list[ast.AST]:
        return list(ast.walk(ast.parse(self.source)))

    @cached_property
    def code(self) -> str:
        """What is sent."""
        return code_of(self.source)

    @cached_property
    def source(self) -> str:
        """The text that is run: the helpers that the probe uses, then the probe, without decorators.

        Raises:
            CourseFault: if the probe, or one of its helpers, is a lambda.
        """
        pieces: dict[str, str] = {}
        _gather(self._function, pieces)
        return "from __future__ import annotations\n" + "\n\n".join(pieces.values())


@overload
def probe(function: Callable[..., Any], /) -> Probe: ...
@overload
def probe(
    *, changes: Sequence[str] = (), once: str = "", aside: bool = False
) -> Callable[[Callable[..., Any]], Probe]: ...
def probe(
    function: Callable[..., Any] | None = None,
    /,
    *,
    changes: Sequence[str] = (),
    once: str = "",
    aside: bool = False,
) -> Probe | Callable[[Callable[..., Any]], Probe]:
    """Makes a function a probe.

    A probe may run twice in one request, with other values the first time: who keeps something from one call to the
    next is found by that (`Session`). So it finds its own names for the files that it writes.

    Args:
        changes: names the inputs that it is right to change in place, or to give back.
        once: why it cannot run twice.
        aside: whether it is asked when an answer was wrong already, to tell which mistake that is.
    """
    if function:
        return Probe(function)
    return lambda function: Probe(function, changes, once, aside)


def helper(thing: T) -> T:
    """Marks a function or class of a check's module as one that probes may use; it works here as well."""
    thing.__grader_helper__ = True  # type: ignore[attr-defined]
    return thing


def _gather(thing: Any, pieces: dict[str, str]) -> None:
    """Adds the source of `thing` to `pieces`, after that of every helper that it names."""
    written = _written(thing)
    known = vars(inspect.getmodule(thing)) if inspect.isclass(thing) else thing.__globals__
    for name in written.names:
        if name not in pieces and name != thing.__name__:
            other = known.get(name)
            if getattr(other, "__grader_helper__", False):
                _gather(other, pieces)
    pieces[thing.__name__] = written.text


class _Written:
    """A definition as it stands in a file, without decorators.

    Attributes:
        name: its own.
        line: its first one, or its first decorator's.
    """

    def __init__(self, node: ast.FunctionDef | ast.ClassDef) -> None:
        self.name = node.name
        self.line = min(each.lineno for each in (node, *node.decorator_list))
        self._node = copy(node)  # the tree stays as it is: others read it, too
        self._node.decorator_list = []

    @cached_property
    def text(self) -> str:
        return ast.unparse(self._node)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Those in it, each once."""
        names = (each.id for each in ast.walk(self._node) if isinstance(each, ast.Name))
        return tuple(dict.fromkeys(names))


def _written(thing: Any) -> _Written:
    """What a function's or a class's source says.

    Raises:
        CourseFault: if it is a lambda.
    """
    file = Path(inspect.getsourcefile(thing) or "")
    line = thing.__code__.co_firstlineno if inspect.isfunction(thing) else None
    if file.is_file():
        for each in reversed(_definitions_of(module_of(file))):  # of two, Python keeps the last
            if each.name == thing.__name__ and line in (None, each.line):
                return each
    # one within another, or one that stands in no file
    for each in _definitions_of(ast.parse(textwrap.dedent(inspect.getsource(thing)))):
        return each
    raise CourseFault(
        f"{file}: {thing.__name__} cannot be sent to the sandbox. Write a probe or a helper with `def`."
    )


@lru_cache(64)
def _definitions_of(tree: ast.Module) -> tuple[_Written, ...]:
    """What a tree has at its top level, each read once for all probes and helpers."""
    return tuple(
        _Written(each) for each in tree.body if isinstance(each, ast.FunctionDef | ast.ClassDef)
    )
