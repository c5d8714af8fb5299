"""A class's report: its numbers, its files, and what must not be in them."""

from __future__ import annotations

import csv
import json
import re
import stat
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from markdown_it import MarkdownIt

from grader.classroom.records import Enrolled, Record
from grader.classroom.report import tables
from grader.classroom.report.class_summary import ClassSummary, kind_of
from grader.classroom.report.exports import split_name
from grader.classroom.report.item_analysis import (
    check_items,
    discrimination,
    distribution,
    exercise_items,
)
from grader.classroom.report.pseudonyms import Pseudonyms, read_key
from grader.classroom.report.report_folder import write_report
from grader.classroom.report.webpage import script_json
from grader.classroom.sanitize import shown, slug
from grader.errors import GradebookError
from grader.outputs.escape import cell
from grader.report import CheckResult, ExerciseResult, Report

from .synthetic import HERE, HOSTILE, hostile_class, made_class

KEY = b"k" * 32


def summed(records: list[Record]) -> ClassSummary:
    summary = ClassSummary("class")
    for record in records:
        summary.add(shown(record))
    return summary


def graded(*statuses: str, who: str = "a", cause: str = "") -> Record:
    """A student with one exercise, whose checks of two points each came out like this."""
    checks = tuple(
        CheckResult(
            *(f"check{at}", "is right", status, 2, 2 if status == "passed" else 0),  # type: ignore[arg-type]
            cause=cause if status == "failed" else "",
        )
        for at, status in enumerate(statuses)
    )
    score, possible = sum(check.score for check in checks), 2 * len(checks)
    status = "passed" if score == possible else "partial" if score else "failed"
    exercise = ExerciseResult("one", "One", score, possible, status, checks=checks)  # type: ignore[arg-type]
    return Record(Enrolled(who), Report(who, (exercise,), HERE), possible)


# ── numbers ─────────────────────────────────────────────────────────────────────────────────────


def test_rates_count_those_who_tried() -> None:
    records = [
        graded("passed", "failed"),
        graded("passed", "timeout"),
        graded("failed", "not_reached"),
        graded("not_started", "skipped"),
        graded("skipped", "error"),
        Record(Enrolled("absent"), None, 4),
    ]
    first, second = check_items(summed(records))
    assert (first.tried, first.passed) == (3, 2)
    assert (second.tried, second.passed) == (3, 0)
    assert first.rate == pytest.approx(2 / 3)


def test_discrimination_is_the_point_biserial_with_the_rest() -> None:
    """Against the textbook's formula (M1 − M0) / s · √(p q), worked out from the records themselves."""
    records = list(made_class(200, exercises=4))
    summary = summed(records)
    for number, item in enumerate(check_items(summary)):
        check = summary.checks[number]
        name = summary.exercises[check.exercise].name
        passed, rest = [], []
        for record in records:
            for exercise in record.report.exercises if record.report else ():
                for result in exercise.checks:
                    if (exercise.name, result.name) != (name, check.name):
                        continue
                    assert record.report
                    passed.append(result.status == "passed")
                    rest.append(record.report.score - result.score)
        assert item.tried == len(passed)
        assert item.passed == sum(passed)
        ones = np.array(passed)
        scores = np.array(rest, dtype=float)
        p = ones.mean()
        expected = (
            (scores[ones].mean() - scores[~ones].mean()) / scores.std() * np.sqrt(p * (1 - p))
        )
        assert item.discrimination
        assert item.discrimination.r == pytest.approx(expected)
        assert item.discrimination.low < expected < item.discrimination.high


def test_a_check_of_luck_does_not_discriminate_and_one_of_skill_does() -> None:
    summary = summed(list(made_class(400, exercises=6)))
    by_name: dict[str, list[float]] = {}
    for check, item in zip(summary.checks, check_items(summary), strict=True):
        assert item.discrimination
        by_name.setdefault(check.name, []).append(item.discrimination.r)
    assert max(by_name["empty"]) < 0.35 < 0.4 < min(by_name["backward"])
    assert all(
        item.discrimination and item.discrimination.word == "very good"
        for item in exercise_items(summary)
    )


def test_no_discrimination_from_too_few_or_from_all_the_same() -> None:
    ones, scores = np.ones(20), np.arange(20.0)
    assert discrimination(ones, scores) is None
    assert discrimination(scores, ones) is None
    assert discrimination(scores[:9], scores[:9]) is None
    exact = discrimination(scores, scores)
    assert exact
    assert exact.r == pytest.approx(1)
    assert exact.high <= 1


