"""The parity table: what CUDA does with small programs, held against what a device here does with them."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from ..errors import NoAnswer
from . import Child, Sandbox
from .wire.values import Received, WireError, as_received, code_of, decode, encode

_CODE = code_of("""
def run(student, code, d, devices):
    d0, d1 = (d, d) if d == "cpu" else (f"{d}:0", f"{d}:1")
    if d != "cpu" and torch.get_device_module(d).device_count() < devices:
        return {"missing": True}
    names = {"torch": torch, "nn": nn, "F": F, "d": d, "d0": d0, "d1": d1}
    exec(code, names)
    return {"out": names["out"]}
""")


_IMPORTED_LATE = (
    "torch._dynamo",
)  # by the first optimizer, which takes a second and is no program's own


@dataclass(frozen=True)
class Program:
    """An entry of `parity_programs.toml`, which says what its fields mean."""

    name: str
    code: str
    gives: Any
    on: str = "d"
    raises: str = ""
    devices: int = 1


@cache
def programs() -> tuple[Program, ...]:
    """The table."""
    text = files(__package__).joinpath("parity_programs.toml").read_text(encoding="utf-8")
    return tuple(Program(**entry) for entry in tomllib.loads(text)["program"])


@dataclass(frozen=True)
class ParityOutcome:
    """What came of a program on a device.

    Attributes:
        difference: empty where it is as on CUDA.
        skipped: why it was not tried; empty where it was.
    """

    program: Program
    device: str
    difference: str
    skipped: str = ""


def run_all(sandbox: Sandbox, device: str) -> Iterator[ParityOutcome]:
    """Runs every program in a child of `sandbox`, and a new child after a crash."""
    child: Child | None = None
    try:
        for program in programs():
            if child is None:
                child = sandbox.open(_IMPORTED_LATE)
                child.load("empty", [("empty.py", "")])
            try:
                value, raised = _run(child, program, device)
            except NoAnswer as error:
                child = None
                yield ParityOutcome(program, device, f"it {error}")
                continue
            if value == {"missing": True}:
                reason = f"it needs {program.devices} devices, and there are fewer"
                yield ParityOutcome(program, device, "", reason)
                continue
            given = value["out"] if value else None
            yield ParityOutcome(program, device, _difference(program, device, given, raised))
    finally:
        if child:
            with closing(child):
                pass


def _run(child: Child, program: Program, device: str) -> tuple[Any, str]:
    """What the probe gave of a program, or the exception that it raised, as `Type: words`."""
    given = {"code": program.code, "d": device, "devices": program.devices}
    arguments, block = encode(given)
    header, answer, _ = child.call(
        {"probe": "run", "code": _CODE, "arguments": arguments, "seed": 0, "device": device},
        block,
    )
    if "error" in header:
        return None, f"{header['error']['type']}: {header['error']['message']}"
    try:
        return decode(header["value"], answer, as_received(device)), ""
    except WireError as error:
        return None, f"the answer cannot be read: {error}"


def _difference(program: Program, device: str, value: Any, raised: str) -> str:
    if program.raises and device != "cpu":
        kind, words = program.raises.split(": ", 1)
        words = words.format(d=f"{device}:0", e=f"{device}:1", t=device)
        if raised.startswith(f"{kind}: ") and words in raised:
            return ""
        return f"{raised or 'it works'}, expected {kind}: {words}"
    if raised:
        # what is wrong everywhere is wrong on the CPU too
        words = program.raises.split(": ", 1)[-1]
        return "" if program.raises and words in raised else raised
    if isinstance(value, Received):
        wanted = "cpu" if program.on == "cpu" else device
        if value.device.split(":")[0] != wanted:
            return f"the result is on {value.device}, expected on {wanted}"
        value = value.tensor.tolist()
    return "" if _same(value, program.gives) else f"{value}, expected {program.gives}"


def _same(value: Any, expected: Any) -> bool:
    if isinstance(expected, list):
        return (
            isinstance(value, list)
            and len(value) == len(expected)
            and all(map(_same, value, expected))
        )
    if isinstance(expected, float):
        return isinstance(value, float) and math.isclose(value, expected, abs_tol=1e-5)
    return type(value) is type(expected) and bool(value == expected)
