"""A step of GitHub Actions: summary, annotations, points and log, of our markup and our commands alone."""

from __future__ import annotations

import dataclasses
import re

import pytest
from markdown_it import MarkdownIt

from grader.outputs import github
from grader.report import Report
from tests.hostile import (
    ATTACKS,
    COMMAND,
    FAULTY,
    KOREAN,
    OLD_COMMAND,
    REPORTS,
    hostile_report,
    lines_of,
    of_every_status,
    plain_report,
    report_of,
    shows_nothing_hidden,
    with_fault,
    with_violation,
)

REPORT = with_violation(hostile_report(), ATTACKS[0])


@pytest.mark.parametrize("report", [*REPORTS, *FAULTY])
def test_the_log_holds_no_command(report: Report) -> None:
    text = github.log(report)
    assert not any(COMMAND.match(line) for line in lines_of(text))
    assert OLD_COMMAND not in text
    assert shows_nothing_hidden(text)


def test_annotations_are_ten_commands_and_no_more() -> None:
    text = github.remarks(REPORT, {each.name: "a.py" for each in REPORT.exercises})
    lines = lines_of(text)[:-1]
    assert len(lines) == github.MAX_ANNOTATIONS
    for line in lines:
        head, _, data = line.removeprefix("::").partition("::")
        assert head.startswith("error file=a.py,")
        assert "\r" not in data
        assert "::" not in data
        assert OLD_COMMAND not in line
        # one property a name: neither a comma nor a colon of the student's stands in them
        names = [each.split("=")[0] for each in head.removeprefix("error ").split(",")]
        assert len(names) == len(set(names))
        assert set(names) <= {"file", "line", "title"}


def test_the_summary_is_made_of_our_markup_alone() -> None:
    reader = MarkdownIt("commonmark", {"html": True}).enable("table")
    tokens = reader.parse(github.summary(REPORT, title=ATTACKS[11]))
    headings = [token for token in tokens if token.type == "heading_open"]
    assert [token.tag for token in headings] == ["h2", "h3"]
    assert sum(token.type == "table_open" for token in tokens) == 1
    blocks = "".join(token.content for token in tokens if token.type == "html_block")
    assert set(re.findall(r"</?(\w+)", blocks)) <= {"details", "summary", "b", "span"}
    failed = 18 * 3 + 3  # of the first exercise, all
    assert blocks.count("<details>") == blocks.count("</details>") == failed


@pytest.mark.parametrize("report", REPORTS)
def test_the_points_are_announced_as_the_reporter_does(report: Report) -> None:
    lines = github.points(report).splitlines()
    if not report.max_score:
        assert lines == []
        return
    told = f"Points {report.score}/{report.max_score}"
    assert lines == [
        f"::notice title=Autograding complete::{told}",
        f'::notice title=Autograding report::{{"totalPoints":{report.score},"maxPoints":{report.max_score}}}',
    ]


@pytest.mark.parametrize("report", REPORTS)
def test_the_summary_fits_and_tells_the_score(report: Report) -> None:
    text = github.summary(report)
    assert len(text.encode()) < 1 << 20
    points = "{}/{}점" if report.language == "ko" else "{}/{} points"
    assert f"### {points.format(report.score, report.max_score)}\n" in text


def test_a_summary_that_is_too_long_says_what_it_leaves_out() -> None:
    long = hostile_report(0.0, exercises=18)
    huge = report_of(long.exercises * 15)
    text = github.summary(huge)
    assert 500_000 < len(text.encode()) < 1 << 20
    assert "parts are left out" in text
    tokens = MarkdownIt("commonmark", {"html": True}).parse(text)
    blocks = "".join(token.content for token in tokens if token.type == "html_block")
    assert blocks.count("<details>") == blocks.count("</details>") > 100


def test_annotations_name_the_line() -> None:
    report = plain_report([(0, 1), (0, 2)])
    first, second = report.exercises[0].checks
    second = dataclasses.replace(second, message="It raised: sums.py, line 12: x = y")
    exercise = dataclasses.replace(report.exercises[0], checks=(first, second))
    report = report_of([exercise])
    lines = github.remarks(report, {"sums": "exercises/sums.py"}).splitlines()
    # what has a line is the most useful, and comes first
    assert lines[0].startswith("::error file=exercises/sums.py,line=12,title=sums%3A check 1::")
    assert lines[1].startswith("::error file=exercises/sums.py,title=sums%3A check 0::")
    notebook = github.remarks(report, {"sums": "sums.ipynb"})
    assert "line=" not in notebook


def test_the_summary_says_what_the_reporters_table_gets_wrong() -> None:
    many = plain_report([(1000, 1000), (0, 7)])  # too many points for a test each
    assert "shows 503" in github.summary(many)


def test_the_summary_says_what_is_kept_back() -> None:
    full = plain_report([(2, 2)], held_back=3)
    assert "All public checks passed" in github.summary(full)
    assert "(+3 kept back)" in github.summary(full).replace("\\", "")


def test_a_row_for_every_status() -> None:
    text = github.summary(of_every_status()).replace("\\", "")
    rows = [line.split(" | ") for line in text.splitlines() if line.startswith("| ")][1:]
    assert [(row[0], row[1]) for row in rows] == [
        ("| ✅", "an_passed"),
        ("| 🟡", "an_partial"),
        ("| ❌", "an_failed"),
        ("| ⬜", "an_missing"),
        ("| ⬜", "an_not_attempted"),
        ("| ❌", "an_error"),
    ]
    assert rows[1][2:] == ["2/12", "1/6 |"]


