"""The report under a notebook's cell: what is shown of each status, and no markup but ours."""

from __future__ import annotations

import html
import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from grader.outputs import notebook_html
from grader.report import Picture, Report
from tests.hostile import (
    ATTACKS,
    FAULTY,
    KOREAN,
    REPORTS,
    a_fault,
    everything_hostile,
    of_every_status,
    plain_report,
    report_of,
    shows_nothing_hidden,
    with_violation,
)


class Reader(HTMLParser):
    """The tags of a page, and its text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.tags.add(tag)

    def handle_data(self, data: str) -> None:
        self.text += f"{data}\n"


DRAWN = {"figure", "figcaption", "svg", "rect", "title"}


@pytest.mark.parametrize("report", [*REPORTS, *FAULTY, *map(everything_hostile, ATTACKS)])
def test_html_shows_plain_text(report: Report) -> None:
    page = Reader(notebook_html.render(report))
    assert page.tags <= {"div", "p", "b", "span", "code", "pre"} | DRAWN
    assert shows_nothing_hidden(page.text)


def test_every_status_has_its_mark() -> None:
    page = notebook_html.render(of_every_status())
    heads = re.findall(r">([^<]+)</span> <b>(\w+)  (\d+/\d+)", page)
    assert heads == [
        ("✓", "an_passed", "2/2"),
        ("◐", "an_partial", "2/12"),
        ("✗", "an_failed", "0/2"),
        ("?", "an_missing", "0/2"),
        ("·", "an_not_attempted", "0/4"),
        ("!", "an_error", "2/6"),
    ]
    lines = re.findall(r'title="(\w+)"[^>]*>([^<]+)</span><div.*?asked (\w+)/', page)
    assert lines == [
        ("passed", "✓", "passed"),
        ("passed", "✓", "partial"),
        ("failed", "✗", "partial"),
        ("timeout", "⧖", "partial"),
        ("not_started", "·", "partial"),
        ("not_reached", "–", "partial"),
        ("skipped", "–", "partial"),
        ("failed", "✗", "failed"),
        ("passed", "✓", "error"),
        ("failed", "✗", "error"),
        ("not_reached", "–", "error"),
    ]


def test_what_is_told_of_each() -> None:
    page = Reader(notebook_html.render(of_every_status())).text
    wrong = ["partial/failed", "partial/timeout", "failed/failed", "error/failed"]
    assert re.findall(r"message (\S+)", page) == sorted([*wrong, "partial/skipped"], key=page.index)
    assert re.findall(r"→ cause (\S+)", page) == wrong
    assert re.findall(r"Look at place (\S+)\.", page) == wrong
    assert re.findall(r"again: grader check (\w+) --seed 17", page) == [
        *("an_partial", "an_failed", "an_error"),
    ]
    told = [
        each for each in ("passed", "missing", "not_attempted", "error") if f"why {each}" in page
    ]
    assert told == ["missing", "not_attempted", "error"]


def test_a_fault_is_told_as_ours_without_points_or_checks() -> None:
    [passed] = plain_report([(3, 3)]).exercises
    page = notebook_html.render(report_of([a_fault(), passed]))
    fault, _right = re.split(r"<p><span[^>]*>✓", page)
    assert fault.count("<p") == 2
    assert ">‼</span> <b>a_fault  not graded</b></p>" in fault
    assert ">the check is broken, not your code</p>" in fault
    for no in ("/5", "<table", "Traceback", "SECRET", "again"):
        assert no not in fault
    assert "sums  3/3" in page  # the others are judged as ever


def test_pictures_and_what_is_forbidden() -> None:
    [exercise] = plain_report([(0, 1)]).exercises
    [check] = exercise.checks
    drawn = replace(check, pictures=(Picture("error", "dw", (1, 2), ((0.5, None),)),))
    shown = report_of([replace(exercise, checks=(drawn,))])
    page = notebook_html.render(with_violation(shown, "no <x>"))
    assert page.count("no &lt;x&gt;") == 1
    assert page.count("<rect") == 2


def test_in_its_own_language() -> None:
    page = notebook_html.render(KOREAN)
    assert 'lang="ko"' in page
    text = html.unescape(page)
    for korean in ("모양이 (5,)인데", "→ 편향이 빠졌습니다.", "12번째 줄"):
        assert korean in text
    for english in ("Look at", "again", "line 3"):
        assert english not in text


def test_no_exercises_are_an_empty_place() -> None:
    assert notebook_html.render(report_of([])) == '<div class="grader-report" lang="en"></div>'