def test_interval_is_fishers() -> None:
    """r = 0.5 with n = 50: 0.257 to 0.684, as tables of Fisher's transformation have it."""
    a = np.array([1.0, -1.0] * 25)
    b = np.array([1.0, 1.0, -1.0, -1.0] * 12 + [1.0, 1.0])
    b -= a * (a @ b) / (a @ a)
    b -= b.mean()
    a -= a.mean()
    b *= np.linalg.norm(a) / np.linalg.norm(b)
    found = discrimination(a, 0.5 * a + np.sqrt(0.75) * b)
    assert found
    assert found.r == pytest.approx(0.5, abs=1e-3)
    assert found.low == pytest.approx(0.257, abs=2e-3)
    assert found.high == pytest.approx(0.684, abs=2e-3)


@pytest.mark.parametrize("size", [1, 2, 30, 200])
def test_bins_hold_every_score_once(size: int) -> None:
    summary = summed(list(made_class(size)))
    told = distribution(summary)
    scores = sorted(line.score for line in summary.handed_in())
    assert sum(height for _, _, height in told.bins) == told.handed_in == len(scores)
    for low, high, height in told.bins:
        assert height == sum(low <= score <= high for score in scores)
    assert len(told.bins) <= 20
    assert told.bins[0][0] == 0
    assert told.bins[-1][1] == 180
    assert (told.least, told.most) == (scores[0], scores[-1])
    assert told.quartiles[1] == pytest.approx(np.median(scores))


def test_mistakes_are_grouped_whatever_their_numbers() -> None:
    records = [
        graded("failed", "failed", who="a", cause="It is m = 5 times too large."),
        graded("failed", "passed", who="b", cause="It is m = 7 times too large."),
        graded("passed", "failed", who="c"),
        graded("timeout", "passed", who="d"),
    ]
    found = {(one.kind, one.text): one for one in summed(records).mistakes}
    named = found["cause", "It is m = 5 times too large."]
    assert (named.students, named.checks) == ([0, 1], {0, 1})
    assert found["no cause named", "Not right: is right"].students == [2]
    assert found["timeout", "Not done within its time."].students == [3]
    assert len(found) == 3
    assert kind_of("off by -1.5e-3 at 2") == kind_of("off by 7 at 10")


def test_score_that_counts_is_the_records() -> None:
    summary = summed(list(made_class(60)))
    for line, record in zip(summary.lines, made_class(60), strict=True):
        assert line.score == record.score
        assert line.graded == (record.report.score if record.report else 0)


# ── files ───────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report of sixty students and of those whose names are attacks."""
    where = tmp_path_factory.mktemp("report") / "class"
    write_report([*made_class(60), *hostile_class()], where, title='Class of "26" </title><b>')
    return where


def rows(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


def test_scores_for_every_platform(folder: Path) -> None:
    first = next(made_class(1))
    canvas, moodle, blackboard, classroom50 = (
        rows(folder / "scores" / f"{name}.csv")
        for name in ("canvas", "moodle", "blackboard", "classroom50")
    )
    assert canvas[0][:5] == ["Student", "ID", "SIS User ID", "SIS Login ID", "Section"]
    assert canvas[1] == ["Points Possible", "", "", "", "", "180"]
    assert canvas[2][2:] == [first.student.id, first.student.login, "Lab 1", str(first.score)]
    assert moodle[1][:3] == [first.student.id, first.student.login, first.student.email]
    assert blackboard[0][2] == "Username"
    assert ",".join(classroom50[0]) == (
        "username,first_name,last_name,email,section,score,max_score,"
        "datetime,submission_tag,submitted_by,review_url,late,override"
    )
    assert classroom50[1][5:8] == [str(first.score), "180", f"{first.submitted:%Y-%m-%dT%H:%M:%SZ}"]
    assert [row[-2] for row in classroom50[1:8]] == ["false"] * 6 + ["true"]
    for table in (moodle, blackboard, classroom50):
        assert len(table) == 1 + 60 + len(HOSTILE)


def test_no_cell_is_a_formula(folder: Path) -> None:
    for path in folder.rglob("*.csv"):
        for row in rows(path):
            for value in row:
                assert not re.match(r"\s*[=+@|%＝＋－＠\t\r]|\s*-(?!\d+(\.\d+)?$)", value), (
                    path,
                    value,
                )


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("Ada Lovelace", ("Ada", "Lovelace")),
        ("Lovelace, Ada", ("Ada", "Lovelace")),
        ("Ada King Lovelace", ("Ada King", "Lovelace")),
        ("김민준", ("", "김민준")),
        ("", ("", "")),
    ],
)
def test_names_are_split(name: str, parts: tuple[str, str]) -> None:
    assert split_name(name) == parts


