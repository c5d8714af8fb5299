"""Reads a small TOML file of a course's: one reader, and the same sentence for the same fault."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from ..errors import InputError
from ..text import clean

_MAX_BYTES = 1 << 20


def read_toml(path: Path, kind: type[InputError], advice: str = "") -> dict[str, Any]:
    """The tables of a file.

    Args:
        kind: what is raised.
        advice: a sentence on what to do where it cannot be opened.

    Raises:
        InputError: of `kind`, if it cannot be opened, is large, or is no TOML.
    """
    shown = clean(str(path))
    try:
        return load_toml(path)
    except OSError as error:
        told = f"{shown} cannot be read: {error.strerror}. {advice}".rstrip()
        raise kind(told) from error
    except ValueError as error:
        raise kind(f"{shown} is {error}.") from error


def load_toml(path: Path) -> dict[str, Any]:
    """The same, for who has a sentence of their own. A byte-order mark, as some editors write it, is passed over.

    Raises:
        OSError: if it cannot be opened.
        ValueError: if it is large or no TOML; it says which, and not the file's name.
    """
    with path.open("rb") as file:
        data = file.read(_MAX_BYTES + 1)
    if len(data) > _MAX_BYTES:
        raise ValueError("larger than 1 MiB, where a file of settings is small")
    try:
        return tomllib.loads(data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise ValueError(f"not TOML: line {line} is not UTF-8 text. Save it as UTF-8") from error
    except (ValueError, RecursionError) as error:
        raise ValueError(f"not TOML: {clean(str(error), 200)}") from error
