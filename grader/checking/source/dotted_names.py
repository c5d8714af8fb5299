"""What the names of a program stand for: `F.linear` is `torch.nn.functional.linear`, whatever it was imported as.

Names are looked up as Python does it: a parameter, a variable, a function or a class of that name shadows an import,
each within its own function. Of several things that one scope gives a name to, the last in the text counts. Nothing is
run. The work is linear in the text: a path is worked out once for each node, and no path grows long.
"""

from __future__ import annotations

import ast
import builtins
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

# a long path is cut in the middle: its beginning says whose it is, and its end what it does
_KEPT_FRONT, _KEPT_BACK = 120, 40


@dataclass
class _Scope:
    """A function, a class, or the module.

    Attributes:
        bound: a name that it gives a value to → the path that this is; empty for a value of the program's own.
        shared: the names that it declares `global`, and those that it declares `nonlocal`, which are not its own.
        names: those that are looked up directly in it.
        inner: what stands directly in it.
    """

    is_class: bool = False
    outer: _Scope | None = None
    bound: dict[str, str] = field(default_factory=dict)
    shared: dict[str, bool] = field(default_factory=dict)
    names: list[ast.Name] = field(default_factory=list)
    inner: list[_Scope] = field(default_factory=list)


class Names:
    """The paths that the expressions of a program stand for.

    Args:
        trees: its texts, such as a notebook's cells, in their order; they share one module.
    """

    def __init__(self, trees: Sequence[ast.Module]) -> None:
        self._module = _Scope()
        self._torch_star = ""  # torch's module that was imported from with a `*`, the last one
        self._paths: dict[ast.expr, str] = {}
        self._of_module: set[ast.expr] = set()
        for tree in trees:
            self._read(tree)
        self._look_up()

    def path(self, node: ast.expr) -> str:
        """The dotted name that an expression stands for; empty where it stands for none."""
        outer: list[tuple[ast.expr, str]] = []
        while node not in self._paths:
            if (step := _step_of(node)) is None:
                self._paths[node] = ""
            else:
                outer.append((node, step[1]))
                node = step[0]
        path = self._paths[node]
        for each, attribute in reversed(outer):
            path = self._paths[each] = cut(f"{path}.{attribute}") if path else ""
        return path

    def is_of_module(self, node: ast.expr) -> bool:
        """Whether an expression is a name that is looked up in the module."""
        return node in self._of_module

    def _read(self, tree: ast.Module) -> None:
        """Notes what each scope gives a value to, in the order of the text."""
        waiting: list[tuple[ast.AST, _Scope]] = [(tree, self._module)]
        while waiting:
            node, scope = waiting.pop()
            if (path := self._assigned(node, scope)) is not None:
                waiting.append((path, scope))
                continue
            self._note(node, scope)
            around, within = children(node), list[ast.AST]()
            inner = scope
            if isinstance(node, ast.ClassDef):
                inner = _Scope(is_class=True, outer=scope)
                around, within = [*node.decorator_list, *node.bases, *node.keywords], [*node.body]
            elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
                inner = _Scope(outer=scope, bound=dict.fromkeys(_parameters(node.args), ""))
                within = [node.body] if isinstance(node, ast.Lambda) else [*node.body]
                body = set(within)
                around = [each for each in around if each not in body]
            elif isinstance(node, ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp):
                inner = _Scope(outer=scope)
                around, within = [], around
            if inner is not scope:
                scope.inner.append(inner)
            waiting += [(each, inner) for each in reversed(within)]
            waiting += [(each, scope) for each in reversed(around)]

    def _assigned(self, node: ast.AST, scope: _Scope) -> ast.expr | None:
        """The value of an assignment such as `ag = torch.autograd`, which it notes; `None` for every other node."""
        if isinstance(node, ast.Assign) and len(node.targets) == 1:
            target = node.targets[0]
        elif isinstance(node, ast.AnnAssign) and node.value:
            target = node.target
        else:
            return None
        if not (isinstance(target, ast.Name) and node.value):
            return None
        path = self._path_so_far(node.value, scope)
        if path:
            self._bind(scope, target.id, path)
        return node.value if path else None

    def _path_so_far(self, node: ast.expr, scope: _Scope) -> str:
        attributes: list[str] = []
        while step := _step_of(node):
            node = step[0]
            attributes.append(step[1])
        if not isinstance(node, ast.Name):
            return ""
        at: _Scope | None = scope
        while at and node.id not in at.bound:
            at = at.outer
        path = at.bound[node.id] if at else self._unbound(node.id)
        return cut(".".join([path, *reversed(attributes)])) if path else ""

    def _unbound(self, name: str) -> str:
        starred = self._torch_star and not hasattr(builtins, name)
        return cut(f"{self._torch_star}.{name}" if starred else name)

    def _note(self, node: ast.AST, scope: _Scope) -> None:
        if isinstance(node, ast.Name):
            if isinstance(node.ctx, ast.Load):
                scope.names.append(node)
            else:
                self._bind(scope, node.id, "")
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            self._bind(scope, node.name, "")
        elif isinstance(node, ast.Import | ast.ImportFrom):
            self._note_import(node, scope)
        elif isinstance(node, ast.Global | ast.Nonlocal):
            scope.shared |= dict.fromkeys(node.names, isinstance(node, ast.Global))
        elif isinstance(node, ast.ExceptHandler | ast.MatchAs | ast.MatchStar) and node.name:
            self._bind(scope, node.name, "")
        elif isinstance(node, ast.MatchMapping) and node.rest:
            self._bind(scope, node.rest, "")

    def _note_import(self, node: ast.Import | ast.ImportFrom, scope: _Scope) -> None:
        module = "" if isinstance(node, ast.Import) else cut(f"{node.module}")
        for alias in node.names:
            if alias.name == "*":
                self._torch_star = module if is_below(module, "torch") else self._torch_star
            elif module:
                self._bind(scope, alias.asname or alias.name, cut(f"{module}.{alias.name}"))
            else:
                top = alias.name.partition(".")[0]
                self._bind(scope, alias.asname or top, cut(alias.name if alias.asname else top))

    def _bind(self, scope: _Scope, name: str, path: str) -> None:
        if name not in scope.shared:
            scope.bound[name] = path
        elif scope.shared[name]:
            self._module.bound[name] = path

    def _look_up(self) -> None:
        """Works out each name: scopes are gone through from the outside, with what is seen from each at hand."""
        seen: defaultdict[str, list[str]] = defaultdict(list)
        for scope, enters in _in_turn(self._module):
            for name, path in () if scope.is_class else scope.bound.items():
                if enters:
                    seen[name].append(path)
                else:
                    seen[name].pop()
            for node in scope.names if enters else ():
                self._look_up_one(node, scope, seen[node.id])

    def _look_up_one(self, node: ast.Name, scope: _Scope, seen: list[str]) -> None:
        """Works out a name; `seen` has what the scopes around it give it, the innermost last."""
        of_module = len(seen) == (node.id in self._module.bound)
        if scope.is_class and node.id in scope.bound:
            self._paths[node] = scope.bound[node.id]
        elif of_module or scope.shared.get(node.id):
            self._paths[node] = self._module.bound.get(node.id, self._unbound(node.id))
            self._of_module.add(node)
        else:
            self._paths[node] = seen[-1]


