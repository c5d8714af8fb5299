"""Classes whose students know the right answers, and those who disguise a copy of another's."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path
from random import Random

from tests.conftest import ROOT

SUBMISSIONS = ROOT / "tests" / "submissions"
EXERCISES = sorted(path.name for path in SUBMISSIONS.iterdir() if path.is_dir())
Texts = dict[str, str]


def text_of(path: Path) -> str:
    return path.read_text(encoding="utf-8")


@cache
def right(exercise: str) -> tuple[str, ...]:
    """The right answers that the tests know, each by another hand or in another style."""
    return tuple(text_of(path) for path in sorted((SUBMISSIONS / exercise / "right").glob("*.py")))


def stubs() -> Texts:
    return {name: text_of(ROOT / "exercises" / f"{name}.py") for name in EXERCISES}


def honest(size: int = 6) -> list[Texts]:
    """Students of whom no two have the same answer to anything."""
    return [
        {name: right(name)[at] for name in EXERCISES if at < len(right(name))} for at in range(size)
    ]


class Renamed(ast.NodeTransformer):
    """What someone does who hides a copy: other names for what is his to name, nothing else."""

    def __init__(self, tree: ast.AST) -> None:
        stored = {
            node.id
            for node in ast.walk(tree)
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
        }
        arguments = {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)}
        self.names = {name: f"var_{at}" for at, name in enumerate(sorted(stored | arguments))}

    def visit_Name(self, node: ast.Name) -> ast.Name:
        node.id = self.names.get(node.id, node.id)
        return node

    def visit_arg(self, node: ast.arg) -> ast.arg:
        node.arg, node.annotation = self.names[node.arg], None
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.FunctionDef:
        self.generic_visit(node)
        node.body.insert(0, ast.Expr(ast.Constant("My own work.")))
        return node


def disguised(text: str, seed: int = 1) -> str:
    """A copy with other names and docstrings, no comments, and its functions in another order."""
    tree = ast.parse(text)
    tree = ast.fix_missing_locations(Renamed(tree).visit(tree))
    moved = [node for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)]
    places = [at for at, node in enumerate(tree.body) if node in moved]
    Random(seed).shuffle(moved)
    for at, node in zip(places, moved, strict=True):
        tree.body[at] = node
    return ast.unparse(tree)
