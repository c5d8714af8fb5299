"""What a child may use: the kernel keeps it to the numbers."""

from __future__ import annotations

import pytest

from grader.sandbox import Sandbox
from tests.children import call, load


@pytest.mark.parametrize(
    "body",
    [
        "bytearray(8 << 30)",
        "import torch; torch.ones(1 << 31)",
        "import torch; x = []\n    while True: x.append(torch.empty(1 << 26))",
    ],
)
def test_memory_is_bounded(strict_sandbox: Sandbox, body: str) -> None:
    child, _ = load(strict_sandbox, f"def f():\n    {body}\n")
    error = call(child)
    assert error["type"] in ("MemoryError", "RuntimeError")
    child.close()
