"""A class in one pass: what became of every check, and who made which mistake."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from grader.classroom.records import Adjustment, Enrolled, Record
from grader.classroom.report.class_summary import ClassSummary, kind_of
from grader.classroom.run.trouble import Trouble, told
from grader.report import CheckResult, ExerciseResult, Report, Violation
from tests.synthetic import HERE, START, made_class, not_graded, summed, with_statuses


def test_mistakes_are_grouped_whatever_their_numbers() -> None:
    records = [
        with_statuses("failed", "failed", who="a", cause="It is m = 5 times too large."),
        with_statuses("failed", "passed", who="b", cause="It is m = 7 times too large."),
        with_statuses("passed", "failed", who="c"),
        with_statuses("timeout", "passed", who="d"),
    ]
    found = {(one.kind, one.text): one for one in summed(records).mistakes}
    named = found["cause", "It is m = 5 times too large."]
    assert (named.students, named.checks) == ([0, 1], {0, 1})
    assert found["no cause named", "Not right: is right"].students == [2]
    assert found["timeout", "Not done within its time."].students == [3]
    assert len(found) == 3
    assert kind_of("off by -1.5e-3 at 2") == kind_of("off by 7 at 10")


def hiding(record: Record, *checks: str) -> Record:
    return replace(record, kept_back={"one": frozenset(checks)})


def test_a_mistake_that_only_hidden_checks_show_is_one_of_its_own() -> None:
    """Its sentence is no student's to read; where another check tells the same mistake, that one is told."""
    names = [each.name for each in summed([with_statuses("failed", "failed")]).checks]
    records = [
        with_statuses("failed", "failed", who="a", cause="It is wrong."),
        with_statuses("passed", "failed", who="b", cause="It is wrong."),
        with_statuses("failed", "passed", who="c", cause="It is wrong."),
    ]
    summary = summed([hiding(each, names[0]) for each in records])
    assert summary.kept_back == {0}
    told, hidden = summary.mistakes
    assert (told.kept_back, told.students, told.checks) == (False, [0, 1], {0, 1})
    assert (hidden.kept_back, hidden.students, hidden.checks) == (True, [2], {0})


def test_score_that_counts_is_the_records() -> None:
    summary = summed(list(made_class(60)))
    for line, record in zip(summary.lines, made_class(60), strict=True):
        assert line.score == record.score
        assert line.graded == (record.report.score if record.report else None)


def of_exercises(*names: str) -> Record:
    """A student whose report has these exercises, each with a check of its own name."""
    exercises = tuple(
        ExerciseResult(
            *(name, name.title(), 2, 2, "passed"),
            checks=(CheckResult(name, f"{name} is right", "passed", 2, 2),),
        )
        for name in names
    )
    return Record(Enrolled("+".join(names)), Report("x", exercises, HERE), 2 * len(names))


def test_the_table_grows_with_what_later_students_have() -> None:
    summary = summed([of_exercises("b"), of_exercises("a", "b"), of_exercises("c")])
    assert [exercise.name for exercise in summary.exercises] == ["b", "a", "c"]
    assert [(check.exercise, check.name) for check in summary.checks] == [
        (0, "b"),
        (1, "a"),
        (2, "c"),
    ]
    assert summary.exercise_points().tolist() == [[2, -1, -1], [2, 2, -1], [-1, -1, 2]]
    assert summary.exercise_letters().tolist() == [
        [b"p", b"-", b"-"],
        [b"p", b"p", b"-"],
        [b"-", b"-", b"p"],
    ]
    assert summary.check_letters().tolist() == summary.exercise_letters().tolist()
    assert summary.max_score == 4


def test_numbers_are_given_once() -> None:
    summary = ClassSummary()
    assert [summary.add(of_exercises("a")) for _ in range(3)] == [0, 1, 2]
    report = of_exercises("b", "a").report
    assert report
    first, second = report.exercises
    assert (summary.exercise_number(second), summary.exercise_number(first)) == (0, 1)
    assert summary.check_number(0, second.checks[0]) == 0
    # a check of the same name in another exercise is another check
    assert summary.check_number(1, second.checks[0]) == 1


def test_who_handed_nothing_in_has_a_line_and_is_in_no_table() -> None:
    summary = summed([Record(Enrolled("a", "Ada"), None, 9, "Nothing"), of_exercises("a")])
    absent, present = summary.lines
    assert (absent.name, absent.state, absent.max_score) == ("Ada", "nothing handed in", 9)
    assert (absent.remarks, absent.score) == ((), None)
    assert list(summary.graded()) == [present]
    assert len(summary.check_letters()) == 1


def test_an_empty_class_has_empty_tables() -> None:
    summary = ClassSummary()
    assert summary.check_letters().shape == summary.exercise_points().shape == (0, 0)
    assert (summary.max_score, summary.mistakes) == (0, [])


def test_remarks_are_what_there_is_to_look_at() -> None:
    record = of_exercises("a")
    by_hand = Adjustment("", 1, "me", START, "kind")
    noted = Record(
        record.student, record.report, 2, problem="x", adjustments=(by_hand,), notes=("a", "b")
    )
    [line] = summed([noted]).lines
    assert line.remarks == ("note: a", "note: b", "points by hand: +1, kind")
    assert (line.adjusted, line.score, line.graded) == (True, 3, 2)


def test_why_there_is_no_result_is_to_be_looked_at_where_it_is_nobodys_choice() -> None:
    absent = Record(Enrolled("a"), None, 4, "Nothing was handed in.")
    unread = replace(absent, problem="It is no zip file.", absence="could not be read")
    lines = summed([absent, unread, not_graded("c", "x failed")]).lines
    assert [line.remarks for line in lines] == [
        (),
        ("could not be read: It is no zip file.",),
        ("not graded: x failed", "points by hand: +2, kind"),
    ]


