"""Children of a sandbox, asked directly: a file is loaded, and its `f()` is called."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from grader.sandbox import Child, Sandbox
from grader.sandbox.wire.values import code_of, decode

GOOD = "def f():\n    return 7\n"
CALL = "def go(student):\n    return student.f()\n"


def load(sandbox: Sandbox, source: str) -> tuple[Child, dict[str, Any]]:
    """A new child with `source` in it, and what it answered."""
    child = sandbox.open()
    return child, child.load("exercise", [("exercise.py", source)])


def call(child: Child, source: str = CALL, **request: Any) -> Any:
    """What `go(student)` of `source` gives, or the error that it ends with."""
    base = {
        "probe": "go",
        "code": code_of(source),
        "arguments": {"dict": []},
        "seed": 1,
        "device": "cpu",
    }
    header, block, _ = child.call(base | request, b"")
    return header.get("error") or decode(header["value"], block, lambda tensor, facts: tensor)


def told_by(sandbox: Sandbox, source: str, preload: Collection[str] = (), **request: Any) -> Any:
    """What `f()` of `source` gives in a child of its own."""
    child = sandbox.open([*preload])
    try:
        header = child.load("exercise", [("exercise.py", source)])
        assert "error" not in header, header
        return call(child, **request)
    finally:
        child.close()
