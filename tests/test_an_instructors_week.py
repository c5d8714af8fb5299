"""A class of 300 from Canvas, from the download to the file that goes back: graded, by hand, previewed, exported."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from grader.classroom.gradebook.reader import open_gradebook
from grader.cli import main
from tests.synthetic_course import SOLUTION, make_course

SIZE = 300
MORE = '''

@points(4)
def test_empty(student: Student, draw: Draw) -> None:
    """`double` of nothing is nothing, of the same dtype."""
    x = draw.normal(0)
    expect_close(student.run(apply, x=x), 2 * x, "double of nothing")
'''
# what stands in the place of `return 2 * x`; the points by the check as it was, and by both
ANSWERS = (
    ("return 2 * x", 10, 14),
    ("return x + x", 10, 14),
    ("return 3 * x", 0, 4),
    ("return 2 * x.reshape(3)", 10, 10),
    ("raise NotImplementedError", 0, 0),
)
COLUMN = "Lab 1 (4711)"
EXCUSED, ABSENT = (7, 8, 9), range(290, 300)


def grader(*arguments: str | Path) -> str:
    done = CliRunner().invoke(main, [*map(str, arguments)])
    assert done.exit_code == 0, done.output
    return done.stdout


def login(number: int) -> str:
    return f"student{number}"


def answer(number: int) -> tuple[str, int, int]:
    return ANSWERS[number % len(ANSWERS)]


def hand_in(folder: Path, course: Path) -> None:
    """Canvas' download: one folder of files. Every tenth has a text of its own; the others say the same as many."""
    folder.mkdir()
    stub = (course / "exercises" / "double.py").read_text()
    for number in range(SIZE):
        if number in ABSENT:
            continue
        line, _, _ = answer(number)
        own = f"# {number}\n" if number % 10 == 0 else ""
        text = stub if "raise" in line else SOLUTION.replace("return 2 * x", line)
        (folder / f"lovelace{number}_{70000 + number}_1_double.py").write_text(own + text)


def roster() -> list[list[str]]:
    header = ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", COLUMN, "Final Score"]
    worth = ["    Points Possible", "", "", "", "", "10", "(read only)"]
    rows = [
        [f"Lovelace, Ada {n}", str(70000 + n), str(2026000 + n), login(n), "A", "", ""]
        for n in range(SIZE)
    ]
    return [header, worth, *rows, ["Student, Test", "79999", "", "x1", "A", "", ""]]


def scores(where: Path) -> dict[str, float | None]:
    with open_gradebook(where) as gradebook:
        assert gradebook.check() == []
        return {each.student.login: each.score for each in gradebook.records()}


def expected(column: int, given: dict[int, int]) -> dict[str, float | None]:
    """What each should have by the check as it was (1) or by both (2)."""
    return {
        login(n): None
        if n in EXCUSED or n in ABSENT
        else max(0, (answer(n)[1], answer(n)[2])[column - 1] + given.get(n, 0))
        for n in range(SIZE)
    }


@pytest.mark.drawn
@pytest.mark.timeout(300)
def test_a_class_of_300(tmp_path: Path) -> None:
    course, downloads, book = make_course(tmp_path / "course"), tmp_path / "lab", tmp_path / "g.db"
    hand_in(downloads, course)
    with (tmp_path / "canvas.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(roster())
    with_sheet: list[str | Path] = ["--roster", tmp_path / "canvas.csv", "--title", "Lab 1"]

    def grade(where: Path, *more: str | Path) -> str:
        call = ("grade", downloads, "--gradebook", where, "--course", course)
        return grader(*call, "--jobs", "2", "--seed", "1", "--device", "cpu", *more)

    told = grade(book, *with_sheet)
    assert "290 handed in" in told

    # by hand: three excused, one point for one, two for twenty from a table, one comment
    for number in EXCUSED:
        grader("excuse", book, login(number), "--why", "ill", "--who", "me")
    grader("adjust", book, login(1), "1", "--why", "neat", "--who", "me")
    lines = ["student,points,why", *(f"{login(n)},2,a question in class" for n in range(20, 40))]
    (tmp_path / "points.csv").write_text("\n".join(lines) + "\n")
    for _ in range(2):  # the second time gives nothing
        grader("adjust", book, "--from", tmp_path / "points.csv", "--who", "me")
    grader("comment", book, login(2), "--exercise", "double", "--who", "me", "Three?")
    given = {1: 1, **dict.fromkeys(range(20, 40), 2)}
    assert scores(book) == expected(1, given)

    # a check is added: who changes is shown, and nothing counts until it is accepted
    checks = course / "checks" / "double.py"
    checks.write_text(checks.read_text() + MORE)
    changes = json.loads(grade(book, "--change", "--preview", "--format", "json"))
    assert scores(book) == expected(1, given)
    before, after = expected(1, given), expected(2, given)
    gains = {who for who, old in before.items() if old is not None and (after[who] or 0) > old}
    changed = {
        each["student"]
        for each in changes["students"]
        if each["after"]["score"] != each["before"]["score"]
    }
    assert len(changed) == len(gains) == changes["gain"]
    assert changes["lose"] == 0
    grade(book, "--change", "--accept", "--who", "me")
    assert scores(book) == after

    # the same class, graded anew without any of that memory
    fresh = tmp_path / "fresh.db"
    grade(fresh, *with_sheet)
    plain = scores(fresh)
    by_hand = {login(n): more for n, more in given.items()}
    assert {who: plain[who] for who in plain if after[who] is not None} == {
        who: score - by_hand.get(who, 0) for who, score in after.items() if score is not None
    }

    # Canvas gets its own file back
    told = grader(
        "report", book, "--output", tmp_path / "report", "--only", "csv", "--only", "feedback"
    )
    text = (tmp_path / "report" / "scores" / "canvas.csv").read_text(encoding="utf-8-sig")
    header, worth, *rows = csv.reader(io.StringIO(text))
    at = header.index(COLUMN)
    assert header[:5] == roster()[0][:5]
    assert worth[at] == "10"  # it is Canvas' own, which no import changes
    assert f"Canvas has 10 points possible for {COLUMN}, and this gradebook 14" in " ".join(
        told.split()
    )
    assert [row[:5] for row in rows if row[3] != "x1"] == [row[:5] for row in roster()[2:-1]]
    for number, row in enumerate(row for row in rows if row[3] != "x1"):
        score = after[login(number)]
        shown = "EX" if number in EXCUSED else "" if score is None else f"{score:g}"
        assert row[at] == shown, row
    pages = list((tmp_path / "report" / "feedback").rglob("*.html"))
    assert len(pages) >= SIZE - len(ABSENT) - len(EXCUSED)
    assert sum("Three?" in page.read_text(encoding="utf-8") for page in pages) == 1
