"""A text's fingerprint: the k-grams of its syntax, which do not change when somebody disguises a copy.

A text is taken as a sequence of syntax elements, without the student's own names, comments, annotations, or the order
of its functions. Its k-grams are hashed, as in Schleimer, Wilkerson and Aiken, "Winnowing: Local Algorithms for
Document Fingerprinting" (SIGMOD 2003); they keep a sample of the hashes, and these texts are short enough to keep all.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

from ...text import tree_of

K = 12  # elements: about one statement
DEEPEST = 80  # levels of nesting; no honest answer comes near it
_DROPPED = ("type_comment", "annotation", "returns", "kind", "ctx", "type_params")


@dataclass(frozen=True)
class Fingerprint:
    """A text's k-grams. Attributes: lines: k-gram, as a hash of 64 bits → the lines (from 1) that it covers."""

    lines: dict[int, tuple[int, ...]]

    @property
    def grams(self) -> NDArray[np.uint64]:
        """The different k-grams, ascending: (k-grams,)."""
        return np.array(sorted(self.lines), dtype=np.uint64)


@lru_cache(maxsize=512)  # the same text comes more than once
def fingerprint_of(source: str) -> Fingerprint | None:
    """The fingerprint of a text; `None` for one that does not parse, or is nested too deeply."""
    try:
        tree = tree_of(source)
        if tree is None or _too_deep(tree):
            return None
        own = _own(tree)
        units = [list(_elements(unit, own)) for unit in _units(tree)]
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    lines: dict[int, set[int]] = {}
    for unit in units:
        # a short unit is one gram
        for start in range(max(1, len(unit) - K + 1)) if len(unit) >= K // 2 else ():
            part = unit[start : start + K]
            words = "\x1f".join(word for word, _ in part).encode("utf-8", "replace")
            gram = int.from_bytes(blake2b(words, digest_size=8).digest(), "big")
            lines.setdefault(gram, set()).update(line for _, line in part if line)
    return Fingerprint({gram: tuple(sorted(of)) for gram, of in lines.items()})


def _too_deep(tree: ast.AST) -> bool:
    level: list[ast.AST] = [tree]
    for _ in range(DEEPEST):
        level = [child for node in level for child in ast.iter_child_nodes(node)]
        if not level:
            return False
    return True


def _units(tree: ast.Module) -> Iterator[ast.AST]:
    """Every function, and every other statement of a module or a class, by itself: their order says nothing."""
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        for child in getattr(node, "body", []):
            if isinstance(child, ast.ClassDef):
                waiting.append(child)
            elif isinstance(child, ast.Import | ast.ImportFrom) or _is_text(child):
                continue
            else:
                yield child


@dataclass(frozen=True)
class _Own:
    """What a text names itself, and so could name otherwise."""

    names: frozenset[str]
    attributes: frozenset[str]


def _own(tree: ast.Module) -> _Own:
    names: set[str] = set()
    attributes: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            names.add(node.id)
        elif isinstance(node, ast.Attribute) and not isinstance(node.ctx, ast.Load):
            attributes.add(node.attr)
        elif isinstance(node, ast.arg):
            names.add(node.arg)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.add(node.name)
            attributes.add(node.name)
    return _Own(frozenset(names), frozenset(attributes))


def _elements(node: ast.AST, own: _Own) -> Iterator[tuple[str, int]]:
    """What a node is, then what is in it, depth first: (word, line)."""
    line = getattr(node, "lineno", 0)
    if isinstance(node, ast.Name):
        yield ("name" if node.id in own.names else node.id), line
        return
    if isinstance(node, ast.Constant):
        yield (repr(node.value)[:40] if not isinstance(node.value, str) else "text"), line
        return
    word = type(node).__name__
    if isinstance(node, ast.Attribute):
        word = ".name" if node.attr in own.attributes else f".{node.attr}"
    elif isinstance(node, ast.keyword):
        word = f"{node.arg}="
    yield word, line
    for field, value in ast.iter_fields(node):
        if field in _DROPPED:
            continue
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST) and not _is_text(child):
                yield from _elements(child, own)


def _is_text(node: ast.AST) -> bool:
    """A docstring, or another string that stands alone."""
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )
