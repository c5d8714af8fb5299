"""What a build makes: the compiled catalogues, and for instructors the solutions: `GRADER_SOLUTIONS=1 pip wheel .`

It runs for editable installs as well, so that a fresh clone speaks Korean.
"""

from __future__ import annotations

import os
from io import BytesIO
from pathlib import Path
from tempfile import NamedTemporaryFile, mkdtemp
from typing import Any

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class GraderHook(BuildHookInterface):  # type: ignore[type-arg]
    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        root = Path(self.root)
        for folder, packed in (("grader/locale",) * 2, ("locale", "grader/built_in/locale")):
            for path in sorted((root / folder).glob("*/LC_MESSAGES/*.po")):
                if beside := _compile(path):
                    place = path.relative_to(root / folder).with_suffix(".mo")
                    build_data["force_include"][str(beside)] = f"{packed}/{place.as_posix()}"
        if os.environ.get("GRADER_SOLUTIONS") == "1":
            if not (root / "solutions").is_dir():
                raise FileNotFoundError(
                    "There are no solutions here: the sdist leaves them out. Build from a checkout."
                )
            build_data["force_include"]["solutions"] = "grader/built_in/solutions"


def _compile(path: Path) -> Path | None:
    """As `grader translate` does, which cannot be imported where nothing is installed yet.

    Returns:
        Where the catalogue lies, if that is not beside its text.
    """
    compiled = BytesIO()
    with path.open("rb") as file:
        write_mo(compiled, read_po(file, abort_invalid=True))
    there = path.with_suffix(".mo")
    if there.is_file() and there.read_bytes() == compiled.getvalue():
        return None
    try:
        # whole or not at all: several builds of one folder may run side by side
        with NamedTemporaryFile(dir=there.parent, prefix=".", delete=False) as part:
            part.write(compiled.getvalue())
    except OSError:
        # a folder that is read-only: the wheel has it from elsewhere, and there is none for an editable install
        elsewhere = Path(mkdtemp(prefix="grader-")) / there.name
        elsewhere.write_bytes(compiled.getvalue())
        return elsewhere
    Path(part.name).chmod(0o644)
    Path(part.name).replace(there)
    return None
