"""Runs a notebook's cells as a grader should: what only shows things is passed over, what fails is noted.

Jupyter stops a cell at its first error, and the student goes on with the next one. Here every statement has its turn:
a plot that fails in the cell that also defines the answer costs nothing.
"""

from __future__ import annotations

import ast
import importlib.abc
import importlib.machinery
import linecache
import sys
import types
from collections.abc import Iterator, Sequence
from types import CodeType
from typing import Any


def remember(tag: str, source: str) -> None:
    """Lets tracebacks and `inspect.getsource` find the text of what is compiled under `tag`."""
    linecache.cache[tag] = (len(source), None, source.splitlines(keepends=True), tag)


def prepare(
    cells: Sequence[Sequence[str]], notebook: bool, namespace: dict[str, Any]
) -> list[CodeType | BaseException]:
    """The programs to run one after another: the cells, pairs of tag and Python text, each as a whole.

    Of a notebook it is each statement of each cell, and Jupyter's own names are put into `namespace`. What cannot be
    compiled is there as the exception.
    """
    programs: list[CodeType | BaseException] = []
    future = 0  # as in Jupyter, `from __future__ import annotations` holds for what follows, in other cells too
    for tag, source in cells:
        remember(tag, source)
        try:
            parts: list[Any] = [source]
            if notebook:
                parts = [ast.Module([each], []) for each in ast.parse(source, tag).body]
        except BaseException as error:
            programs.append(error)
            continue
        for part in parts:
            try:
                program = compile(part, tag, "exec", future, dont_inherit=True)
            except BaseException as error:
                programs.append(error)
                continue
            programs.append(program)
            future |= program.co_flags & annotations.compiler_flag
    if notebook:
        namespace["display"] = Inert("display")
        namespace["get_ipython"] = Inert("get_ipython")
    return programs


# packages that only show things: a grader has nobody to show them to, and may not have them
_SHOW = {
    "matplotlib",
    "seaborn",
    "plotly",
    "bokeh",
    "altair",
    "IPython",
    "ipywidgets",
    "tqdm",
    "wandb",
    "torchviz",
    "torchsummary",
    "torchinfo",
    "google",
}


class Inert(types.ModuleType):
    """A stand-in for what only shows something: every attribute and every call is another one."""

    __path__: Any = ()  # a package, so that its submodules are asked for here too

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return Inert(name)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if self.__name__ in (
            "tqdm",
            "trange",
            "track",
        ):  # progress bars hand on what they go through
            return range(*args) if self.__name__ == "trange" else args[0] if args else self
        if self.__name__ in ("subplots", "hist"):
            return tuple(Inert("part") for _ in range({"subplots": 2, "hist": 3}[self.__name__]))
        return self

    def __iter__(self) -> Iterator[Any]:
        return iter(())

    def __len__(self) -> int:
        return 0

    def __getitem__(self, key: object) -> Any:
        return Inert("item")

    def __setitem__(self, key: object, value: object) -> None:
        pass

    def __enter__(self) -> Any:
        return self

    def __exit__(self, *exception: object) -> None:
        pass


class _InertFinder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    def find_spec(self, fullname: str, path: Any, target: Any = None) -> Any:
        if fullname.split(".")[0] not in _SHOW:
            return None
        return importlib.machinery.ModuleSpec(fullname, self, is_package=True)

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> types.ModuleType:
        return Inert(spec.name)

    def exec_module(self, module: types.ModuleType) -> None:
        pass


def install_inert() -> None:
    """From here on, importing a package that only shows things gives a stand-in."""
    sys.meta_path.insert(0, _InertFinder())
