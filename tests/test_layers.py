"""Who may import whom: data flows one way, and only the sandbox touches student code."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import grader

PACKAGE = Path(grader.__file__).parent
CHECK_AUTHOR = {"grader"}  # the names that `grader/__init__.py` offers
ALLOWED: dict[str, set[str]] = {
    "report": set(),
    "catalog": set(),
    "assignment": {"catalog", "report", "text"},
    "protected": {"report", "text"},
    "text": {"language"},
    "language": set(),
    "translation": {"catalog", "language"},
    "outcome": {"language", "report"},
    "ipython": {"text"},
    "submission": {"catalog", "ipython", "language", "text", "translation"},
    "rules": {"catalog", "language", "report", "text"},
    "devices": set(),
    "sandbox": {"devices"},
    "parity": {"sandbox"},
    "compare": {"explain", "language", "outcome", "pictures", "report", "sandbox", "shown"},
    "shown": {"language", "sandbox"},
    "explain": {"outcome"},
    "pictures": {"report"},
    "probes": {"sandbox"},
    "exceptions": {"explain", "language", "outcome"},
    "places": {"language", "submission", "text"},
    "workbench": {
        "exceptions",
        "explain",
        "language",
        "outcome",
        "probes",
        "report",
        "sandbox",
        "submission",
        "text",
    },
    "replay": {"outcome", "probes", "sandbox", "workbench"},
    "student": {"outcome", "probes", "replay"},
    "plugin": set(),
    "cases": {"outcome", "plugin", "replay"},
    "runner": {
        "cases",
        "explain",
        "language",
        "outcome",
        "replay",
        "report",
        "student",
        "workbench",
    },
    "checks": CHECK_AUTHOR | {"explain"},
    "grading": {
        "assignment",
        "catalog",
        "language",
        "outcome",
        "cases",
        "places",
        "report",
        "rules",
        "runner",
        "sandbox",
        "student",
        "submission",
        "translation",
        "workbench",
    },
    "workspace": {"catalog", "language", "report", "submission"},
    "watch": {
        "catalog",
        "grading",
        "language",
        "outcome",
        "outputs",
        "report",
        "sandbox",
        "submission",
        "translation",
        "workspace",
    },
    "outputs": {"language", "report", "text"},
    "authoring": {
        "assignment",
        "catalog",
        "grading",
        "language",
        "protected",
        "report",
        "sandbox",
        "submission",
        "text",
        "translation",
    },
    "classroom": {
        "assignment",
        "catalog",
        "grader",  # its version
        "grading",
        "outputs",
        "protected",
        "report",
        "sandbox",
        "submission",
        "text",
    },
}


def imports_of(path: Path) -> Iterator[str]:
    """The rooms of ours that a file imports."""
    package = ["grader", *path.relative_to(PACKAGE).parts[:-1]]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*base, node.module] if node.module else base)
            names = [f"{module}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        else:
            continue
        for name in names:
            parts = name.split(".")
            if parts[0] == "grader":
                is_room = len(parts) > 1 and (
                    (PACKAGE / parts[1]).is_dir() or (PACKAGE / f"{parts[1]}.py").is_file()
                )
                yield parts[1] if is_room else "grader"


@pytest.mark.parametrize("room", sorted(ALLOWED))
def test_a_room_imports_only_what_it_may(room: str) -> None:
    folder = PACKAGE / room
    paths = sorted(folder.rglob("*.py")) if folder.is_dir() else [PACKAGE / f"{room}.py"]
    assert paths
    for path in paths:
        for other in imports_of(path):
            assert other in ALLOWED[room] | {room}, f"{path.name} imports {other}"


def test_every_room_is_named_here() -> None:
    rooms = {path.stem for path in PACKAGE.iterdir() if path.suffix == ".py" or path.is_dir()}
    assert rooms - {"__pycache__", "course", "locale"} == set(ALLOWED) | {
        "__init__",
        "__main__",
        "cli",
        "magics",
    }


def test_files_stay_readable() -> None:
    for path in PACKAGE.rglob("*.py"):
        lines = len(path.read_text(encoding="utf-8").splitlines())
        most = 500 if path.parent.name == "checks" else 400  # an exercise's checks are one file
        assert lines <= most, f"{path.relative_to(PACKAGE)} has {lines} lines: it wants two rooms"


def test_public_names() -> None:
    assert grader.__all__ == sorted(grader.__all__)
    for name in grader.__all__:
        assert getattr(grader, name).__module__.startswith("grader.")
