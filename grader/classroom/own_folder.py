"""A folder that a command writes whole: made beside its place, and moved there when it is done.

What somebody else put into a folder is never overwritten.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..errors import OutputError

MARK = "README.txt"


@contextmanager
def own_folder(folder: Path, about: str, *, replace: bool = True) -> Iterator[Path]:
    """Yields a new folder to write into, which takes the place of `folder` when all went well.

    Args:
        about: the text of its `README.txt`; the first line tells whose folder it is, and begins the same every time.
        replace: whether one that this command made before may be replaced.

    Raises:
        OutputError: if `folder` holds something else, or what may not be replaced, or there is no place for it.
        OSError: if it cannot be written.
    """
    whose = about.split("\n", 1)[0]
    refuse_others(folder, whose, replace)
    parent = folder.absolute().parent
    if not parent.is_dir():
        raise OutputError(f"{parent} does not exist. Make it first, or name another folder.")
    # only its owner may look into it: these are grades
    made = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=parent))
    try:
        yield made
        (made / MARK).write_text(about, encoding="utf-8")
        refuse_others(folder, whose, replace)
        if folder.exists():
            old = Path(tempfile.mkdtemp(prefix=f".{folder.name}-old-", dir=parent))
            os.replace(folder, old)
            os.replace(made, folder)
            shutil.rmtree(old)
        else:
            os.replace(made, folder)
    except BaseException:
        shutil.rmtree(made, ignore_errors=True)
        raise


def refuse_others(folder: Path, whose: str, replace: bool = True) -> None:
    """Lets a folder pass that is not there, is empty, or begins its `README.txt` with `whose`.

    Raises:
        OutputError: if it holds something else, or may not be replaced.
    """
    if not folder.exists() and not folder.is_symlink():
        return
    if folder.is_dir() and not folder.is_symlink():
        if not any(folder.iterdir()):
            return
        if _first_line(folder / MARK).startswith(whose):
            if replace:
                return
            raise OutputError(
                f"{folder} was written before. Give --replace to write it anew, or name another folder."
            )
    raise OutputError(
        f"{folder} holds something else than this command writes. Name a new folder, or empty this one."
    )


def _first_line(mark: Path) -> str:
    if not mark.is_file():
        return ""
    with mark.open("rb") as file:
        return file.read(1000).decode("utf-8", "replace").split("\n", 1)[0]
