"""What a student gets back: all that concerns the student, nothing of others, and text as text."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from grader.classroom.records import Comment, Enrolled, FileText, HandedIn, Record
from grader.classroom.report.feedback import WORDS, escaped, html, markdown, write_feedback
from grader.classroom.report.file_names import slug
from grader.classroom.sanitize import shown
from grader.language import _, speaking
from grader.report import CheckResult, ExerciseResult, Report
from tests.hostile import plain_report, with_violation
from tests.reports import Tags
from tests.synthetic import HERE, HOSTILE, START, made_class, not_graded, with_statuses


def test_feedback_has_a_safe_file_for_everybody(folder: Path) -> None:
    names = sorted(path.name for path in (folder / "feedback").iterdir())
    assert len(names) == 2 * (60 + len(HOSTILE))
    for name in names:
        assert re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_-]*\.(md|html)", name)
        assert len(name) < 90
    assert (folder / "feedback" / "20260000.md").is_file()


def test_feedback_shows_hostile_text_as_text(folder: Path) -> None:
    for path in (folder / "feedback").glob("*.html"):
        page = Tags(path.read_text(encoding="utf-8"))
        allowed = (
            "html head meta title style body main h1 h2 p b pre ul ol li section span code div"
        )
        allowed += " details summary"
        assert {tag for tag, _ in page.tags} <= set(allowed.split())
        assert not [attrs for _, attrs in page.tags if any(name.startswith("on") for name in attrs)]
    markdown = MarkdownIt("gfm-like", {"linkify": False})
    for path in (folder / "feedback").glob("*.md"):
        page = Tags(markdown.render(path.read_text(encoding="utf-8")))
        assert {tag for tag, _ in page.tags} <= {
            "h1",
            "h2",
            "p",
            "strong",
            "ul",
            "li",
            "pre",
            "code",
        }
        assert sum(tag == "h1" for tag, _ in page.tags) == 1
    assert HOSTILE[0] in Tags(html_of(folder, HOSTILE[0])).text


def html_of(folder: Path, who: str) -> str:
    return (folder / "feedback" / f"{slug(' '.join(who.split()))}.html").read_text(encoding="utf-8")


def test_feedback_keeps_to_the_student(folder: Path) -> None:
    """Points and why are told; the instructor's notes and who changed points are not."""
    record = next(record for record in made_class(60) if record.adjustments and record.penalty == 0)
    noted = next(record for record in made_class(60) if record.notes)
    for ending in ("md", "html"):
        text = (folder / "feedback" / f"{record.student.id}.{ending}").read_text(encoding="utf-8")
        assert "The statement was unclear." in text
        assert "+2 points" in text
        assert f"{record.score} of 180 points" in text
        assert "Curie" not in text
        text = (folder / "feedback" / f"{noted.student.id}.{ending}").read_text(encoding="utf-8")
        assert "template" not in text


@pytest.mark.parametrize("make", [markdown, html])
def test_every_check_is_there_with_its_points(make: object) -> None:
    record = with_statuses("passed", "failed", "not_reached", cause="It is `2` times too large.")
    text = make(record, "Lab 1")  # type: ignore[operator]
    assert "(2 of 2, passed)" in text
    assert "(0 of 2, not right yet)" in text
    assert "(0 of 2, not reached)" in text
    assert "2 of 6 points" in text
    assert text.count("times too large") == 1


@pytest.mark.parametrize("make", [markdown, html])
def test_why_there_are_no_points(make: object) -> None:
    absent = Record(Enrolled("ada"), None, 10)
    assert "Nothing was handed in." in make(absent, "Lab 1")  # type: ignore[operator]
    broken = Record(Enrolled("ada"), None, 10, problem="It is not a zip file.")
    assert "It is not a zip file." in make(broken, "Lab 1")  # type: ignore[operator]
    exercise = ExerciseResult(*("one", "One", 0, 2, "missing", "There is no one.py."))
    text = make(Record(Enrolled("ada"), Report("x", (exercise,), HERE), 2), "Lab 1")  # type: ignore[operator]
    assert "There is no one.py." in text
    told = make(
        Record(Enrolled("ada"), with_violation(plain_report([(2, 2)]), "by hand"), 2), "Lab 1"
    )  # type: ignore[operator]
    assert "by hand" in told
    assert "0 of 2" in told


@pytest.mark.parametrize("make", [markdown, html])
def test_what_is_not_graded_is_told_without_a_score_and_without_the_reason(make: object) -> None:
    """What failed, with the lines of a hidden check, is for the instructor."""
    text = make(not_graded("eve", "The check test_x of one failed:\nSECRET"), "Lab 1")  # type: ignore[operator]
    assert "not graded" in text
    assert "This is not your fault" in text
    assert "points</b>" not in text
    assert not re.search(r"\d of 4|0 points|by hand", text)
    assert "test_x" not in text
    assert "SECRET" not in text


@pytest.mark.parametrize("make", [markdown, html])
def test_what_the_instructor_should_look_at_is_not_told(make: object) -> None:
    record = with_statuses("passed")
    assert record.report
    noted = replace(record.report.exercises[0], remarks=("line 3 reaches for `sys`",))
    text = make(replace(record, report=replace(record.report, exercises=(noted,))), "Lab 1")  # type: ignore[operator]
    assert "line 3" not in text
    assert "2 of 2 points" in text


@pytest.mark.parametrize("make", [markdown, html])
def test_every_status_is_told_in_words(make: object) -> None:
    statuses = ("passed", "failed", "timeout", "not_reached", "not_started", "skipped")
    text = make(with_statuses(*statuses), "Lab 1")  # type: ignore[operator]
    for status in statuses:
        assert WORDS[status] in text


FORMS = pytest.mark.parametrize("make", [markdown, html])


