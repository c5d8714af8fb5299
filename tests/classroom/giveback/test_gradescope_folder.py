"""Gradescope's results: the score that counts, nothing of hidden checks, and an autograder that finds them."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from zipfile import ZipFile

import pytest

from grader.classroom.giveback.gradescope_folder import results_json, write_gradescope
from grader.classroom.records import Comment, Enrolled
from tests.given_back import ADA, SECRET, graded_record, nothing, unreadable
from tests.synthetic import START


def test_results_have_the_score_that_counts() -> None:
    text = results_json(graded_record(), "Lab 1")
    data = json.loads(text)
    assert data["score"] == 4
    assert data["output"].startswith("Lab 1\n\nAda Lind: 4 of 7 points\n\n- graded: 3 points\n")
    assert [each["status"] for each in data["tests"]] == ["passed", "failed", "failed"]
    assert data["tests"][-1]["visibility"] == "after_published"
    assert SECRET not in text


def test_a_mistake_that_only_a_hidden_check_told_is_told() -> None:
    record = graded_record()
    assert record.report
    [exercise] = record.report.exercises
    first, second, hidden = exercise.checks
    checks = (first, hidden, replace(second, same_as=hidden.name))
    report = replace(record.report, exercises=(replace(exercise, checks=checks),))
    [_first, told, _hidden] = json.loads(results_json(replace(record, report=report), "Lab 1"))[
        "tests"
    ]
    assert "It is halved." in told["output"]


def test_comments_are_told() -> None:
    def comment(number: int, text: str, line: int | None, **more: bool) -> Comment:
        place = "my_linear.py" if line else ""
        return Comment(number, "my_linear", place, line, text, "Prof. Curie", START, **more)

    comments = (
        comment(1, "Nice.", None),
        comment(2, "Why?", 3),
        comment(3, SECRET, None, for_colleagues=True),
    )
    text = results_json(replace(graded_record(), comments=comments), "Lab 1")
    assert "\nmy_linear: Nice.\nmy_linear.py, line 3: Why?" in json.loads(text)["output"]
    assert SECRET not in text
    assert "Curie" not in text


def test_what_could_not_be_read_is_told() -> None:
    data = json.loads(results_json(unreadable(), "Lab 1"))
    assert (data["score"], data["tests"]) == (0, [])
    assert "ada.zip is no zip." in data["output"]


@pytest.fixture
def gradescope(tmp_path: Path) -> Path:
    """The machine on which Gradescope starts an autograder, with ours unpacked."""
    records = [graded_record(), unreadable(Enrolled("zoe")), nothing()]
    (tmp_path / "out").mkdir()
    handover = write_gradescope(records, "Lab 1", tmp_path / "out")
    assert handover.given == 2
    assert dict(handover.left_out) == {"nothing handed in": ["bob"]}
    assert "without a mail address: zoe (1)." in handover.notes[0]
    with ZipFile(tmp_path / "out" / "autograder.zip") as archive:
        archive.extractall(tmp_path / "autograder" / "source")
        assert {info.filename: info.external_attr >> 16 for info in archive.infolist()}[
            "run_autograder"
        ] == 0o755
    return tmp_path / "autograder"


@pytest.mark.parametrize(
    ("mails", "found"),
    [
        (["ada@X.org "], True),
        (["zoe@x.org", "ada@x.org"], True),  # of a group
        (["zoe@x.org"], False),
        (["../../x"], False),
        ([], False),
    ],
)
def test_the_autograder_gives_whoever_it_is_their_own(
    gradescope: Path, mails: list[str], found: bool
) -> None:
    users = [{"email": mail, "id": 1, "name": "x"} for mail in mails]
    (gradescope / "submission_metadata.json").write_text(json.dumps({"users": users}))
    script = (gradescope / "source" / "run_autograder").read_text()
    script = script.replace('"/autograder"', repr(str(gradescope)))
    subprocess.run([sys.executable, "-I", "-c", script], check=True)
    given = json.loads((gradescope / "results" / "results.json").read_text())
    assert given.get("score") == (4 if found else None)
    assert ("There is no result of yours here" in given["output"]) is not found


def test_each_student_has_a_file(gradescope: Path) -> None:
    written = gradescope.parent / "out" / "results"
    assert sorted(path.name for path in written.iterdir()) == ["ada", "zoe"]
    assert (written / "ada" / "results.json").read_text() == results_json(
        graded_record(ADA), "Lab 1"
    )
