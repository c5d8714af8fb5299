"""Is there another command or distribution called `grader`? The name is older than this project."""

from __future__ import annotations

import os
import shutil
import sysconfig
from collections.abc import Iterator, Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

COMMAND = "grader"
_OURS = b"grader.__main__"  # what an installer's script for this command imports
_READ = 1 << 16


def others_on_path(environment: Mapping[str, str] | None = None) -> Iterator[str]:
    """A sentence for each command of this name that is not this installation's, in the order of the `PATH`.

    Args:
        environment: by default this process's.
    """
    path = (os.environ if environment is None else environment).get("PATH", os.defpath)
    mine = Path(sysconfig.get_path("scripts")).resolve()
    seen: set[Path] = set()
    before = True  # whether none of ours came yet: what comes first is what the shell runs
    for folder in filter(None, path.split(os.pathsep)):
        found = shutil.which(COMMAND, path=folder)
        if not found or (place := Path(found).resolve()) in seen:
            continue
        seen.add(place)
        if place.parent == mine:
            before = False
            continue
        whose = (
            "of another installation of this grader" if _is_ours(place) else "of another project"
        )
        first = f", and it is what `{COMMAND}` runs here" if before else ""
        yield f"{found} is {whose}{first}. `python -m grader` is always this one."
        before = False


def _is_ours(script: Path) -> bool:
    try:
        with open(script, "rb") as file:
            return _OURS in file.read(_READ)
    except OSError:
        return False


def other_distribution() -> str | None:
    """A sentence where a distribution `grader` is installed here: its files and this one's lie in the same folder."""
    try:
        number = version(COMMAND)
    except PackageNotFoundError:
        return None
    return (
        f"The distribution `grader` {number} is installed here as well, and is not this project, which is called "
        "torch-grader: `pip uninstall grader`, then `pip install --force-reinstall --no-deps torch-grader`."
    )
