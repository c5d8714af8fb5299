"""Every submission in `tests/submissions/` gets what it deserves: right ones all points, wrong ones fewer.

A wrong one says on its first line what is wrong, and on its second which checks take points for it.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from grader.catalog import load_course

from .conftest import Grade

FOLDER = Path(__file__).parent / "submissions"
RIGHT = sorted(FOLDER.glob("*/right/*.py"))
WRONG = sorted(FOLDER.glob("*/wrong/*.py"))


def label(path: Path) -> str:
    return "/".join([path.parts[-3], path.stem])


@pytest.mark.parametrize("path", RIGHT, ids=label)
def test_right(graded: Grade, path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.startswith("# right: ")
    result = graded(path.parts[-3], text)
    assert [(c.name, c.message) for c in result.checks if not c.score] == []
    assert result.status == "passed"


@pytest.mark.parametrize("path", WRONG, ids=label)
def test_wrong(graded: Grade, path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    first, second = text.splitlines()[:2]
    assert first.startswith("# wrong: ")
    assert second.startswith("# fails: ")
    result = graded(path.parts[-3], text)
    checks = {check.name: check for check in result.checks}
    for name in second.removeprefix("# fails: ").split(", "):
        assert checks[name].score < checks[name].points
        assert checks[name].status not in ("not_reached", "error")
    if second == "# fails: other_devices":
        assert result.score == 9  # a mistake with devices costs its point and no other


@pytest.mark.parametrize("name", load_course().names)
def test_there_are_enough(name: str) -> None:
    assert len([path for path in RIGHT if path.parts[-3] == name]) >= 6
    assert len([path for path in WRONG if path.parts[-3] == name]) >= 12
