"""Which functions of Python ran while a probe ran, and who called whom: seen by Python's own profiler.

It is the one that `cProfile` has, written in C: it knows a function by its code, whatever name was used for it, takes
0.1 µs a call, and nothing of ours is on the stack while it notes one. It follows one thread.

Where a function stands is told by its *place*: module and qualified name, as in `torch.optim.sgd.SGD.step`, worked
out from the file that its code was read from.
"""

from __future__ import annotations

import _lsprof
import sys
from collections.abc import Callable, Iterator
from functools import partial
from types import CodeType, FunctionType
from typing import Any, NamedTuple

from .concealed import conceal

Step = Callable[[], Any]
_MARKS = 2  # one in the beginning, one in the end
# with globals of its own, so that its frame leads nowhere
_mark_code = compile("0", "<mark>", "eval")
mark = FunctionType(_mark_code, {})
_bases = tuple(
    sorted({entry.rstrip("/") + "/" for entry in sys.path if entry}, key=len, reverse=True)
)


class Call(NamedTuple):
    """A function that ran. Attributes: entries: Python's own of what it called; `called` reads them."""

    code: CodeType
    entries: Any


def new() -> Any:
    """What the steps below note calls in."""
    return _lsprof.Profiler()


def begin(noted: Any) -> dict[str, Step]:
    """The steps with which a trace begins: what is noted is taken off the garbage collector's lists first."""
    enable = partial(noted.enable, subcalls=True, builtins=False)
    return {"conceal calls": conceal(noted), "begin calls": enable, "mark calls": mark}


def end(noted: Any) -> dict[str, Step]:
    """The steps with which a trace ends."""
    return {"mark calls again": mark, "end calls": noted.disable}


def calls(noted: Any) -> list[Call] | None:
    """What a trace has noted; `None` where somebody ended it on the way, or emptied it."""
    entries = noted.getstats()
    marked = [entry.callcount for entry in entries if entry.code is _mark_code]
    if marked != [_MARKS]:
        return None
    return [Call(entry.code, entry.calls) for entry in entries if type(entry.code) is CodeType]


def called(call: Call) -> Iterator[CodeType]:
    """The functions of Python that a function called itself."""
    for entry in call.entries or ():
        if type(entry.code) is CodeType:
            yield entry.code


def is_installed(code: CodeType) -> bool:
    """Whether a function has a place: torch's, or another package's."""
    file, name = code.co_filename, code.co_qualname
    return type(file) is type(name) is str and file.startswith(_bases)


def place(code: CodeType) -> str:
    """Module and qualified name of an installed function; empty for others, such as a student's."""
    file, name = code.co_filename, code.co_qualname
    if type(file) is not str or type(name) is not str:  # a student's type, with methods of its own
        return ""
    for base in _bases:
        if file.startswith(base):
            module = file[len(base) :].removesuffix(".py").removesuffix("/__init__")
            return f"{module.replace('/', '.')}.{name}"
    return ""