def test_an_untouched_template_is_not_started() -> None:
    """Its run is green, and nobody is to take that for points."""
    [one] = [each for each in of_every_status().exercises if each.status == "not_attempted"]
    text = github.summary(report_of([one]))
    assert re.search(r"^### Not started: 0/\d+ points$", text, re.MULTILINE)
    assert "Nothing is written yet." in text
    missing = dataclasses.replace(one, status="missing")
    assert "### Not started" not in github.summary(report_of([one, missing]))


def test_a_fold_for_everything_that_went_wrong() -> None:
    text = github.summary(of_every_status())
    folds = re.findall(r"</b>: asked (\w+/\w+)", text)
    assert folds == [
        *("partial/failed", "partial/timeout", "failed/failed"),
        "error/failed",
    ]
    assert "cannot be graded:\n\n```text\nwhy error" in text
    assert "grader check an_failed --seed 17" in text


def test_checks_whose_points_a_rule_took_have_not_passed() -> None:
    text = github.summary(with_violation(plain_report([(3, 3), (2, 2)]), "no x"))
    assert "| ❌ | sums | 0/5 | 0/2 |" in text
    assert "0 of 2 checks passed. sums: points are missing, because of what the code uses." in text


def test_a_file_that_cannot_be_loaded_is_in_the_sentence_at_the_top() -> None:
    text = github.summary(of_every_status()).replace("\\", "")
    assert "3 of 14 checks passed. an_error: cannot be loaded. an_missing: not handed in." in text


@pytest.mark.parametrize("report", FAULTY)
def test_a_report_with_faults_announces_no_points(report: Report) -> None:
    assert github.points(report) == ""
    text = github.summary(report)
    assert "### Not graded\n" in text or report.language == "ko"
    assert "This mark" not in text
    assert " points\n" not in text
    assert "Traceback" not in text
    lines = lines_of(github.remarks(report, {each.name: "a.py" for each in report.exercises}))[:-1]
    # what is ours comes first, and points at no file of the student's
    assert lines[0].startswith("::error title=")
    for line in lines:
        _head, _, data = line.removeprefix("::").partition("::")
        assert "::" not in data
        assert OLD_COMMAND not in line


def test_what_a_fault_says() -> None:
    report = with_fault(plain_report([(0, 3)]))
    text = github.summary(report)
    told = r"Not graded, through no fault of the submission: a\_fault. So there is no score."
    assert f"### Not graded\n\n{told}\n" in text
    assert r"| 🔧 | a\_fault | not graded | – |" in text
    assert "fault of the submission:\n\n```text\nthe check is broken, not your code\n```" in text
    assert "| ❌ | sums | 0/3 | 0/1 |" in text  # the others are judged as ever
    first, second = github.remarks(report, {"a_fault": "a_fault.py"}).splitlines()
    assert first == "::error title=a_fault%3A not graded::the check is broken, not your code"
    assert second.startswith("::error title=sums%3A check 0::")


def test_a_forbidden_line_is_in_the_summary_and_beside_the_code_once() -> None:
    report = with_violation(plain_report([(3, 3)]), "`x` ran (sums.py, line 7: `x()`).")
    assert github.summary(report).count("`x` ran (sums.py, line 7: `x()`).") == 1
    [only] = github.remarks(report, {"sums": "sums.py"}).splitlines()
    assert only.startswith("::error file=sums.py,line=7,title=sums%3A check 0::`x` ran")


def test_annotations_of_every_status() -> None:
    lines = github.remarks(of_every_status(), {}).splitlines()
    told = [line.split("::")[1:] for line in lines]
    # the first of each exercise, the most useful first, then the second; nothing of what passed, is missing or was not
    # started
    assert [title.removeprefix("error title=") for title, _ in told] == [
        "an_error%3A cannot be graded",
        "an_partial%3A asked partial/failed",
        "an_failed%3A asked failed/failed",
        "an_partial%3A asked partial/timeout",
    ]


def test_a_line_is_found_in_a_korean_message_too() -> None:
    [exercise] = KOREAN.exercises
    [check] = exercise.checks
    check = dataclasses.replace(check, message="`f`가 오류를 냈습니다: my_linear.py, 12번째 줄")
    exercise = dataclasses.replace(exercise, checks=(check,), violations=())
    report = dataclasses.replace(KOREAN, exercises=(exercise,))
    assert "line=12," in github.remarks(report, {"my_linear": "my_linear.py"})


def test_in_korean() -> None:
    text = github.summary(KOREAN, title="과제 1")
    assert text.startswith("## 과제 1\n\n### 0/2점")
    assert "편향이 빠졌습니다." in text
    for english in ("Likely cause", "To repeat it", "points", "checks passed", "This mark"):
        assert english not in text


def test_no_exercises() -> None:
    empty = report_of([])
    assert "### 0/0 points" in github.summary(empty)
    assert (github.remarks(empty, {}), github.points(empty)) == ("", "")


def test_where_no_message_names_a_line_the_place_does() -> None:
    [exercise] = plain_report([(0, 1)]).exercises
    [check] = exercise.checks
    check = dataclasses.replace(check, place=f"{exercise.name}.py, line 41")
    again = dataclasses.replace(check, same_as=check.name)
    report = report_of([dataclasses.replace(exercise, checks=(check, again))])
    told = github.remarks(report, {exercise.name: f"{exercise.name}.py"})
    assert told.count("::error") == 1  # one mistake is told once
    assert "line=41" in told
