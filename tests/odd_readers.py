"""Readers for the process that reads large texts: each does what none of ours should."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path


def lengths(texts: Sequence[str], add: int = 0, *, double: bool = False) -> list[int]:
    return [(len(text) + add) * (1 + double) for text in texts]


def never_ends(_texts: Sequence[str]) -> None:
    while True:
        pass


def hoards(_texts: Sequence[str]) -> int:
    """Takes all the memory that it may have, bit by bit."""
    held = []
    while True:
        held.append(bytearray(1 << 20))


def asks_for_too_much(_texts: Sequence[str]) -> int:
    """Is refused before it has taken any memory, as Python's parser refuses what is too deep."""
    raise MemoryError


def answers_without_end(_texts: Sequence[str]) -> str:
    return "x" * (9 << 20)


def dies(_texts: Sequence[str]) -> None:
    os.kill(os.getpid(), signal.SIGSEGV)


def is_killed(_texts: Sequence[str]) -> None:
    """As the kernel does it where memory is short."""
    os.kill(os.getpid(), signal.SIGKILL)


def is_at_fault(texts: Sequence[str]) -> str:
    return texts[9]


def writes(_texts: Sequence[str]) -> bool:
    try:
        Path("written").write_text("x")
    except OSError:
        return False
    return True


def where_it_imports_from(_texts: Sequence[str]) -> list[str]:
    return sys.path


def goes_deep(texts: Sequence[str]) -> None:
    goes_deep(texts)
