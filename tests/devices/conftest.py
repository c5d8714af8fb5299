"""Small programs, run on the simulated accelerator and on the CPU; only children of a sandbox know `sim`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from grader.sandbox import Sandbox
from grader.sandbox.wire.values import as_received, code_of, decode, encode

_CODE = code_of("""
def run(student, code, d):
    names = {"torch": torch, "nn": nn, "F": F, "Tensor": Tensor, "d": d}
    exec(code, names)
    return names["out"]
""")
Run = Callable[[str, str], Any]


@pytest.fixture(scope="module")
def run(sandbox: Sandbox) -> Iterator[Run]:
    """`run(code, device)` gives what the program leaves in `out`, tensors as `Received`; `d` is the device in it.

    An exception in it comes back as `Type: words`.
    """
    child = sandbox.open()
    child.load("empty", [("empty.py", "")])

    def running(code: str, device: str) -> Any:
        arguments, block = encode({"code": code, "d": device})
        request = {"probe": "run", "code": _CODE, "arguments": arguments, "seed": 3}
        header, answer, _ = child.call(request | {"device": device}, block)
        if "error" in header:
            return f"{header['error']['type']}: {header['error']['message']}"
        return decode(header["value"], answer, as_received(device))

    yield running
    child.close()