class Tags(HTMLParser):
    """What a browser would see: tags with their attributes, and text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


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
        allowed = "html head meta title style body main h1 h2 p b pre ul li section span code div"
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
        assert text[1:] == [
            [str(cell(value)) for value in row.values()] for row in table.to_pylist()
        ]
    students = pyarrow.parquet.read_table(folder / "tables" / "students.parquet")
    assert students.column("score").to_pylist() == [record.score for record in records]


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


def test_a_report_replaces_a_report_and_nothing_else(tmp_path: Path) -> None:
    target = tmp_path / "out"
    write_report(made_class(3), target, parts=["csv", "feedback"])
    assert (target / "feedback" / "20260002.md").is_file()
    write_report(made_class(2), target, parts=["csv", "feedback"])
    assert not (target / "feedback" / "20260002.md").exists()
    assert stat.S_IMODE(target.stat().st_mode) == 0o700
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter.tex").write_text("precious")
    with pytest.raises(FileExistsError, match="something else"):
        write_report(made_class(2), tmp_path / "thesis")
    assert [path.name for path in (tmp_path / "thesis").iterdir()] == ["chapter.tex"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out", "thesis"]


def test_a_report_that_fails_leaves_the_old_one(tmp_path: Path) -> None:
    def broken() -> Iterator[Record]:
        yield from made_class(2)
        raise OSError("the database is gone")

    target = tmp_path / "out"
    write_report(made_class(3), target, parts=["csv"])
    before = rows(target / "scores" / "moodle.csv")
    with pytest.raises(OSError, match="gone"):
        write_report(broken(), target, parts=["csv", "data"])
    assert rows(target / "scores" / "moodle.csv") == before
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_an_empty_class(tmp_path: Path) -> None:
    write_report([], tmp_path / "none")
    write_report([Record(Enrolled("a"), None, 10)], tmp_path / "absent")
    for name in ("none", "absent"):
        assert "There is nothing to show yet." in (tmp_path / name / "index.html").read_text(
            "utf-8"
        )


# ── pseudonyms ──────────────────────────────────────────────────────────────────────────────────


def told_of(student: Enrolled) -> list[str]:
    """Ways in which a student may be named."""
    first, _, last = student.name.partition(" ")
    return [
        student.id,
        student.login,
        student.email,
        student.name,
        f"/home/{student.login}/hw",
        f"{first.upper()}_{last}.py",
        f"{first}{last}",
        f"{last}, {first}",
    ]


def test_pseudonyms_hide_everybody_everywhere(tmp_path: Path) -> None:
    records = list(made_class(40, exercises=2))
    talking = []
    for at, record in enumerate(records):
        other = records[(at + 7) % 40].student
        text = " ".join([*told_of(record.student), f"copied from {other.name} ({other.login})"])
        talking.append(
            replace(
                record,
                problem=text,
                notes=(text,),
                adjustments=tuple(replace(each, why=text) for each in record.adjustments),
                report=replace(
                    record.report,
                    exercises=tuple(
                        replace(
                            each,
                            message=text,
                            checks=tuple(replace(c, message=text, cause=text) for c in each.checks),
                        )
                        for each in record.report.exercises
                    ),
                )
                if record.report
                else None,
            )
        )
    hidden = Pseudonyms(KEY, [record.student for record in talking])
    write_report(talking, tmp_path / "out", title="class", present=hidden.record)
    secrets = {
        text.casefold()
        for record in talking
        for text in (*told_of(record.student), record.commit, record.digest)
        if text
    } | {"curie"}
    for path in (tmp_path / "out").rglob("*"):
        if path.suffix == ".parquet":
            import pyarrow.parquet

            content = str(pyarrow.parquet.read_table(path).to_pylist())
        elif path.is_file() and path.parent.name != "assets":
            content = path.read_text(encoding="utf-8")
        else:
            content = ""
        for secret in secrets:
            assert secret not in path.name.casefold()
            assert secret not in content.casefold(), (path, secret)
    scores = [row[-1] for row in rows(tmp_path / "out" / "scores" / "moodle.csv")[1:]]
    assert scores == [str(record.score) for record in talking]


def test_pseudonyms_are_stable_and_keyed() -> None:
    students = [record.student for record in made_class(500)]
    first, again = Pseudonyms(KEY, students), Pseudonyms(KEY, students[:1])
    other = Pseudonyms(b"l" * 32, students)
    names = [first.of(student) for student in students]
    assert names[0] == again.of(students[0])
    assert len(set(names)) == 500
    assert not set(names) & {other.of(student) for student in students}


def test_pseudonyms_leave_other_words_alone() -> None:
    students = [
        Enrolled("17", "Li Wu", "li.wu@example.edu", login="li"),
        Enrolled("5", "Mean Loss", "ml@example.edu", login="mloss"),
        Enrolled("20260001", "김민준", "minjun@example.edu", login="minjun-kim"),
    ]
    hidden = Pseudonyms(KEY, students)
    text = "The mean of 17 losses is 5 times too large, like the limit."
    assert hidden.text(text, students[2]) == text
    own = [hidden.of(student) for student in students]
    assert hidden.text("li_hw1.py by Wu, as in /home/li/x", students[0]) == (
        f"{own[0]}_hw1.py by {own[0]}, as in /home/{own[0]}/x"
    )
    assert hidden.text("김민준의 코드", students[0]) == f"{own[2]}의 코드"
    assert hidden.text("see minjun-kim/hw and MINJUN@example.edu", students[1]) == (
        f"see {own[2]}/hw and {own[2]}"
    )


def test_the_key_is_made_once_and_for_its_owner(tmp_path: Path) -> None:
    path = tmp_path / "key"
    key = read_key(path)
    assert len(key) == 32
    assert read_key(path) == key
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path.write_text("no key")
    with pytest.raises(ValueError, match="no key for pseudonyms"):
        read_key(path)


# ── the command ─────────────────────────────────────────────────────────────────────────────────


class Book:
    """What `grader report` asks of a gradebook."""

    title = "PyTorch basics"

    def __enter__(self) -> Book:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def records(self) -> Iterator[Record]:
        return made_class(12)

    def students(self) -> list[Enrolled]:
        return [record.student for record in self.records()]

    def sources(self, student: str) -> dict[str, str]:
        return {}


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Runs `grader ...` on a gradebook that is no database."""
    import sys
    from types import ModuleType

    from click.testing import CliRunner

    from grader.cli import main

    def open_gradebook(where: str) -> Book:
        if where != "class.db":
            raise GradebookError(f"{where} is no gradebook. Make one with: grader grade")
        return Book()

    module = ModuleType("grader.classroom.gradebook.reader")
    vars(module).update(open_gradebook=open_gradebook)
    monkeypatch.setitem(sys.modules, "grader.classroom.gradebook.reader", module)
    return lambda *arguments: CliRunner().invoke(main, [str(one) for one in arguments])


