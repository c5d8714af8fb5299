"""A report replaces a report, whole or not at all, and nothing else."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from grader.classroom.own_folder import refuse_others
from grader.classroom.records import Enrolled, Record
from grader.classroom.report.report_folder import PARTS, WHOSE, write_report
from grader.errors import OutputError
from tests.reports import rows
from tests.synthetic import made_class


def test_a_report_replaces_a_report_and_nothing_else(tmp_path: Path) -> None:
    target = tmp_path / "out"
    write_report(made_class(3), target, parts=["csv", "feedback"])
    assert (target / "feedback" / "20260002.md").is_file()
    write_report(made_class(2), target, parts=["csv", "feedback"])
    assert not (target / "feedback" / "20260002.md").exists()
    assert stat.S_IMODE(target.stat().st_mode) == 0o700
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter.tex").write_text("precious")
    with pytest.raises(OutputError, match="something else"):
        write_report(made_class(2), tmp_path / "thesis")
    assert [path.name for path in (tmp_path / "thesis").iterdir()] == ["chapter.tex"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out", "thesis"]


def test_a_report_that_fails_leaves_the_old_one(tmp_path: Path) -> None:
    def broken() -> Iterator[Record]:
        yield from made_class(2)
        raise OSError("the database is gone")

    target = tmp_path / "out"
    write_report(made_class(3), target, parts=["csv"])
    before = rows(target / "scores" / "moodle.csv")
    with pytest.raises(OSError, match="gone"):
        write_report(broken(), target, parts=["csv", "data"])
    assert rows(target / "scores" / "moodle.csv") == before
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_an_empty_class(tmp_path: Path) -> None:
    write_report([], tmp_path / "none")
    write_report([Record(Enrolled("a"), None, 10)], tmp_path / "absent")
    for name in ("none", "absent"):
        assert "There is nothing to show yet." in (tmp_path / name / "index.html").read_text(
            "utf-8"
        )


@pytest.mark.parametrize(
    ("part", "entries"),
    [
        ("page", {"assets", "data", "index.html"}),
        ("csv", {"scores"}),
        ("feedback", {"feedback"}),
        ("data", {"tables"}),
    ],
)
def test_only_the_parts_that_are_wanted(tmp_path: Path, part: str, entries: set[str]) -> None:
    assert part in PARTS
    summary = write_report(made_class(3), tmp_path / "out", parts=[part])
    assert {path.name for path in (tmp_path / "out").iterdir()} == entries | {"README.txt"}
    assert len(summary.lines) == 3


def test_records_are_presented_before_they_are_written(tmp_path: Path) -> None:
    def present(record: Record) -> Record:
        return replace(record, student=Enrolled("x" + record.student.id))

    write_report(made_class(2), tmp_path / "out", parts=["csv"], present=present)
    ids = [row[0] for row in rows(tmp_path / "out" / "scores" / "moodle.csv")[1:]]
    assert ids == ["x" + record.student.id for record in made_class(2)]


def test_a_link_to_a_report_is_left_alone(tmp_path: Path) -> None:
    write_report(made_class(1), tmp_path / "out", parts=["csv"])
    refuse_others(tmp_path / "out", WHOSE)
    (tmp_path / "link").symlink_to(tmp_path / "out")
    (tmp_path / "file").write_text("x")
    for name in ("link", "file"):
        with pytest.raises(OutputError, match="something else"):
            refuse_others(tmp_path / name, WHOSE)