def test_which_checks_failed_themselves() -> None:
    """By the reason that a gradebook keeps, in the words that `run.trouble` has for it."""
    mine = Trouble("NameError: x", "one", "test_go", "course")
    some = Trouble("it asked for nothing", "two", kind="course")
    lost = Trouble("SandboxLost", "three", kind="lost")
    record = with_statuses("passed")
    assert record.report
    fault = ExerciseResult("four", "Four", 0, 3, "fault", "not yours")
    faulty = replace(record, report=replace(record.report, exercises=(fault,)))
    summary = summed(
        [not_graded("a", told([mine, some])), not_graded("b", told([mine, lost])), faulty]
    )
    assert summary.faults == {
        ("one", "go"): {0, 1},
        ("two", ""): {0},
        ("four", ""): {2},
    }


def test_what_could_not_be_read_and_what_was_noted_is_told_once() -> None:
    unread = Record(Enrolled("a"), None, 4, "line 3 is no text", absence="could not be read")
    noted = replace(with_statuses("passed"), notes=("Handed in 2 days after the deadline.",))
    summary = summed([unread, replace(unread, problem="line 7 is no text"), noted, noted])
    assert [(one.text, one.students) for one in summary.unreadable] == [
        ("line 3 is no text", [0, 1])
    ]
    assert [(one.text, one.students) for one in summary.notes] == [
        ("Handed in 2 days after the deadline.", [2, 3])
    ]


def one_exercise(who: str, **fields: object) -> Record:
    exercise = ExerciseResult("one", "One", 0, 2, **fields)  # type: ignore[arg-type]
    return Record(Enrolled(who), Report(who, (exercise,), HERE), 2)


def test_files_that_cannot_be_loaded_are_one_mistake_for_each_reason() -> None:
    summary = summed(
        [
            one_exercise("a", status="error", message="one.py, line 3: SyntaxError: no colon"),
            one_exercise("b", status="error", message="one.py, line 9: SyntaxError: expected ':'"),
            one_exercise("c", status="error", message="one.py, line 1: ImportError: no numpy"),
        ]
    )
    found = [(one.kind, one.students, one.text) for one in summary.mistakes]
    assert found == [
        ("not loaded", [0, 1], "one.py, line 3: SyntaxError: no colon"),
        ("not loaded", [2], "one.py, line 1: ImportError: no numpy"),
    ]


def test_what_is_forbidden_is_one_mistake_for_each_rule() -> None:
    def of(*checks: str) -> dict[str, Any]:
        """Two failed checks, of which those named broke the rule."""
        both = tuple(CheckResult(name, name, "failed", 1, 0) for name in ("go", "stop"))
        told = tuple(Violation(3, "autograd", "by hand, please", (name,)) for name in checks)
        return {"status": "failed", "checks": both, "violations": told}

    summary = summed([one_exercise("a", **of("go", "stop")), one_exercise("b", **of("go"))])
    found = [(each.kind, each.text, each.students, each.checks) for each in summary.mistakes]
    assert found == [
        ("forbidden", "by hand, please", [0, 1], {0, 1}),
        ("no cause named", "Not right: stop", [1], {1}),
    ]


def test_the_most_frequent_mistake_comes_first() -> None:
    summary = summed(made_class(80))
    counts = [len(mistake.students) for mistake in summary.mistakes]
    assert counts == sorted(counts, reverse=True)
    for mistake in summary.mistakes:
        assert mistake.students == sorted(set(mistake.students))


def test_who_is_not_graded_has_a_line_without_a_score() -> None:
    summary = summed([not_graded("eve"), of_exercises("a"), not_graded("bob")])
    assert [line.state for line in summary.lines] == ["not graded", "graded", "not graded"]
    assert [(line.score, line.graded) for line in summary.lines] == [
        (None, None),
        (2, 2),
        (None, None),
    ]
    assert summary.scores() == [2]
    assert [line.id for line in summary.graded()] == ["a"]
    assert len(summary.exercise_points()) == 1
    assert summary.count("not graded") == 2
    assert summary.count("nothing handed in", "could not be read", "graded") == 1


def test_a_report_with_a_fault_adds_to_nothing() -> None:
    record = with_statuses("failed", "passed", cause="It is twice too large.")
    assert record.report
    fault = ExerciseResult("two", "Two", 0, 3, "fault", "not yours")
    exercises = (*record.report.exercises, fault)
    faulty = replace(record, report=replace(record.report, exercises=exercises))
    summary = summed([faulty])
    assert (summary.mistakes, summary.exercises, summary.checks) == ([], [], [])
    assert (summary.lines[0].score, summary.lines[0].exercises) == (None, "")


def test_the_same_trouble_and_the_same_remark_are_told_once() -> None:
    def noted(who: str, *remarks: str) -> Record:
        record = with_statuses("passed", who=who)
        assert record.report
        [exercise] = record.report.exercises
        marked = replace(exercise, remarks=remarks)
        return replace(record, report=replace(record.report, exercises=(marked,)))

    summary = summed(
        [
            noted("a", "line 3 starts a thread"),
            not_graded("b", "Its worker was lost 2 times."),
            noted(
                "c", "line 9 starts a thread", "line 9 starts a thread", "line 1 reaches for `gc`"
            ),
            not_graded("d"),
            not_graded("e"),
        ]
    )
    assert [(one.text, one.students) for one in summary.remarks] == [
        ("one: line 3 starts a thread", [0, 2]),
        ("one: line 1 reaches for `gc`", [2]),
    ]
    assert [one.students for one in summary.troubles] == [[3, 4], [1]]
    assert [len(line.remarks) for line in summary.lines] == [1, 2, 3, 2, 2]