def with_file(record: Record, text: str) -> Record:
    files = {"one": FileText("one.py", (("one.py", text),))}
    return replace(record, hand_ins=(HandedIn(START, "", True, 0, 2, files),))


def with_checks(*checks: CheckResult, language: str = "en") -> Record:
    exercise = ExerciseResult("one", "One", 0, 2 * len(checks), "failed", checks=checks)
    report = Report("a", (exercise,), HERE, language=language)
    return Record(Enrolled("a"), report, 2 * len(checks))


def failed(name: str, **fields: str) -> CheckResult:
    return CheckResult(name, f"{name} is right", "failed", 2, 0, **fields)  # type: ignore[arg-type]


@FORMS
def test_the_code_is_there_with_its_marks(make: Callable[[Record, str], str]) -> None:
    record = with_checks(failed("go", place="one.py, line 2", cause="It is `2` times too large."))
    text = make(with_file(record, "first = 1\nsecond = 2\nthird = 3\n"), "Lab 1")
    assert "second = 2" in text
    assert text.count("times too large") == 2  # with the check, and at the line
    assert text.index("second = 2") < text.rindex("times too large") < text.index("third = 3")


@FORMS
def test_comments_stand_where_they_belong(make: Callable[[Record, str], str]) -> None:
    def said(text: str, exercise: str = "", line: int | None = None, **fields: bool) -> Comment:
        return Comment(1, exercise, "one.py" * bool(line), line, text, "Curie", START, **fields)

    record = with_file(with_checks(failed("go", message="m")), "first = 1\nsecond = 2\nthird = 3\n")
    several = (
        said("of the whole"),
        said("of one", "one"),
        said("at the line <b>", "one", 2),
        said("before", "one", 2, earlier=True),
        said("of another", "other"),
        said("SECRET", for_colleagues=True),
    )
    text = make(replace(record, comments=several), "Lab 1")
    for told in ("of the whole", "of one", "of another", "one.py, line 2: before"):
        assert text.count(told) == 1
    assert text.index("second = 2") < text.index("at the line") < text.index("third = 3")
    assert ("<b>" in text.replace("<b>0 of", "")) == (make is markdown)  # within a fence
    assert "SECRET" not in text
    assert "Curie" not in text


@FORMS
def test_hostile_code_is_text(make: Callable[[Record, str], str]) -> None:
    for hostile in HOSTILE:
        lines = f"x = 1\n{hostile}\n``````\n"
        record = shown(
            with_file(with_checks(failed("go", place="one.py, line 2", message="m")), lines)
        )
        text = make(record, "Lab 1")
        if make is markdown:
            text = MarkdownIt("gfm-like", {"linkify": False}).render(text)
        page = Tags(text)
        assert not {"script", "img", "svg", "a", "h3"} & {tag for tag, _ in page.tags}
        assert sum(tag == "h1" for tag, _ in page.tags) == 1
        assert hostile[:9].split("\n")[0].strip() in page.text or not hostile.isprintable()


@FORMS
def test_checks_that_are_kept_back_are_points_alone(make: Callable[[Record, str], str]) -> None:
    checks = (failed("go", message="seen"), failed("secret", message="SECRET", cause="SECRET"))
    record = replace(with_checks(*checks), kept_back={"one": frozenset({"secret"})})
    text = make(with_file(record, "x = 1\n"), "Lab 1")
    assert "secret" not in text.casefold()
    assert "seen" in text
    assert "Checks that only your instructor runs: 0 of 2 points." in text
    assert "0 of 4 points" in text


@FORMS
def test_a_mistake_is_told_once_and_its_cause_first(make: Callable[[Record, str], str]) -> None:
    record = with_checks(
        failed("go", cause="It is doubled.", message="It is 2, expected 1.", printed="hello"),
        failed("stop", cause="It is doubled.", message="It is 4, expected 2.", same_as="go"),
    )
    text = make(record, "Lab 1")
    assert text.index("It is doubled.") < text.index("It is 2, expected 1.")
    assert text.count("It is doubled.") == 1
    assert "It is 4" not in text
    assert "The same mistake as above." in text
    assert text.index("Your code printed:") < text.index("hello")


@FORMS
def test_it_speaks_the_language_of_the_report(make: Callable[[Record, str], str]) -> None:
    record = with_checks(
        failed("go", message="m"), failed("b", message="m", same_as="go"), language="ko"
    )
    text = make(record, "Lab 1")
    with speaking("ko"):
        assert _("The same mistake as above.") in text
    assert "The same mistake" not in text


@pytest.mark.parametrize(
    ("state", "word"), [("excused", "excused"), ("nothing handed in", "nothing handed in")]
)
@FORMS
def test_what_has_no_score_says_what_it_is(
    make: Callable[[Record, str], str], state: str, word: str
) -> None:
    class Stateless(Record):
        score = None

    record = Stateless(Enrolled("ada"), None, 10, absence=state)  # type: ignore[arg-type]
    text = make(record, "Lab 1")
    assert word in text
    assert "10 points" not in text


def test_two_files_named_after_the_student(tmp_path: Path) -> None:
    paths = write_feedback(with_statuses("passed", who="Ada L."), "Lab 1", tmp_path)
    assert [path.name for path in paths] == [f"{slug('Ada L.')}.md", f"{slug('Ada L.')}.html"]
    assert sorted(tmp_path.iterdir()) == sorted(paths)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a*b_c", r"a\*b\_c"),
        ("`a*b` and *", r"`a*b` and \*"),
        ("two\nlines", "two lines"),
        ("# heading", r"\# heading"),
        ("one ` alone", r"one \` alone"),
    ],
)
def test_markdown_is_escaped_but_for_code(text: str, expected: str) -> None:
    assert escaped(text) == expected