def test_report_command(command: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    done = command("report", "class.db", "--output", "out", "--only", "csv", "--only", "feedback")
    assert done.exit_code == 0, done.output
    assert "12 students" in done.output
    assert sorted(path.name for path in Path("out").iterdir()) == [
        "README.txt",
        "feedback",
        "scores",
    ]
    done = command("report", "class.db", "--output", "out", "--only", "csv", "--pseudonyms")
    assert done.exit_code == 0, done.output
    text = Path("out/scores/moodle.csv").read_text(encoding="utf-8")
    assert "@" not in text
    again = command("report", "class.db", "--output", "again", "--only", "csv", "--pseudonyms")
    assert again.exit_code == 0
    assert Path("again/scores/moodle.csv").read_text(encoding="utf-8") == text
    assert Path("class.db.pseudonyms").is_file()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("report", "class.db", "--output", "full"), "something else than a report"),
        (("report", "class.db", "--output", "no/such/out"), "does not exist"),
        (("report", "other.db", "--output", "out"), "other.db is no gradebook"),
        (("similar", "other.db"), "other.db is no gradebook"),
    ],
)
def test_wrong_calls_are_told_in_a_sentence(
    command: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: tuple[str, ...],
    told: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("full").mkdir()
    Path("full/thesis.tex").write_text("precious")
    done = command(*arguments)
    assert done.exit_code == 2
    assert told in done.output
    assert "Traceback" not in done.output
    assert sorted(path.name for path in Path().rglob("*")) == ["full", "thesis.tex"]
