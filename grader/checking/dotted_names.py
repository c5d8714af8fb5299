"""What the names of a text stand for: `F.linear` is `torch.nn.functional.linear`, whatever it was imported as.

Nothing is run. The work is linear in the text: a path is worked out once for each node, and no path grows long.
"""

from __future__ import annotations

import ast

# a long path is cut in the middle: its beginning says whose it is, and its end what it does
_KEPT_FRONT, _KEPT_BACK = 120, 40
_FOLLOWED = ("torch.", "functorch", "importlib", "ctypes")


class Names:
    """The paths that expressions stand for. First every node is given to `note`, then `path` is asked."""

    def __init__(self) -> None:
        self._aliases: dict[str, str] = {}
        self._stars: set[str] = set()
        self._torch_star = ""  # torch's module that was imported from with a `*`, the last one
        self._paths: dict[ast.expr, str] = {}

    def note(self, node: ast.AST) -> None:
        """Keeps the names that an import, or an assignment such as `ag = torch.autograd`, gives to a path."""
        if isinstance(node, ast.Import):
            for alias in node.names:
                top = alias.name.split(".")[0]
                self._aliases[alias.asname or top] = cut(alias.name) if alias.asname else cut(top)
        elif isinstance(node, ast.ImportFrom):
            module = cut(f"{node.module}")
            for alias in node.names:
                if alias.name == "*":
                    self._note_star(module)
                else:
                    self._aliases[alias.asname or alias.name] = cut(f"{module}.{alias.name}")
        elif isinstance(node, ast.Assign) and len(node.targets) == 1:
            target = node.targets[0]
            if isinstance(target, ast.Name) and (path := self._worked_out(node.value, {})):
                if path.startswith(_FOLLOWED) or path == "torch":
                    self._aliases[target.id] = path

    def path(self, node: ast.expr) -> str:
        """The dotted name that an expression stands for; empty where it stands for none."""
        return self._worked_out(node, self._paths)

    def _note_star(self, module: str) -> None:
        if module not in self._stars and module.startswith("torch"):
            self._torch_star = module
        self._stars.add(module)

    def _worked_out(self, node: ast.expr, known: dict[ast.expr, str]) -> str:
        outer: list[tuple[ast.expr, str]] = []
        while node not in known:
            if isinstance(node, ast.Attribute):
                outer.append((node, node.attr))
                node = node.value
            elif isinstance(node, ast.Call) and (name := got_attribute(node)) is not None:
                outer.append((node, name))
                node = node.args[0]
            else:
                known[node] = self._head(node)
        path = known[node]
        for each, attribute in reversed(outer):
            path = known[each] = cut(f"{path}.{attribute}") if path else ""
        return path

    def _head(self, node: ast.expr) -> str:
        if not isinstance(node, ast.Name):
            return ""
        if node.id in self._aliases:
            return self._aliases[node.id]
        return cut(f"{self._torch_star}.{node.id}" if self._torch_star else node.id)


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


def walk(node: ast.AST) -> list[ast.AST]:
    """The node and all below it, without contexts, in less than half the time that `ast.walk` takes."""
    found = [node]
    for one in found:  # grows meanwhile
        found += children(one)
    return found


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
