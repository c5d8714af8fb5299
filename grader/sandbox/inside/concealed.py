"""Keeps what is ours from where Python lets a program look for it.

A function is found by its module, by a class whose methods have the same globals, by the garbage collector's lists, and
by what is put in the place of a built-in function that it calls. With `ctypes` everything is found.
"""

from __future__ import annotations

import builtins
import ctypes
import gc
import importlib.util
import sys
import types
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any

_untrack = ctypes.pythonapi.PyObject_GC_UnTrack
_untrack.argtypes, _untrack.restype = [ctypes.py_object], None
_keep = ctypes.pythonapi.Py_IncRef
_keep.argtypes, _keep.restype = [ctypes.py_object], None
# what is looked into: neither modules nor classes, which are not ours alone, nor dicts, which may be a module's
_HOLDERS = (
    types.SimpleNamespace,
    types.FunctionType,
    types.CellType,
    tuple,
    list,
    map,
    partial,
    type(iter(int, 1)),
    types.BuiltinMethodType,
    ctypes.py_object,
)
_NOT_OURS = type, types.ModuleType
# by which one thread could look at the frames of another, or have it call a function of its own
_LOOKS_ASIDE = (
    "_current_frames",
    "_current_exceptions",
    "_setprofileallthreads",
    "_settraceallthreads",
)
_is_tracked, _referents, _itself = gc.is_tracked, gc.get_referents, ctypes.py_object


def conceal(thing: object) -> Callable[[], None]:
    """A step that takes `thing` off the garbage collector's lists: it is neither found by them nor freed.

    A dict comes back on the lists when something is put into it.
    """
    return partial(_untrack, _itself(thing))


def conceal_all(things: Iterable[Any]) -> None:
    """Takes things off the lists, and what they hold, however deep.

    They are to stay for as long as this process: Python cannot free a function that is on no list.
    """
    todo, seen = list(things), set()
    while todo:
        each = todo.pop()
        if id(each) in seen or isinstance(each, _NOT_OURS):
            continue
        seen.add(id(each))
        if _is_tracked(each):
            _untrack(_itself(each))  # one that is a `py_object` stands for itself
        if isinstance(each, _HOLDERS[0]):
            _untrack(vars(each))
            todo += vars(each).values()
        elif isinstance(each, _HOLDERS):
            todo += [one for one in _referents(each) if isinstance(one, _HOLDERS)]


def keep_forever(things: list[Any]) -> None:
    """Holds `things` where nothing refers to them: to free modules takes 3 ms."""
    _keep(things)
    _untrack(things)


def keep_to_own_thread() -> None:
    """Takes from `sys` what shows one thread the frames of another."""
    for name in _LOOKS_ASIDE:
        vars(sys).pop(name, None)


def import_apart(names: Sequence[str]) -> None:
    """Imports modules so that nothing but `sys.modules` leads to them, with built-in functions of their own.

    They are to stay for as long as this process, as in `conceal_all`.

    Args:
        names: whole names, each after those that it imports.
    """
    own = dict(vars(builtins))
    for name in names:
        spec = importlib.util.find_spec(name)
        assert spec
        assert spec.loader
        module = importlib.util.module_from_spec(spec)
        vars(module)["__builtins__"] = own
        sys.modules[name] = module
        spec.loader.exec_module(module)
        conceal_all(vars(module).values())
        _untrack(module)
        _untrack(vars(module))
