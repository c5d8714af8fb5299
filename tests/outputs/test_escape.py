"""Text for each medium: shown, obeyed by nobody, and cut."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from grader.cli.common import refuse
from grader.outputs import escape
from tests.hostile import (
    ATTACKS,
    COMMAND,
    OLD_COMMAND,
    everything_hostile,
    lines_of,
    of_every_status,
    shows_nothing_hidden,
)


def test_a_command_gives_back_what_was_put_in() -> None:
    """Unescaped as the runner does it, the message is the text again, and the properties are whole."""
    text = "100% %0A :,\r\n::error::x"
    line = escape.command("error", text, title=text)
    assert "\n" not in line
    head, data = line.removeprefix("::error title=").split("::", 1)
    for escaped, more in ((data, {}), (head, {"%3A": ":", "%2C": ","})):
        plain = escaped
        for code, character in {"%0D": "\r", "%0A": "\n", **more}.items():
            plain = plain.replace(code, character)
        assert plain.replace("%25", "%") == text


@pytest.mark.parametrize("text", ATTACKS)
def test_markdown_shows_plain_text(text: str) -> None:
    """A Markdown reader with tables, links and HTML turned on makes nothing but text of it."""
    reader = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
    tokens = reader.parse(
        f"| a | {escape.markdown(text)} |\n|---|---|\n| b | {escape.markdown(text)} |\n"
    )
    inline = [child for token in tokens for child in token.children or []]
    kinds = {token.type for token in tokens if token.type != "inline"}
    assert {kind.removesuffix("_open").removesuffix("_close") for kind in kinds} <= {
        *("table", "thead", "tbody", "tr", "th", "td"),
    }
    assert {child.type for child in inline} <= {"text", "html_inline"}
    assert {child.content for child in inline if child.type == "html_inline"} <= {
        "<span>",
        "</span>",
    }
    # a row of two cells stays one
    assert sum(token.type == "td_open" for token in tokens) == 2
    alone = [token.type for token in reader.parse(escape.markdown(text))]
    assert alone in ([], ["paragraph_open", "inline", "paragraph_close"])


@pytest.mark.parametrize("text", ATTACKS)
def test_a_fence_holds(text: str) -> None:
    tokens = MarkdownIt("commonmark").parse(escape.fenced(text))
    assert [token.type for token in tokens] == ["fence"]
    assert shows_nothing_hidden(tokens[0].content)


@pytest.mark.parametrize("text", ATTACKS)
def test_html_shows_plain_text(text: str) -> None:
    class Reader(HTMLParser):
        def __init__(self) -> None:
            super().__init__()
            self.tags: set[str] = set()
            self.text = ""

        def handle_starttag(self, tag: str, attrs: object) -> None:
            self.tags.add(tag)

        def handle_data(self, data: str) -> None:
            self.text += data

    line = Reader()
    line.feed(escape.html(text))
    assert line.tags <= {"span"}
    assert shows_nothing_hidden(line.text)


@pytest.mark.parametrize("text", ATTACKS)
def test_no_spreadsheet_takes_a_cell_for_a_formula(text: str) -> None:
    out = io.StringIO()
    csv.writer(out).writerow(["a", escape.cell(text), "b"])
    [row] = csv.reader(io.StringIO(out.getvalue()))
    assert row[0] == "a"
    assert row[2] == "b"
    assert not row[1].lstrip().startswith(tuple("=+-@|%＝＋－＠\t\r\n"))
    assert shows_nothing_hidden(row[1])
    assert len(row[1]) < escape.CELL_LENGTH + 50


# white space, and what is not seen, does not stand before a formula for a spreadsheet
@pytest.mark.parametrize(
    "before", ["", " ", "\t", "\n", " \n ", "\u00a0", "\u3000", "\u2028", "\r\n"]
)
@pytest.mark.parametrize("start", "=+-@|%＝＋－＠")
def test_a_formula_becomes_text(before: str, start: str) -> None:
    made = escape.cell(f"{before}{start}SUM(A1)")
    assert made.startswith("'") or not made.strip().startswith(start)
    assert made.endswith(f"{start}SUM(A1)")
    if before.strip(" \n") == "":
        assert made == f"'{before}{start}SUM(A1)"


@pytest.mark.parametrize("text", ["\ufeff=1", "\u200b=1", "\x00=1", "\u202e=1"])
def test_what_is_not_seen_is_written_out_before_a_formula(text: str) -> None:
    assert escape.cell(text).startswith("\\")


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=20))
def test_a_cell_is_never_a_formula_and_loses_nothing_that_is_printable(text: str) -> None:
    made = escape.cell(text)
    assert not made.lstrip().startswith(tuple("=+-@|%＝＋－＠\t\r"))
    assert shows_nothing_hidden(made)
    if text.isprintable():
        assert made.removeprefix("'") == text.removeprefix("'")


def test_what_is_no_formula_stays() -> None:
    values: list[str | int | float | None] = [
        "Ada",
        "a=b",
        "",
        "김민준",
        "a\nb",
        -5,
        1.5,
        True,
        None,
    ]
    made = [escape.cell(value) for value in values]
    assert made == values
    assert [type(each) for each in made] == [type(each) for each in values]


def test_long_text_is_cut_everywhere() -> None:
    long = max(ATTACKS, key=len)
    stated: dict[Callable[[str], str], int] = {
        escape.markdown: escape.NAME_LENGTH,
        escape.html: escape.NAME_LENGTH,
        escape.fenced: escape.MESSAGE_LENGTH,
        escape.cell: escape.CELL_LENGTH,
        escape.xml: escape.MESSAGE_LENGTH,
        escape.one_line: escape.NAME_LENGTH,
    }
    for shown, length in stated.items():
        assert length <= len(shown(long)) < length + 60


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet=st.sampled_from(list(":#[] \n\r\tx%")), max_size=30))
def test_no_text_makes_a_command(text: str) -> None:
    shown = escape.log_line(text)
    assert "::" not in shown
    assert OLD_COMMAND not in shown
    # nothing is lost
    assert shown.replace(" ", "") == text.replace(" ", "")


@pytest.mark.parametrize("text", ATTACKS)
def test_a_cleaned_report_hides_nothing_and_is_cut(text: str) -> None:
    report = escape.cleaned(everything_hostile(text))
    lines, blocks = [report.submission], list(report.environment.absent)
    for exercise in report.exercises:
        lines += [exercise.name, exercise.title]
        blocks += [exercise.message, *(each.message for each in exercise.violations)]
        for check in exercise.checks:
            lines += [check.description, check.place, *(each.title for each in check.pictures)]
            blocks += [check.message, check.cause]
    assert all(map(shows_nothing_hidden, lines + blocks))
    assert not any("\n" in line for line in lines)
    assert max(map(len, lines)) < 400
    assert max(map(len, blocks)) < 2100


def test_what_is_clean_already_stays_as_it_is() -> None:
    report = of_every_status("ko")
    assert escape.cleaned(report) == report
    for exercise in report.exercises:
        assert escape.cleaned_exercise(exercise) == exercise
    assert escape.cleaned(replace(report, submission="a\tb")).submission == "a b"


@pytest.mark.parametrize("text", ATTACKS)
def test_an_xml_document_holds_it(text: str) -> None:
    element = ElementTree.Element("a")
    element.text = escape.xml(text)
    read = ElementTree.fromstring(ElementTree.tostring(element, encoding="unicode"))
    assert read.text == element.text


def test_a_line_is_one() -> None:
    assert escape.one_line(" a\n\tb  c\r") == "a b c"


@pytest.mark.parametrize("text", ATTACKS)
def test_a_refusal_is_no_command(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        refuse(f"`{text}` is not known here.")
    assert caught.value.code == 2
    told = capsys.readouterr().err
    assert not any(COMMAND.match(line) for line in lines_of(told))
    assert OLD_COMMAND not in told
    assert shows_nothing_hidden(told)
