"""No text of a record reaches a page, a terminal or a file system as anything but text."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from grader.classroom.records import Adjustment, Enrolled, Excuse, Record
from grader.classroom.sanitize import (
    NAME_LENGTH,
    TEXT_LENGTH,
    name_of,
    plain,
    rewritten,
    shown,
)
from tests.hand_ins import NOON
from tests.hostile import ATTACKS, hostile_report, plain_report
from tests.synthetic import hostile_class, made_class

ANY = st.text() | st.sampled_from(ATTACKS)
WORST = "\x1b[2J\u202e\x00\u2028x"


def hostile_record() -> Record:
    report = hostile_report()
    noted = tuple(replace(exercise, remarks=(WORST,)) for exercise in report.exercises)
    return Record(
        Enrolled(WORST, WORST, WORST, WORST, WORST, ids=((WORST, WORST),)),
        replace(report, exercises=noted),
        10,
        problem=WORST,
        adjustments=(Adjustment(WORST, 1, WORST, NOON, WORST),),
        notes=(WORST,),
        excused=Excuse(WORST, NOON, WORST),
    )


def free_texts(record: Record) -> Iterator[str]:
    """Those that are not the course's."""
    student = record.student
    yield from (student.id, student.name, student.email, student.section, student.login)
    yield from (text for pair in student.ids for text in pair)
    yield from (record.problem, *record.notes)
    if record.excused:
        yield from (record.excused.who, record.excused.why)
    for adjustment in record.adjustments:
        yield from (adjustment.exercise, adjustment.who, adjustment.why)
    for exercise in record.report.exercises if record.report else ():
        yield from (exercise.message, *exercise.remarks)
        yield from (violation.message for violation in exercise.violations)
        for check in exercise.checks:
            yield from (check.message, check.cause)


@given(ANY, st.integers(1, 50))
def test_plain_text_is_printable_and_short(text: str, length: int) -> None:
    made = plain(text, length)
    assert made.replace("\n", "").isprintable()
    assert made == text or len(text) > length or not text.replace("\n", "").isprintable()
    assert made.startswith(text[:length]) or not text[:length].replace("\n", "").isprintable()


@given(ANY)
def test_a_name_is_one_short_line(text: str) -> None:
    made = name_of(text)
    assert "\n" not in made
    assert made.isprintable()
    assert name_of("  Ada \n Lovelace ") == "Ada Lovelace"
    assert len(name_of("x" * 5000)) < NAME_LENGTH + 30


def test_every_text_of_a_record_is_made_plain() -> None:
    made = list(free_texts(shown(hostile_record())))
    assert len(made) > 100
    for text in made:
        assert text.replace("\n", "").isprintable()
        assert len(text) <= TEXT_LENGTH * 8 + 40


def test_numbers_stay() -> None:
    before, after = hostile_record(), shown(hostile_record())
    assert before.report
    assert after.report
    assert after.score == before.score
    assert [e.score for e in after.report.exercises] == [e.score for e in before.report.exercises]
    assert after.adjustments[0].when == NOON


def test_rewriting_reaches_every_free_text() -> None:
    """So a name in it can be taken out: who the student is, is given anew."""
    record = rewritten(hostile_record(), Enrolled("s1"), lambda text: "redacted" if text else "")
    assert record.student == Enrolled("s1")
    assert record.report
    assert record.report.submission == "s1"
    assert set(free_texts(record)) == {"redacted", "", "s1"}
    before = list(free_texts(hostile_record()))
    assert [bool(text) for text in free_texts(record)][5:] == [bool(text) for text in before][7:]


def test_what_has_nothing_to_clean_is_not_made_anew() -> None:
    report = plain_report([(3, 3), (0, 2)])
    made = shown(Record(Enrolled("ada"), report, 5)).report
    assert made
    assert all(one is other for one, other in zip(made.exercises, report.exercises, strict=True))


def test_what_is_plain_stays_the_same_object() -> None:
    """Making everything anew would take most of the time."""
    record = next(made_class(1))
    assert shown(record) == replace(
        record,
        report=replace(record.report, submission=record.student.id),  # type: ignore[type-var]
    )
    told = "It is right.\nReally: é, 김민준"
    assert plain(told) is told


def test_no_text_obeys_or_is_endless() -> None:
    for record in hostile_class():
        text = repr(shown(record).student)
        assert not set("\x00\x1b\u202e\u2028") & set(text)
    assert len(plain("x" * 10_000)) <= TEXT_LENGTH + 100
    assert len(name_of("x" * 10_000)) <= NAME_LENGTH + 100
    assert name_of(" two\n lines ") == "two lines"


def test_the_report_is_named_after_the_student() -> None:
    record = replace(next(made_class(1)), student=Enrolled("a\nb"))
    found = shown(record)
    assert found.report
    assert found.student.id == found.report.submission == "a b"
