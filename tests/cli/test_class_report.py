"""`grader report` and `grader similar`: how they are called, and what they print."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from grader.classroom.gradebook.enrolment import enrol
from grader.classroom.gradebook.reader import open_gradebook
from grader.classroom.handin.roster import read_roster
from grader.classroom.similarity.pairs import Finding, Pair, SharedCode
from grader.cli import main
from grader.cli.class_report import PARTS, _plain, _some
from tests.gradebooks import graded, small_gradebook


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


# ── the roster is Canvas' own ───────────────────────────────────────────────────────────────────


@pytest.fixture
def canvas(place: Path) -> None:
    (place / "canvas.csv").write_text(
        "Student,ID,SIS User ID,SIS Login ID,Section,Lab 1 (4711),Lab 2 (4712)\n"
        "    Points Possible,,,,,20,5\n"
        '"Lovelace, Ada",70000,S1,ada-l,A,,4\n'
    )
    with open_gradebook("class.db") as book:
        graded(book, "ada", "one", 5)
        enrol(book, read_roster(place / "canvas.csv"), [])


def test_canvas_own_gradebook_is_given_back(place: Path, canvas: None) -> None:
    told = call("report", "class.db", "--output", "out", "--only", "csv")
    assert "Canvas has 20 points possible for Lab 1 (4711), and this gradebook 10" in told
    assert (place / "out/scores/canvas.csv").read_text().splitlines()[1:] == [
        "    Points Possible,,,,,20",
        '"Lovelace, Ada",70000,S1,ada-l,A,5',
    ]
    call("report", "class.db", "--output", "out", "--canvas-column", "Lab 2")
    assert "Lab 2 (4712)" in (place / "out/scores/canvas.csv").read_text()
    refused = call("report", "class.db", "--output", "o2", "--canvas-column", "Lab 3", status=2)
    assert "The columns of assignments are: Lab 1 (4711), Lab 2 (4712)." in refused
    assert not (place / "o2").exists()


def test_pseudonyms_are_not_given_away_by_the_roster(place: Path, canvas: None) -> None:
    call("report", "class.db", "--output", "out", "--pseudonyms")
    text = "".join(
        path.read_text()
        for path in (place / "out").rglob("*")
        if path.suffix in (".csv", ".jsonl", ".md", ".html")
    )
    for secret in ("Lovelace", "70000", "S1,", '"S1"', "ada-l"):
        assert secret not in text
    refused = call(
        *("report", "class.db", "--output", "o2", "--pseudonyms", "--canvas-column", "Lab 1"),
        status=2,
    )
    assert "--canvas-column is for a gradebook whose roster is Canvas' own" in refused
