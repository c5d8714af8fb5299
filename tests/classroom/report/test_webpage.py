"""The page's files: no markup from outside, and data that fit what the page asks for."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from grader.classroom.records import FileText, HandedIn, Record
from grader.classroom.report import webpage
from grader.classroom.report.class_summary import ClassSummary
from grader.classroom.report.webpage import SHARD, WebPage, script_json
from grader.errors import UnsupportedVersion
from tests.reports import Tags
from tests.synthetic import START, made_class, not_graded, with_code, with_statuses


def test_the_page_holds_no_markup_from_outside(folder: Path) -> None:
    text = (folder / "index.html").read_text(encoding="utf-8")
    page = Tags(text)
    assert all(set(attrs) == {"defer", "src"} for tag, attrs in page.tags if tag == "script")
    assert not {"img", "iframe", "object", "form", "base"} & {tag for tag, _ in page.tags}
    assert not [attrs for _, attrs in page.tags if any(name.startswith("on") for name in attrs)]
    for attrs in (attrs for _, attrs in page.tags):
        assert re.match(r"#|assets/|data/|$", attrs.get("href") or attrs.get("src") or "")
    for path in folder.glob("data/*.js"):
        data = path.read_bytes()
        assert data.isascii()
        assert b"<" not in data


def test_script_json_ends_no_script() -> None:
    text = script_json(["</script>", "\u2028\u2029", "]]>", "&", "\ud800"])
    assert json.loads(text) == ["</script>", "\u2028\u2029", "]]>", "&", "\ud800"]
    assert not set("<>&\u2028\u2029") & set(text)


def taken(path: Path) -> Any:
    """The value that a data file hands to the page."""
    call = path.read_text(encoding="ascii")
    name = path.stem
    assert call.startswith(f'report.take("{name}", ')
    return json.loads(call.removeprefix(f'report.take("{name}", ').removesuffix(");\n"))


def page_of(size: int, folder: Path) -> ClassSummary:
    folder.mkdir()
    page, summary = WebPage(folder), ClassSummary("Lab 1")
    for record in made_class(size, exercises=2):
        summary.add(record)
        page.add(record, summary)
    page.close(summary)
    return summary


@pytest.mark.parametrize("size", [1, SHARD, SHARD + 1])
def test_students_are_found_where_the_page_looks_for_them(tmp_path: Path, size: int) -> None:
    summary = page_of(size, tmp_path / "page")
    data = tmp_path / "page" / "data"
    about = taken(data / "class.js")
    assert about["students"] == size
    for number, line in enumerate(summary.lines):
        shard = taken(data / f"students-{number // about['shard']}.js")
        student = shard[number % about["shard"]]
        assert student["name"] == line.name
        assert student["score"][0] == line.score
    assert len(list(data.glob("students-*.js"))) == -(-size // SHARD)
    table, letters = taken(data / "table.js"), taken(data / "letters.js")
    assert [row[4] for row in table] == [line.score for line in summary.lines]
    assert letters == [line.checks for line in summary.lines]
    assert [row[10] for row in table] == [line.exercises for line in summary.lines]
    assert {len(row) for row in table} == {12 + len(summary.exercises)}


def test_the_code_is_in_files_of_its_own(tmp_path: Path) -> None:
    """One for each student who has some, so that nothing of it is loaded before it is looked at."""
    records = [with_code(record) for record in made_class(12, exercises=2)]
    text = page_with(records, tmp_path / "page")
    data = tmp_path / "page" / "data"
    have = [number for number, record in enumerate(records) if record.hand_ins]
    assert sorted(int(path.stem.removeprefix("code-")) for path in data.glob("code-*.js")) == have
    students = taken(data / "students-0.js")
    assert [number for number, student in enumerate(students) if student["code"]] == have
    assert "value_7" in (data / f"code-{have[0]}.js").read_text()
    assert "value_7" not in text
    for path in data.glob("*.js"):
        assert path.name.startswith("code-") or "value_7" not in path.read_text()


def test_a_hostile_file_is_data(tmp_path: Path) -> None:
    text = "</script><script>window.obeyed=1</script>\u2028<!--"
    record = with_statuses("failed")
    files = {"one": FileText("one.py", (("one.py", text),))}
    handed = HandedIn(START, "", True, 0, 2, files)
    page_with([replace(record, hand_ins=(handed,))], tmp_path / "page")
    written = (tmp_path / "page" / "data" / "code-0.js").read_bytes()
    assert written.isascii()
    assert not set(b"<>&") & set(written)
    [[_, _, _, [[_, lines, _]]]] = taken(tmp_path / "page" / "data" / "code-0.js")["files"]
    assert lines == [text]


def test_a_passed_check_is_its_number_alone(tmp_path: Path) -> None:
    page_of(SHARD, tmp_path / "page")
    students = taken(tmp_path / "page" / "data" / "students-0.js")
    entries = [
        entry for student in students for exercise in student["exercises"] for entry in exercise[6]
    ]
    assert {type(entry) for entry in entries} == {int, list}
    assert all(entry[1] != "p" for entry in entries if isinstance(entry, list))


def page_with(records: Sequence[Record], folder: Path) -> str:
    """The text of the overview."""
    folder.mkdir()
    page, summary = WebPage(folder), ClassSummary("Lab 1")
    for record in records:
        summary.add(record)
        page.add(record, summary)
    return " ".join(Tags(page.close(summary).read_text(encoding="utf-8")).text.split())


def test_the_overview_lists_whom_the_grader_failed(tmp_path: Path) -> None:
    records = [with_statuses("passed"), *(not_graded(f"s{n}") for n in range(5))]
    text = page_with(records, tmp_path / "page")
    assert "Not graded, through no fault of theirs 5 students without a score" in text
    assert "s0, s1, s2 and 2 more: The check test_x of one failed: NameError: x" in text
    assert "Could not be read" not in text
    table = taken(tmp_path / "page" / "data" / "table.js")
    assert [(row[4], row[9]) for row in table] == [(2, "graded"), *[(None, "not graded")] * 5]
    student = taken(tmp_path / "page" / "data" / "students-0.js")[1]
    assert student["score"] == [None, 4, None, 0]
    assert student["problem"].endswith("NameError: x")
    assert "Not graded" not in page_with([with_statuses("passed")], tmp_path / "fine")


def test_remarks_are_in_the_overview_and_on_the_students_page(tmp_path: Path) -> None:
    record = with_statuses("passed", who="eve")
    assert record.report
    noted = replace(record.report.exercises[0], remarks=("line 3 reaches for `sys`",))
    marked = replace(record, report=replace(record.report, exercises=(noted,)))
    text = page_with([marked], tmp_path / "page")
    assert "eve: one: line 3 reaches for sys" in text
    [student] = taken(tmp_path / "page" / "data" / "students-0.js")
    assert student["exercises"][0][7] == ["line 3 reaches for `sys`"]
    assert taken(tmp_path / "page" / "data" / "table.js")[0][8] == [
        "source: one: line 3 reaches for `sys`"
    ]
    assert "To look at" not in page_with([record], tmp_path / "fine")


def test_tables_are_a_plain_script(tmp_path: Path) -> None:
    page_of(1, tmp_path / "page")
    script = (tmp_path / "page" / "assets" / "datatables.js").read_text(encoding="utf-8")
    assert script.startswith("(() => {")
    assert re.search(r"window\.DataTable=[\w$]+;", script)
    assert not re.search(r"\bexport\{", script)


def test_another_form_of_the_tables_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webpage, "_bundle", lambda name: "const a = 1;")
    with pytest.raises(UnsupportedVersion, match="in a form that is not known"):
        page_of(1, tmp_path / "page")
