"""What is given by hand reaches every export, every table and the student, with half points that are exact."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from grader.classroom.gradebook.bulk_points import adjust_from
from grader.classroom.gradebook.comments import Spot, add_comment
from grader.classroom.gradebook.rubric import RubricChange, add_item, change_item, give_item
from grader.classroom.gradebook.settings import GradebookSettings, write_settings
from grader.classroom.report.report_folder import write_report
from tests.gradebooks import graded, small_gradebook
from tests.reports import rows


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report of a class in which Ada has 6 of 10 by checks and 7.5 in the end, and Bob 4 and 4."""
    where = tmp_path_factory.mktemp("by_hand")
    with small_gradebook(where / "grades.db") as book:
        write_settings(book, GradebookSettings(half_points=True))
        graded(book, "ada", "x = 1\n", 6)
        graded(book, "bob", "y = 1\n", 4)
        (where / "quiz.csv").write_text("student;points;why\nada;1,5;the quiz\nbob;0.5;the quiz\n")
        adjust_from(book, where / "quiz.csv", who="Prof. Curie")
        item = add_item(book, "no docstring", -1, who="Prof. Curie", exercise="my_linear")
        for student in ("ada", "bob"):
            give_item(book, student, item.number, who="Prof. Curie")
        change_item(
            book, item.number, RubricChange(text="no docstrings", points=-0.5), who="Prof. Curie"
        )
        book.adjust("ada", 0.5, why="kind", who="Prof. Curie")
        add_comment(book, "ada", "Why x?", who="Prof. Curie", spot=Spot("my_linear", 1))
        add_comment(book, "ada", "Is it copied?", who="Prof. Curie", for_colleagues=True)
        write_report(book.records(), where / "report", title=book.title)
    return where / "report"


def test_every_export_has_the_score(folder: Path) -> None:
    for path in (folder / "scores").glob("*.csv"):
        cells = [cell for row in rows(path) for cell in row]
        assert "7.5" in cells, path
        assert "4" in cells, path
        assert "4.0" not in cells, path


def test_data_adds_up(folder: Path) -> None:
    lines = (folder / "tables" / "records.jsonl").read_text(encoding="utf-8").splitlines()
    ada = next(each for each in map(json.loads, lines) if each["student"]["id"] == "ada")
    by_hand = [each["points"] for each in ada["adjustments"]]
    assert by_hand == [1.5, 0.5, -0.5]
    assert ada["score"] == 6 + sum(by_hand)
    assert [each["text"] for each in ada["comments"]] == ["Why x?"]
    pyarrow = pytest.importorskip("pyarrow.parquet")
    table = pyarrow.read_table(folder / "tables" / "students.parquet").to_pylist()
    found = {row["student"]: (row["graded"], row["adjusted"], row["score"]) for row in table}
    assert found == {"ada": (6, 1.5, 7.5), "bob": (4, 0, 4)}


@pytest.mark.parametrize("ending", [".md", ".html"])
def test_the_student_reads_every_reason_and_no_question(folder: Path, ending: str) -> None:
    [path] = (folder / "feedback").glob(f"ada*{ending}")
    text = path.read_text(encoding="utf-8")
    for told in (
        "Why x?",
        "7.5 of 10",
        "+1.5 points",
        "the quiz",
        "+0.5 points",
        "-0.5 points",
        "docstrings",
    ):
        assert told in text, told
    for secret in ("Is it copied?", "Curie"):
        assert secret not in text
