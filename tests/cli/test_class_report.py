"""`grader report` and `grader similar`: how they are called, and what they print."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from grader.classroom.similarity.pairs import Finding, Pair, SharedCode
from grader.cli import main
from grader.cli.class_report import PARTS, _plain, _some
from tests.gradebooks import small_gradebook


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a gradebook of two students, who handed in nothing."""
    monkeypatch.chdir(tmp_path)
    with small_gradebook("class.db"):
        return tmp_path


def call(*arguments: str, status: int = 0) -> str:
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == status, result.output
    return result.output


def test_all_parts(place: Path) -> None:
    told = call("report", "class.db", "--output", "out")
    assert "2 students in out." in told
    assert "Open out/index.html in a browser." in told
    assert {path.name for path in (place / "out").iterdir()} >= {"feedback", "scores", "tables"}
    again = call("report", "class.db", "--output", "out", "--only", "csv")
    assert "index.html" not in again
    assert not (place / "out" / "feedback").exists()


def test_every_part_can_be_asked_for_alone(place: Path) -> None:
    for part in PARTS:
        call("report", "class.db", "--output", part, "--only", part)
        assert (place / part).is_dir()


def test_pseudonyms_have_a_key_that_stays(place: Path) -> None:
    told = call("report", "class.db", "--output", "out", "--only", "csv", "--pseudonyms")
    assert "Names were replaced." in told
    assert (place / "class.db.pseudonyms").is_file()
    assert "Ada" not in "".join(p.read_text() for p in (place / "out/scores").glob("*.csv"))
    call("report", "class.db", "--output", "o2", "--pseudonyms", "--pseudonym-key", "key")
    assert (place / "key").read_text() != (place / "class.db.pseudonyms").read_text()


def test_nobody_is_similar_to_nobody() -> None:
    assert json.loads(call("similar", "class.db", "--format", "json")) == []
    assert "2 students compared; pairs that stand out: 0." in " ".join(
        call("similar", "class.db").split()
    )


def test_a_pair_as_json() -> None:
    pair = Pair((0, 4), 3.126, 0.98765, "They share a lot.", (SharedCode("losses", 2.5, 0.9),))
    finding = Finding(pair, ("Ada", "Bob"), ({}, {}), ({}, {}))
    assert _plain(finding) == {
        "students": ["Ada", "Bob"],
        "evidence": 3.13,
        "why": "They share a lot.",
        "alike": 0.9877,
        "exercises": [{"exercise": "losses", "evidence": 2.5, "alike": 0.9}],
    }


def test_many_exercises_are_cut_short() -> None:
    names = list("abcdefg")
    assert _some(names[:5]) == "a, b, c, d, e"
    assert _some(names) == "a, b, c, d, e and 2 more"
