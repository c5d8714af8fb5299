"""Nobody's name is left in a report under pseudonyms, and other words are left alone."""

from __future__ import annotations

import stat
from dataclasses import replace
from pathlib import Path

import pytest

from grader.classroom.records import Enrolled
from grader.classroom.report.pseudonyms import Pseudonyms, read_key
from grader.classroom.report.report_folder import write_report
from grader.errors import ReportError
from tests.reports import rows
from tests.synthetic import made_class

KEY = b"k" * 32


def ways_to_name(student: Enrolled) -> list[str]:
    """Ways in which a student may be named."""
    first, _, last = student.name.partition(" ")
    return [
        student.id,
        student.login,
        student.email,
        student.name,
        f"/home/{student.login}/hw",
        f"{first.upper()}_{last}.py",
        f"{first}{last}",
        f"{last}, {first}",
    ]


def test_pseudonyms_hide_everybody_everywhere(tmp_path: Path) -> None:
    records = list(made_class(40, exercises=2))
    talking = []
    for at, record in enumerate(records):
        other = records[(at + 7) % 40].student
        text = " ".join(
            [*ways_to_name(record.student), f"copied from {other.name} ({other.login})"]
        )
        talking.append(
            replace(
                record,
                problem=text,
                notes=(text,),
                adjustments=tuple(replace(each, why=text) for each in record.adjustments),
                report=replace(
                    record.report,
                    exercises=tuple(
                        replace(
                            each,
                            message=text,
                            checks=tuple(replace(c, message=text, cause=text) for c in each.checks),
                        )
                        for each in record.report.exercises
                    ),
                )
                if record.report
                else None,
            )
        )
    hidden = Pseudonyms(KEY, [record.student for record in talking])
    write_report(talking, tmp_path / "out", title="class", present=hidden.record)
    secrets = {
        text.casefold()
        for record in talking
        for text in (*ways_to_name(record.student), record.commit, record.digest)
        if text
    } | {"curie"}
    for path in (tmp_path / "out").rglob("*"):
        if path.suffix == ".parquet":
            import pyarrow.parquet

            content = str(pyarrow.parquet.read_table(path).to_pylist())
        elif path.is_file() and path.parent.name != "assets":
            content = path.read_text(encoding="utf-8")
        else:
            content = ""
        for secret in secrets:
            assert secret not in path.name.casefold()
            assert secret not in content.casefold(), (path, secret)
    scores = [row[-1] for row in rows(tmp_path / "out" / "scores" / "moodle.csv")[1:]]
    assert scores == ["" if record.score is None else str(record.score) for record in talking]


def test_pseudonyms_are_stable_and_keyed() -> None:
    students = [record.student for record in made_class(500)]
    first, again = Pseudonyms(KEY, students), Pseudonyms(KEY, students[:1])
    other = Pseudonyms(b"l" * 32, students)
    names = [first.of(student) for student in students]
    assert names[0] == again.of(students[0])
    assert len(set(names)) == 500
    assert not set(names) & {other.of(student) for student in students}


def test_pseudonyms_leave_other_words_alone() -> None:
    students = [
        Enrolled("17", "Li Wu", "li.wu@example.edu", login="li"),
        Enrolled("5", "Mean Loss", "ml@example.edu", login="mloss"),
        Enrolled("20260001", "김민준", "minjun@example.edu", login="minjun-kim"),
    ]
    hidden = Pseudonyms(KEY, students)
    text = "The mean of 17 losses is 5 times too large, like the limit."
    assert hidden.text(text, students[2]) == text
    # of others, no identity of three letters goes: it is a word too often
    assert Pseudonyms(KEY, [Enrolled("99", login="max")]).text("take the max", students[2]) == (
        "take the max"
    )
    own = [hidden.of(student) for student in students]
    assert hidden.text("li_hw1.py by Wu, as in /home/li/x", students[0]) == (
        f"{own[0]}_hw1.py by {own[0]}, as in /home/{own[0]}/x"
    )
    assert hidden.text("김민준의 코드", students[0]) == f"{own[2]}의 코드"
    assert hidden.text("see minjun-kim/hw and MINJUN@example.edu", students[1]) == (
        f"see {own[2]}/hw and {own[2]}"
    )


def test_the_key_is_made_once_and_for_its_owner(tmp_path: Path) -> None:
    path = tmp_path / "key"
    key = read_key(path)
    assert len(key) == 32
    assert read_key(path) == key
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path.write_text("no key")
    with pytest.raises(ReportError, match="no key for pseudonyms"):
        read_key(path)
