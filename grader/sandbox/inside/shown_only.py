"""Stands in for packages that only show things: a grader has nobody to show them to, and may not have them."""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import sys
import types
from collections.abc import Iterator
from typing import Any

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
