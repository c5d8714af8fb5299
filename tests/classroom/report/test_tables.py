"""Everything as data: nothing is lost on the way, with pyarrow and without it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from grader.classroom.records import Enrolled, Record
from grader.classroom.report import tables
from grader.classroom.report.exports import write_csv
from grader.classroom.report.report_folder import write_report
from grader.classroom.report.tables import BATCH, DataFolder, TableFile, record_json
from grader.classroom.sanitize import shown
from grader.report import Report
from tests.reports import rows
from tests.synthetic import hostile_class, made_class, not_graded, summed


def test_records_come_back_from_the_data(folder: Path) -> None:
    lines = (folder / "tables" / "records.jsonl").read_text(encoding="utf-8").splitlines()
    for line, record in zip(lines, [*made_class(60), *hostile_class()], strict=True):
        data = json.loads(line)
        expected = shown(record)
        assert data["score"] == record.score
        assert data["student"]["id"] == expected.student.id
        assert data["report"] == (
            json.loads(json.dumps(expected.report.to_dict())) if expected.report else None
        )
        assert (Report.from_dict(data["report"]) if data["report"] else None) == expected.report


def test_tables_are_the_same_as_parquet_and_as_csv(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import pyarrow.parquet

    monkeypatch.setattr(tables, "pyarrow", lambda: None)
    records = [*made_class(60), *hostile_class()]
    write_report(records, tmp_path / "csv", parts=["data"])
    names = sorted(path.stem for path in (folder / "tables").glob("*.parquet"))
    assert names == ["checks", "exercises", "mistakes", "students"]
    for name in names:
        table = pyarrow.parquet.read_table(folder / "tables" / f"{name}.parquet")
        text = rows(tmp_path / "csv" / "tables" / f"{name}.csv")
        assert text[0] == table.column_names
        write_csv(tmp_path / "expected.csv", [list(row.values()) for row in table.to_pylist()])
        assert text[1:] == rows(tmp_path / "expected.csv")
    students = pyarrow.parquet.read_table(folder / "tables" / "students.parquet")
    assert students.column("score").to_pylist() == [record.score for record in records]


@pytest.mark.parametrize("count", [0, 1, BATCH, BATCH + 1])
@pytest.mark.parametrize("parquet", [True, False])
def test_every_row_is_written_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, count: int, parquet: bool
) -> None:
    import pyarrow.parquet

    if not parquet:
        monkeypatch.setattr(tables, "pyarrow", lambda: None)
    with TableFile(tmp_path, "numbers", {"number": "int64", "text": "string"}) as table:
        for number in range(count):
            table.add(number, f"{number} é")
    if parquet:
        found = pyarrow.parquet.read_table(table.path).to_pydict()
        assert found == {
            "number": list(range(count)),
            "text": [f"{number} é" for number in range(count)],
        }
    else:
        header, *body = rows(table.path)
        assert header == ["number", "text"]
        assert body == [[str(number), f"{number} é"] for number in range(count)]


def test_a_mistake_has_a_row_for_everyone_who_made_it(tmp_path: Path) -> None:
    import pyarrow.parquet

    records: list[Record] = list(made_class(40))
    summary = summed(records)
    with DataFolder(tmp_path) as data:
        for record in records:
            data.add(record)
        data.close(summary)
    found = pyarrow.parquet.read_table(tmp_path / "mistakes.parquet").to_pylist()
    assert len(found) == sum(len(mistake.students) for mistake in summary.mistakes)
    first = summary.mistakes[0]
    assert [row["student"] for row in found[: len(first.students)]] == [
        records[number].student.id for number in first.students
    ]
    assert {row["mistake"] for row in found[: len(first.students)]} == {first.text}


def test_a_record_says_when_in_utc_and_what_counts() -> None:
    record = next(record for record in made_class(40) if record.adjustments and record.report)
    data = json.loads(record_json(record))
    assert data["score"] == record.score
    assert data["submitted"].endswith("Z")
    assert data["adjustments"][0]["when"] == "2026-11-01T12:00:00Z"
    assert data["report"]["score"] == record.report.score  # type: ignore[union-attr]


@pytest.mark.parametrize("parquet", [True, False])
def test_what_is_not_graded_has_no_number(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, parquet: bool
) -> None:
    import pyarrow.parquet

    if not parquet:
        monkeypatch.setattr(tables, "pyarrow", lambda: None)
    with DataFolder(tmp_path) as data:
        data.add(not_graded("eve"))
        data.add(Record(Enrolled("bob"), None, 4))
    if parquet:
        eve, bob = pyarrow.parquet.read_table(tmp_path / "students.parquet").to_pylist()
        nothing: object = None
    else:
        head, *lines = rows(tmp_path / "students.csv")
        eve, bob = (dict(zip(head, line, strict=True)) for line in lines)
        nothing = ""
    assert (eve["state"], eve["graded"], eve["score"]) == ("not graded", nothing, nothing)
    assert (bob["state"], bob["graded"], bob["score"]) == ("nothing handed in", nothing, nothing)
    lines_of_json = (tmp_path / "records.jsonl").read_text(encoding="utf-8").splitlines()
    scores = [(one["state"], one["score"]) for one in map(json.loads, lines_of_json)]
    assert scores == [("not graded", None), ("nothing handed in", None)]
