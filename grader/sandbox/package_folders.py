"""Where this process found torch and what it needs, for those that run students' code: they have to find the same.

A Python that starts anew knows its own `site-packages`. It does not know what `pip install --user`, `pip install
--target` and `PYTHONPATH` added, nor a script's own `sys.path.insert`.
"""

from __future__ import annotations

import os
import site
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from ..import_path import without_current_folder

# what a child imports, and what torch imports in it sooner or later; by a file that an installed one has
_NEEDED = (
    "torch/__init__.py",
    "numpy/__init__.py",
    "typing_extensions.py",
    "sympy/__init__.py",
    "mpmath/__init__.py",
    "networkx/__init__.py",
    "jinja2/__init__.py",
    "markupsafe/__init__.py",
    "fsspec/__init__.py",
    "filelock/__init__.py",
    "packaging/__init__.py",
    "setuptools/__init__.py",
    "triton/__init__.py",
    "nvidia",  # CUDA's libraries, in a folder for each
)


class PackageFolders(NamedTuple):
    """Folders of installed packages that a starting Python does not look into by itself.

    Attributes:
        first: those that come before its own `site-packages`.
        last: those that come after.
    """

    first: tuple[str, ...] = ()
    last: tuple[str, ...] = ()


def package_folders(others: Iterable[str] = ()) -> PackageFolders:
    """The entries of `sys.path` in which torch and what it needs were found, in their order.

    Args:
        others: entries in which other packages were found that students' code needs.

    The current folder, a home folder, and the folder of a course are none of them, whatever lies there.
    """
    pythons_own = {os.path.realpath(folder) for folder in site.getsitepackages()}
    path = [entry for entry in without_current_folder() if not _is_somebodys(entry)]
    wanted = {_first_with(name, path) for name in _NEEDED} | {*others}
    first: list[str] = []
    last: list[str] = []
    added = first
    for entry in path:
        if os.path.realpath(entry) in pythons_own:
            added = last
        elif entry in wanted:
            added.append(os.path.abspath(entry))
    return PackageFolders(tuple(first), tuple(last))


def _first_with(name: str, path: Iterable[str]) -> str:
    return next((entry for entry in path if os.path.exists(os.path.join(entry, name))), "")


def _is_somebodys(entry: str) -> bool:
    """Whether people keep their own work there: in a course, or in a home folder with all that is in it."""
    folder, home = Path(os.path.realpath(entry)), os.path.expanduser("~")
    holds_home = os.path.isabs(home) and Path(os.path.realpath(home)).is_relative_to(folder)
    return holds_home or (folder / "course.toml").exists()
