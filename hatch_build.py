"""What a build makes: the compiled catalogues, and for instructors the solutions: `GRADER_SOLUTIONS=1 pip wheel .`

It runs for editable installs as well, so that a fresh clone speaks Korean.
"""

from __future__ import annotations

import os
from io import BytesIO
from pathlib import Path
from typing import Any

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class GraderHook(BuildHookInterface):  # type: ignore[type-arg]
    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        root = Path(self.root)
        for folder in (root / "grader" / "locale", root / "locale"):
            for path in sorted(folder.glob("*/LC_MESSAGES/*.po")):
                _compile(path)
        if os.environ.get("GRADER_SOLUTIONS") == "1":
            if not (root / "solutions").is_dir():
                raise FileNotFoundError(
                    "There are no solutions here: the sdist leaves them out. Build from a checkout."
                )
            build_data["force_include"]["solutions"] = "grader/built_in/solutions"


def _compile(path: Path) -> None:
    """As `grader translate` does, which cannot be imported where nothing is installed yet."""
    compiled = BytesIO()
    with path.open("rb") as file:
        write_mo(compiled, read_po(file, abort_invalid=True))
    there = path.with_suffix(".mo")
    # several builds of one folder may run side by side, and a folder may be read-only
    if not there.is_file() or there.read_bytes() != compiled.getvalue():
        there.write_bytes(compiled.getvalue())
