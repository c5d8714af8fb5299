"""A text's fingerprint: the k-grams of its syntax, which do not change when somebody disguises a copy.

A text is taken as a sequence of syntax elements, without the student's own names, comments, annotations, or the order
of its functions. Its k-grams are hashed, as in Schleimer, Wilkerson and Aiken, "Winnowing: Local Algorithms for
Document Fingerprinting" (SIGMOD 2003); they keep a sample of the hashes, and these texts are short enough to keep all.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from typing import TYPE_CHECKING

from ...errors import UnreadableError
from ...submission.bounded import bounded
from ...text import tree_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

K = 12  # elements: about one statement
MOST_TEXT = (
    64 << 10
)  # characters; twenty times an answer. Ten such texts of each student are held in memory
_KEPT_LENGTH = 8 << 10
LONGEST = 40  # characters of a word
DEEPEST = 80  # levels of nesting; no honest answer comes near it
_DROPPED = ("type_comment", "annotation", "returns", "kind", "ctx", "type_params")


@dataclass(frozen=True)
class Fingerprint:
    """A text's k-grams. Attributes: lines: k-gram, as a hash of 64 bits → the lines (from 1) that it covers."""

    lines: dict[int, tuple[int, ...]]

    @property
    def grams(self) -> NDArray[np.uint64]:
        """The different k-grams, ascending: (k-grams,)."""
        import numpy as np  # which the process that reads large texts may lack

        return np.array(sorted(self.lines), dtype=np.uint64)


def fingerprint_of(source: str) -> Fingerprint | None:
    """The fingerprint of a text; `None` for one that does not parse, is nested too deeply or is far too large."""
    return _kept(source) if len(source) <= _KEPT_LENGTH else _made(source)


def _made(source: str) -> Fingerprint | None:
    if len(source) > MOST_TEXT:
        return None
    try:
        found = bounded(grams_in, [source])
    except UnreadableError:
        return None
    if found is None:
        return None
    return Fingerprint({gram: tuple(lines) for gram, lines in found})


_kept = lru_cache(maxsize=512)(_made)  # the same text comes more than once


def grams_in(texts: Sequence[str]) -> list[tuple[int, list[int]]] | None:
    """The k-grams of a text, each with the lines that it covers; `None` where it has none to compare.

    Raises:
        RecursionError, MemoryError: if the text is nested too deeply for Python's parser.
    """
    [source] = texts
    tree = tree_of(source)
    if tree is None or _too_deep(tree):
        return None
    own = _own(tree)
    lines: dict[int, set[int]] = {}
    for unit in ([*_elements(each, own)] for each in _units(tree)):
        # a short unit is one gram
        for start in range(max(1, len(unit) - K + 1)) if len(unit) >= K // 2 else ():
            part = unit[start : start + K]
            words = "\x1f".join(word for word, _ in part).encode("utf-8", "replace")
            gram = int.from_bytes(blake2b(words, digest_size=8).digest(), "big")
            lines.setdefault(gram, set()).update(line for _, line in part if line)
    return [(gram, sorted(of)) for gram, of in lines.items()]


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


def _elements(top: ast.AST, own: _Own) -> Iterator[tuple[str, int]]:
    """What a node is, then what is in it, depth first: (word, line)."""
    waiting = [top]
    while waiting:
        node = waiting.pop()
        yield _word(node, own), getattr(node, "lineno", 0)
        if not isinstance(node, ast.Name | ast.Constant):
            waiting += reversed(
                [
                    child
                    for field, value in ast.iter_fields(node)
                    if field not in _DROPPED
                    for child in (value if isinstance(value, list) else [value])
                    if isinstance(child, ast.AST) and not _is_text(child)
                ]
            )


def _word(node: ast.AST, own: _Own) -> str:
    if isinstance(node, ast.Name):
        return "name" if node.id in own.names else node.id[:LONGEST]
    if isinstance(node, ast.Constant):
        return "text" if isinstance(node.value, str) else _number(node.value)[:LONGEST]
    if isinstance(node, ast.Attribute):
        return ".name" if node.attr in own.attributes else f".{node.attr[:LONGEST]}"
    if isinstance(node, ast.keyword):
        return f"{node.arg}"[:LONGEST] + "="
    return type(node).__name__


def _number(value: object) -> str:
    """How it is written; of a number of thousands of digits Python makes no text."""
    return hex(value) if type(value) is int and value.bit_length() > 1000 else repr(value)


def _is_text(node: ast.AST) -> bool:
    """A docstring, or another string that stands alone."""
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )
