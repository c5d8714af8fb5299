"""What an instructor acts on, counted from records."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from grader.classroom.records import Enrolled, Record
from grader.classroom.report.item_analysis import check_items
from grader.classroom.report.overview import FIRST, MISTAKES, Overview, overview
from grader.report import CheckResult, ExerciseResult, Report
from tests.synthetic import HERE, made_class, not_graded, summed, with_statuses


def seen(*records: Record, deadline: datetime | None = None) -> Overview:
    summary = summed(records)
    return overview(summary, check_items(summary), deadline)


def absent(who: str, state: str = "nothing handed in", problem: str = "") -> Record:
    return Record(Enrolled(who), None, 4, problem, absence=state)  # type: ignore[arg-type]


def test_who_was_to_hand_in_and_who_did() -> None:
    told = seen(
        with_statuses("passed"),
        replace(with_statuses("failed"), late_days=2),
        absent("b"),
        absent("c", "excused"),
        absent("d", "could not be read", "It is no zip file."),
        not_graded("e"),
        Record(Enrolled("f", on_roster=False), None, 4, absence="nothing handed in"),
        deadline=datetime(2026, 11, 20, 23, 59, tzinfo=UTC),
    )
    assert told.deadline == "2026-11-20 23:59 UTC"
    assert (told.handed_in, told.expected) == (4, 6)
    assert (told.excused, told.without, told.late, told.ungraded) == (1, 2, 1, 1)
    assert (told.off_roster.count, told.off_roster.first) == (1, [(6, "f")])
    assert [each.text for each in told.troubles] == ["The check test_x of one failed: NameError: x"]
    assert told.to_look_at == 2  # why one is not graded, and another could not be read


def test_nobody_is_late_and_nothing_is_wrong() -> None:
    told = seen(with_statuses("passed"))
    everything = vars(told) | {"off_roster": told.off_roster.count}
    assert {name: value for name, value in everything.items() if value} == {
        "expected": 1,
        "handed_in": 1,
    }


def test_what_could_not_be_read_or_loaded_is_told_with_whom_it_met() -> None:
    broken = ExerciseResult("one", "One", 0, 2, "error", "one.py, line 3: SyntaxError: no colon")
    loaded = [Record(Enrolled(who), Report(who, (broken,), HERE), 2) for who in "ab"]
    unread = [absent(who, "could not be read", "There are no files.") for who in "cdefg"]
    told = seen(*loaded, *unread)
    assert [(each.text, each.count) for each in told.unread] == [
        ("There are no files.", 5),
        ("one.py, line 3: SyntaxError: no colon", 2),
    ]
    assert told.unread[0].first == [(2, "c"), (3, "d"), (4, "e")][:FIRST]


def test_notes_and_remarks_are_kept_apart() -> None:
    record = with_statuses("passed")
    assert record.report
    marked = replace(record.report.exercises[0], remarks=("line 3 reaches for `sys`",))
    noted = replace(record, report=replace(record.report, exercises=(marked,)), notes=("late",))
    told = seen(noted)
    assert [each.text for each in told.notes] == ["late"]
    assert [each.text for each in told.remarks] == ["one: line 3 reaches for `sys`"]
    assert told.to_look_at == 1


def test_the_mistakes_for_the_next_lecture_are_those_with_a_cause() -> None:
    many = [with_statuses("passed", "failed", who=f"u{n}") for n in range(4)]
    few = [with_statuses("failed", "passed", who="k", cause="It is twice too large.")]
    told = seen(*many, *few)
    assert [(each.numbers, each.kind, each.line.count) for each in told.mistakes] == [
        ((1,), "cause", 1),
        ((0,), "no cause named", 4),
    ]
    assert told.mistakes[0].line.first == [(4, "k")]
    assert told.mistakes[0].exercises == ("one",)
    assert len(seen(*made_class(60)).mistakes) <= MISTAKES


def test_what_students_have_not_read_is_not_for_the_lecture() -> None:
    record = with_statuses("failed", cause="It is wrong.")
    assert record.report
    [check] = record.report.checks
    hidden = replace(record, kept_back={"one": frozenset({check.name})})
    assert len(seen(record).mistakes) == 1
    assert seen(hidden).mistakes == []


def test_a_cause_in_several_exercises_is_one_mistake() -> None:
    def of(who: str, *names: str) -> Record:
        checks = (CheckResult("go", "is right", "failed", 2, 0, cause="It is 3 times too large."),)
        exercises = tuple(
            ExerciseResult(name, name, 0, 2, "failed", checks=checks) for name in names
        )
        return Record(Enrolled(who), Report(who, exercises, HERE), 2 * len(names))

    told = seen(of("a", "one", "two"), of("b", "two"), of("c", "three"), of("d", "one"))
    [mistake] = told.mistakes
    assert (mistake.exercises, mistake.numbers) == (("one", "two", "three"), (0, 1, 2))
    assert mistake.line.count == 4
    assert mistake.line.first == [(0, "a"), (3, "d")]
    # what has no name is another one in each exercise
    apart = seen(*(with_statuses("failed", who=who) for who in "ab"))
    assert [each.line.count for each in apart.mistakes] == [2]


def test_checks_to_doubt_are_there() -> None:
    told = seen(*(with_statuses("passed", "failed", who=f"u{n}") for n in range(4)))
    assert [(each.check, each.kind) for each in told.doubts] == [
        ("check1", "nobody passed"),
        ("check0", "everybody passed"),
    ]
