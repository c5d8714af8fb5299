"""Points from a table: all of it or nothing, every wrong line named, and each line once."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from grader.classroom.gradebook.bulk_points import adjust_from
from grader.classroom.gradebook.reader import Gradebook
from grader.classroom.gradebook.settings import GradebookSettings, write_settings
from grader.errors import GradebookError

GOOD = "student,points,why,exercise\nada,2,quiz,\nBOB,-1,late,my_linear\n"


def points(gradebook: Gradebook) -> dict[str, list[tuple[float, str, str]]]:
    return {
        record.student.id: [(each.points, each.why, each.exercise) for each in record.adjustments]
        for record in gradebook.records()
    }


def test_a_file_counts_once(gradebook: Gradebook, tmp_path: Path) -> None:
    file = tmp_path / "quiz.csv"
    file.write_text(GOOD)
    first = adjust_from(gradebook, file, who="me")
    assert ([line.student for line in first.made], first.before) == (["ada", "bob"], [])
    again = adjust_from(gradebook, file, who="you")
    assert ([*again.made], [line.number for line in again.before]) == ([], [2, 3])
    expected = {"bob": [(-1, "late", "my_linear")], "ada": [(2, "quiz", "")]}
    assert points(gradebook) == expected
    # lines were added, in another order
    file.write_text("why;points;student\nseminar;1;ada-l\nquiz;2;ada\n")
    more = adjust_from(gradebook, file, who="me")
    assert [(line.number, line.why) for line in more.made] == [(2, "seminar")]
    assert points(gradebook)["ada"] == [(2, "quiz", ""), (1, "seminar", "")]
    told = [event.text for event in gradebook.history("ada")]
    assert told[0] == "+2 by me (from quiz.csv): quiz"


def test_points_that_were_mended_in_the_file_are_no_second_gift(
    sqlite_gradebook: Gradebook, tmp_path: Path
) -> None:
    file = tmp_path / "quiz.csv"
    file.write_text(GOOD)
    adjust_from(sqlite_gradebook, file, who="me")
    before = points(sqlite_gradebook)
    file.write_text(GOOD.replace("ada,2", "ada,3"))
    with pytest.raises(GradebookError, match=r"line 2: ada was given 2 .* and not 3; give the"):
        adjust_from(sqlite_gradebook, file, who="me")
    assert points(sqlite_gradebook) == before


def test_what_was_given_one_by_one_is_another_thing(
    sqlite_gradebook: Gradebook, tmp_path: Path
) -> None:
    sqlite_gradebook.adjust("ada", 2, why="quiz", who="me")
    file = tmp_path / "quiz.csv"
    file.write_text(GOOD)
    assert len(adjust_from(sqlite_gradebook, file, who="me").made) == 2


def test_every_wrong_line_is_named_and_nothing_is_given(
    sqlite_gradebook: Gradebook, tmp_path: Path
) -> None:
    file = tmp_path / "p.csv"
    file.write_text(
        "student,points,why,exercise\n"
        "ada,1,good,\n"
        "eve,1,who?,\n"
        "ada,one,no number,\n"
        "ada,0,nothing,\n"
        "ada,1,,\n"
        "\n"
        "ada,1,where?,losses\n"
        "ada,0.5,half,\n"
        "ada,5,good,\n"
        "ada,1,a, comma,\n"
        "ada\n"
    )
    with pytest.raises(GradebookError) as error:
        adjust_from(sqlite_gradebook, file, who="me")
    told = str(error.value)
    assert told.startswith(f"{file} was not applied, and nothing is changed.")
    assert "\n" not in told
    for part in (
        "line 3: In this gradebook no student is called 'eve'",
        "line 4: 'one' is no number of points",
        "line 5: An adjustment of 0 points",
        "line 6: An adjustment needs a reason",
        "line 8: There is no exercise 'losses'",
        "line 9: This gradebook takes whole points only",
        "line 10: It gives ada points for the reason of line 2",
        "line 11: It has more cells than the header",
        "line 12: '' is no number",
    ):
        assert part in told
    assert "line 2:" not in told
    assert points(sqlite_gradebook) == {"ada": [], "bob": []}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp949"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_as_spreadsheets_write_it(
    sqlite_gradebook: Gradebook, tmp_path: Path, encoding: str, delimiter: str
) -> None:
    write_settings(sqlite_gradebook, GradebookSettings(half_points=True))
    file = tmp_path / "점수.csv"
    rows = [["학번", "점수", "이유"], ["ada", '"0,5"', "발표"], ["bob", "−1", '"a\n""b"""']]
    text = "\r\n".join(delimiter.join(row) for row in rows)
    minus = "-" if encoding == "cp949" else "−"  # which that encoding does not have
    file.write_bytes(text.replace("−", minus).encode(encoding))
    adjust_from(sqlite_gradebook, file, who="me")
    assert points(sqlite_gradebook) == {"ada": [(0.5, "발표", "")], "bob": [(-1, 'a\n"b"', "")]}


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"", "lacks the column 'student'"),
        (b"student,points\nada,1\n", "lacks the column 'why'"),
        (b"student,points,why\n", "has no line below its header"),
        (b"\x00\x01\xff", "is no text"),
        (b'student,points,why\nada,1,"x', "line 2: unexpected end of data"),
    ],
)
def test_a_file_that_is_none(
    sqlite_gradebook: Gradebook, tmp_path: Path, data: bytes, told: str
) -> None:
    file = tmp_path / "p.csv"
    file.write_bytes(data)
    with pytest.raises(GradebookError, match=told) as error:
        adjust_from(sqlite_gradebook, file, who="me")
    assert "p.csv" in str(error.value)


def test_no_file(sqlite_gradebook: Gradebook, tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "none.csv"):
        with pytest.raises(GradebookError, match="cannot be read"):
            adjust_from(sqlite_gradebook, path, who="me")


@pytest.mark.parametrize("seed", range(3))
def test_files_in_any_order_and_any_often_give_each_line_once(
    sqlite_gradebook: Gradebook, tmp_path: Path, seed: int
) -> None:
    random = Random(seed)
    lines = [f"{who},{at + 1},reason {at}" for at in range(6) for who in ("ada", "bob")]
    for turn in range(5):
        file = tmp_path / f"{turn}.csv"
        some = lines if turn == 4 else random.sample(lines, random.randint(1, len(lines)))
        file.write_text("\n".join(["student,points,why", *some]))
        adjust_from(sqlite_gradebook, file, who="me")
    assert {record.by_hand for record in sqlite_gradebook.records()} == {21}
