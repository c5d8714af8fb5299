"""The report at a terminal: what is shown of each status, and no codes but ours."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from grader.outputs import terminal
from grader.report import Environment, Report
from tests.hostile import (
    ATTACKS,
    FAULTY,
    KOREAN,
    REPORTS,
    a_fault,
    console,
    everything_hostile,
    of_every_status,
    plain_report,
    report_of,
    shows_nothing_hidden,
    with_fault,
    with_violation,
)


def text_of(report: Report, width: int = 100, colours: bool = False) -> str:
    paper, out = console(width, colours)
    terminal.render(report, paper)
    return out.getvalue()


@pytest.mark.parametrize("report", [*REPORTS, *FAULTY])
def test_terminal_gives_no_codes_of_the_students(report: Report) -> None:
    assert shows_nothing_hidden(text_of(report))
    coloured = text_of(report, colours=True)
    # the colours are ours; nothing else of the escape's kind is left
    assert shows_nothing_hidden(re.sub(r"\x1b\[[\d;]*m", "", coloured))
    assert "\x1b]" not in coloured


@pytest.mark.parametrize("text", ATTACKS)
def test_an_exercise_alone_is_as_harmless(text: str) -> None:
    paper, out = console()
    for exercise in everything_hostile(text).exercises:
        terminal.render_exercise(exercise, paper)
    assert shows_nothing_hidden(out.getvalue())


def test_richs_markup_is_text() -> None:
    [exercise] = plain_report([(0, 1)]).exercises
    marked = replace(exercise, title="[red]a[/red]", message="[link=http://x]b[/link]")
    assert "[red]a[/red]" in text_of(report_of([marked]))
    assert "[link=http://x]b[/link]" in text_of(report_of([marked]))


def test_every_status_has_its_line() -> None:
    lines = [line.rstrip() for line in text_of(of_every_status(), width=60).splitlines()]
    heads = [line for line in lines if line[2:5] == "an_"]
    assert heads == [
        "✓ an_passed  2/2  Title of passed",
        "◐ an_partial  2/12  Title of partial",
        "✗ an_failed  0/2  Title of failed",
        "? an_missing  0/2  why missing",
        "· an_not_attempted  0/4  why not_attempted",
        "! an_error  2/6  Title of error",
    ]
    shown = [(line.split()[0], line.split()[2]) for line in lines if " asked " in line]
    assert shown == [
        ("✓", "passed/passed"),
        ("✓", "partial/passed"),
        ("✗", "partial/failed"),
        ("⧖", "partial/timeout"),
        ("·", "partial/not_started"),
        ("–", "partial/not_reached"),
        ("–", "partial/skipped"),
        ("✗", "failed/failed"),
    ]
    assert "6/28 points" in lines


def test_what_is_told_of_each() -> None:
    text = text_of(of_every_status())
    assert re.findall(r"message (\S+)", text) == [
        *("partial/failed", "partial/timeout", "partial/skipped", "failed/failed"),
    ]
    wrong = ["partial/failed", "partial/timeout", "failed/failed"]
    assert re.findall(r"→ cause (\S+)", text) == wrong
    assert re.findall(r"Look at place (\S+)\.", text) == wrong
    assert re.findall(r"again: grader check (\w+) --seed 17", text) == [
        *("an_partial", "an_failed", "an_error"),
    ]
    # an exercise that passed says no more than its points
    assert [line for line in ("missing", "not_attempted", "error") if f"why {line}" in text] == [
        *("missing", "not_attempted", "error"),
    ]
    assert "why passed" not in text


def test_a_fault_is_told_as_ours_without_points_or_checks() -> None:
    text = text_of(report_of([a_fault()]))
    lines = [line.rstrip() for line in text.splitlines() if line.strip()]
    assert lines == [
        "‼ a_fault  not graded  Title of a_fault",
        "    the check is broken, not your code",
    ]


def test_a_report_with_a_fault_has_no_total() -> None:
    text = text_of(with_fault(plain_report([(3, 3), (0, 4)], held_back=2)))
    told = "Not graded, through no fault of the submission: a_fault. So there is no score."
    assert told in " ".join(text.split())
    assert "points" not in text
    assert "✓ check 0" in " ".join(text.split())  # the other exercise is judged as ever
    assert "Isolation: limits only." in text


def test_what_is_forbidden_is_told_by_the_check_that_it_cost() -> None:
    text = text_of(with_violation(plain_report([(1, 1)]), "no x"))
    assert "0/1" in text
    assert text.count("no x") == 1


def test_a_single_exercise_has_no_sum_and_none_has() -> None:
    assert "points" not in text_of(plain_report([(1, 1)]))
    assert "exercise" not in text_of(report_of([]))


def test_what_is_kept_back_and_what_was_not_tried() -> None:
    held = plain_report([(2, 2)], held_back=3)
    text = text_of(held)
    assert "All public checks passed. 3 more points" in " ".join(text.split())
    assert "On the CPU alone: mistakes with devices go unseen." in text
    assert "Isolation: limits only." in text
    whole = Environment("3.11", "2.13", ("cpu", "sim"), ("files hidden", "no network"))
    text = text_of(replace(held, environment=whole))
    assert "alone" not in text
    assert "Isolation" not in text
    for kept in ("files hidden", "no network"):
        half = replace(held, environment=replace(whole, isolation=(kept,)))
        assert "Isolation: limits only." in text_of(half)
    absent = replace(
        held, environment=replace(whole, absent=("cuda: no driver",), devices=("cpu",))
    )
    text = text_of(absent)
    assert "Not tried on cuda: no driver. Mistakes with devices may have gone unseen." in text
    assert "On the CPU alone" not in text


def test_korean_letters_are_wrapped_and_not_lost() -> None:
    [exercise] = KOREAN.exercises
    [check] = exercise.checks
    long = replace(check, description="모양이 맞는지 봅니다 " * 20)
    report = replace(KOREAN, exercises=(replace(exercise, checks=(long,)),) * 2)
    text = text_of(report, width=40)
    assert "".join(text.split()).replace("0/2", "").count("모양이맞는지봅니다") == 40
    assert "0/4점" in text
    for english in ("Look at", "again", "line 3", "Isolation"):
        assert english not in text


def test_long_text_stays_in_sight() -> None:
    [exercise] = plain_report([(0, 1)]).exercises
    [check] = exercise.checks
    report = report_of([replace(exercise, checks=(replace(check, message="x" * 100_000),))])
    assert len(text_of(report)) < 4_000
    assert "(100,000 characters)" in " ".join(text_of(report).split())
