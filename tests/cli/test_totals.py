"""`grader totals`: from gradebooks to a table, a CSV and a page."""

from __future__ import annotations

import csv
import json
from io import StringIO
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from grader.cli import main
from tests.gradebooks import graded, small_gradebook

COURSE = """
[[assignment]]
gradebook = "lab1.db"
weight = 3
[[assignment]]
gradebook = "lab2.db"
name = "Lab 2"
"""


def call(*arguments: str | Path) -> Result:
    result = CliRunner().invoke(main, ["totals", *map(str, arguments)])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ada has 8 and 4 of 10; Bob has 6 and nothing."""
    folder = tmp_path_factory.mktemp("term")
    with small_gradebook(folder / "lab1.db") as first:
        graded(first, "ada", "x = 1\n", 8)
        graded(first, "bob", "x = 2\n", 6)
    with small_gradebook(folder / "lab2.db") as second:
        graded(second, "ada", "x = 1\n", 4)
    (folder / "term.toml").write_text(COURSE)
    return folder


def test_totals_are_written(course: Path, tmp_path: Path) -> None:
    done = call(course / "term.toml", "--output", tmp_path / "out", "--format", "csv")
    ada, bob = sorted(csv.DictReader(StringIO(done.stdout)), key=lambda row: row["student"])
    # the deadline of both gradebooks may be ahead: then what Bob did not hand in is not due yet
    assert (ada["total"], ada["Lab 2: points"]) == ("70.0", "4")
    assert bob["Lab 1: points"] == "6"
    assert done.exit_code == (0 if bob["total"] else 1)
    written = (tmp_path / "out" / "totals.csv").read_text(encoding="utf-8")
    assert written.splitlines() == done.stdout.splitlines()
    assert "Ada Lovelace" in (tmp_path / "out" / "index.html").read_text(encoding="utf-8")


def test_totals_are_shown(course: Path) -> None:
    told = call(course / "term.toml").stdout
    assert "8/10" in told
    assert "70.0" in told
    data = json.loads(call(course / "term.toml", "--format", "json").stdout)
    assert {each["student"] for each in data} == {"ada", "bob"}


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["none.toml"], "none.toml cannot be read"),
        (["none.db"], "There is no gradebook none.db"),
        (["lab1.db", "term.toml"], "one COURSE.toml, or gradebooks, and not both"),
        (["lab1.db", "lab1.db"], "lab1.db is named twice"),
        (["lab1.db", "./lab1.db"], "lab1.db is named twice"),
        (["lab1.db", "lab2.db"], "Two gradebooks are called 'Lab 1'"),
        (["term.toml", "--output", "."], "holds something else"),
        (["term.toml", "--output", "none/out"], "none does not exist"),
        ([], "Missing argument"),
    ],
)
def test_a_wrong_call_is_told(
    course: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], told: str
) -> None:
    monkeypatch.chdir(course)
    result = call(*arguments)
    assert result.exit_code == 2
    assert told in " ".join(result.output.split())
