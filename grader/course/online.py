"""Notebooks that start where nothing is installed, such as Colab and Kaggle: what their first cell does, and badges."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import CourseError

_GRADER = "torch-grader"
_KEYS = ("install", "notebooks", "setup")
# a folder at GitHub, as its page shows it: OWNER/NAME/blob/BRANCH or …/tree/BRANCH, with a path or without
_FOLDER = re.compile(r"https://github\.com/([\w.-]+/[\w.-]+)/(?:blob|tree)/([\w.-]+(?:/[\w.-]+)*)")


@dataclass(frozen=True)
class Online:
    """What `[online]` in `course.toml` says.

    Attributes:
        install: what pip installs: the grader first, then what the course needs.
        setup: the lines after that, which fetch a course that is not built in; magics and shell lines.
        folder: where the notebooks lie at GitHub, as OWNER/NAME/blob/BRANCH/PATH; empty: there are no badges.
    """

    install: tuple[str, ...] = (_GRADER,)
    setup: tuple[str, ...] = ()
    folder: str = ""

    def cell(self) -> str:
        """What is to be run first; where all of it is installed already, pip does nothing."""
        command = f"%pip install --quiet {shlex.join(self.install)}"
        return "\n".join([command, *self.setup])

    def badges(self, file: str) -> str:
        """Links that open the notebook `file`, in Markdown; empty where nobody knows where it lies."""
        if not self.folder:
            return ""
        colab = f"https://colab.research.google.com/github/{self.folder}/{file}"
        kaggle = f"https://kaggle.com/kernels/welcome?src=https://github.com/{self.folder}/{file}"
        return (
            f"[![Colab](https://colab.research.google.com/assets/colab-badge.svg)]({colab}) "
            f"[![Kaggle](https://kaggle.com/static/images/open-in-kaggle.svg)]({kaggle})"
        )


def folder_at_github(address: str) -> str:
    """A folder's address as `Online.folder` has it; empty where it is none."""
    found = _FOLDER.fullmatch(address.rstrip("/"))
    return f"{found[1]}/blob/{found[2]}" if found else ""


def online_of(table: dict[str, Any], packages: tuple[str, ...], file: Path) -> Online:
    """What the table `[online]` of `file` says, for a course that needs `packages`.

    Raises:
        CourseError: if it says what it may not.
    """
    if strange := sorted(set(table) - set(_KEYS)):
        raise CourseError(
            f"{file}: `[online]` has {', '.join(strange)}. It knows `install`, `notebooks` and `setup`."
        )
    install = table.get("install", _GRADER)
    if not isinstance(install, str) or not install.strip() or "\n" in install:
        raise CourseError(
            f'{file}: `install` under `[online]` is what pip installs as the grader, such as "{_GRADER}==1.2" or a '
            "wheel's address."
        )
    address = table.get("notebooks", "")
    folder = folder_at_github(address) if isinstance(address, str) else ""
    if address != "" and not folder:
        raise CourseError(
            f"{file}: `notebooks` under `[online]` has to be a folder's address at GitHub, such as "
            '"https://github.com/OWNER/NAME/blob/main/notebooks".'
        )
    setup = table.get("setup", [])
    if not isinstance(setup, list) or not all(map(_is_command, setup)):
        raise CourseError(
            f"{file}: `setup` under `[online]` is a list of lines that begin with % or !, such as "
            '["!git clone --depth 1 https://… course"].'
        )
    return Online((install.strip(), *packages), tuple(setup), folder)


def _is_command(line: object) -> bool:
    """A magic or a shell line: what a notebook has besides these would count as a student's code."""
    return isinstance(line, str) and re.fullmatch(r"[%!][^\n\r%!][^\n\r]*", line) is not None
