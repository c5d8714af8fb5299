"""Puts off the import of `torch._dynamo`, the front end of `torch.compile`: a second, and 60 MB of each process.

Torch imports it with the first optimizer, only to tell it what not to compile (`torch/_compile.py`,
`torch/optim/optimizer.py`). Something in its place takes that, and becomes the real one as soon as more is asked of it.
What this says of torch's insides costs time where it no longer holds, and nothing else.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from types import ModuleType
from typing import Any

NAME = "torch._dynamo"


class _Later(ModuleType):
    """Stands for the module until it is needed."""

    def __init__(self) -> None:
        super().__init__(NAME)
        self._left_alone: list[Any] = []

    def graph_break(self, *_arguments: object, **_named: object) -> None:
        """Where nothing is compiled, there is no graph to break."""

    def disable(self, function: Any, *_arguments: object, **_named: object) -> Callable[..., Any]:
        """What is never compiled is left as it is."""
        self._left_alone.append(function)
        return function  # type: ignore[no-any-return]

    def __getattr__(self, name: str) -> object:
        # of the others, whoever looks through all modules asks; it is no use of this one
        if name.startswith("__") and name != "__path__":
            raise AttributeError(f"module {NAME!r} has no attribute {name!r}")
        return getattr(import_now(NAME), name)

    def end(self) -> None:
        """Leaves torch as it was: the next to ask imports the module."""
        import torch

        if sys.modules.get(NAME) is self:
            del sys.modules[NAME]
        if vars(torch).get("_dynamo") is self:
            del torch._dynamo
        for function in self._left_alone:  # torch keeps there what it was given for it
            vars(function).pop("__dynamo_disable", None)
        self._left_alone.clear()


def put_off() -> None:
    """From now on the module is imported when it is needed, and not before."""
    import torch

    if NAME not in sys.modules:
        torch._dynamo = sys.modules[NAME] = _Later()


@contextmanager
def put_off_meanwhile() -> Iterator[None]:
    """The same for a while; afterwards torch is as it was."""
    put_off()
    try:
        yield
    finally:
        _come_back()


def has_imported(name: str) -> bool:
    """Whether a module is there, and not put off."""
    return not isinstance(sys.modules.get(name), _Later | None)


def import_now(name: str) -> ModuleType:
    """A module, also if it was put off.

    Raises:
        ModuleNotFoundError: if there is none of that name.
    """
    if name == NAME:
        _come_back()
    return import_module(name)


def _come_back() -> None:
    if isinstance(later := sys.modules.get(NAME), _Later):
        later.end()