def _in_turn(module: _Scope) -> Iterator[tuple[_Scope, bool]]:
    """Each scope twice: when it is entered and, after all that is in it, when it is left."""
    waiting = [(module, True)]
    while waiting:
        scope, enters = waiting.pop()
        yield scope, enters
        if enters:
            waiting.append((scope, False))
            waiting += [(inner, True) for inner in scope.inner]


def _step_of(node: ast.expr) -> tuple[ast.expr, str] | None:
    """What an expression takes an attribute of, and the attribute; `None` if it takes none."""
    if isinstance(node, ast.Attribute):
        return node.value, node.attr
    if isinstance(node, ast.Call) and (name := got_attribute(node)) is not None:
        return node.args[0], name
    return None


def _parameters(arguments: ast.arguments) -> list[str]:
    more = [each for each in (arguments.vararg, arguments.kwarg) if each]
    named = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, *more]
    return [each.arg for each in named]


def is_below(path: str, module: str) -> bool:
    """Whether a path is that of `module`, or of something in it."""
    return path == module or path.startswith(f"{module}.")


def cut(path: str) -> str:
    """The path, or the beginning and the end of a long one: `import` and `getattr` could make them grow together."""
    if len(path) <= _KEPT_FRONT + _KEPT_BACK:
        return path
    return f"{path[:_KEPT_FRONT]}…{path[-_KEPT_BACK:]}"


def got_attribute(node: ast.expr) -> str | None:
    """The attribute of a `getattr(x, "name")`, also where the name is built from constants; `?` where it is not.

    `None` for every other expression.
    """
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name)):
        return None
    if node.func.id not in ("getattr", "vars") or not node.args:
        return None
    return constant_text(node.args[1]) if len(node.args) > 1 else "?"


def constant_text(node: ast.expr) -> str:
    """The text that an expression of constants gives; `?` where that is not known."""
    parts: list[str] = []
    waiting = [node]
    while waiting:
        each = waiting.pop()
        if isinstance(each, ast.BinOp) and isinstance(each.op, ast.Add):
            waiting += [each.right, each.left]
        elif isinstance(each, ast.Constant) and isinstance(each.value, str) and each.value != "?":
            parts.append(each.value)
        else:
            return "?"
    return "".join(parts)


def used(node: ast.AST) -> list[ast.AST]:
    """The node and all below it that does something when it runs.

    Annotations, the classes that `isinstance`, `issubclass` and a `case` ask for, and import statements do nothing
    with what they name.
    """
    found = [node]
    for one in found:  # grows meanwhile
        found += _used_in(one)
    return found


def _used_in(node: ast.AST) -> list[ast.AST]:
    if isinstance(node, ast.Import | ast.ImportFrom):
        return []
    inner = children(node)
    if isinstance(node, ast.arg | ast.AnnAssign):
        return [each for each in inner if each is not node.annotation]
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        return [each for each in inner if each is not node.returns]
    if isinstance(node, ast.MatchClass):
        return [each for each in inner if each is not node.cls]
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        if node.func.id in ("isinstance", "issubclass"):
            return [node.func, *node.args[:1]]
    return inner


def children(node: ast.AST) -> list[ast.AST]:
    """What is directly in a node, without contexts."""
    found: list[ast.AST] = []
    for name in node._fields:
        if name != "ctx":
            value = getattr(node, name, None)
            if isinstance(value, ast.AST):
                found.append(value)
            elif isinstance(value, list):
                found += [entry for entry in value if isinstance(entry, ast.AST)]
    return found
