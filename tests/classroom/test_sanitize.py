"""Records made fit to show: nothing that a page, a terminal or a file system would obey."""

from __future__ import annotations

import re
from dataclasses import replace

from grader.classroom.records import Enrolled
from grader.classroom.sanitize import NAME_LENGTH, TEXT_LENGTH, name_of, plain, shown, slug
from tests.synthetic import HOSTILE, hostile_class, made_class


def test_file_names_from_any_text() -> None:
    texts = [
        *HOSTILE,
        "ada",
        "Ada",
        "ADA",
        "a.b",
        "a b",
        "a/b",
        "",
        ".",
        "..",
        "con",
        "nul",
        "com1",
        "~root",
        "-rf",
    ]
    names = [slug(text) for text in texts]
    assert len({name.lower() for name in names}) == len(texts)
    assert slug("ada") == "ada"
    for name in names:
        assert re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_-]*", name)
        assert name.lower() not in ("con", "nul", "com1")


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
