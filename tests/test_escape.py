"""What a student wrote, in every output: shown, obeyed by nobody, and cut."""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from html.parser import HTMLParser
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from rich.console import Console

from grader.cli.common import refuse
from grader.outputs import (
    classroom50_result,
    classroom_reporter,
    escape,
    github,
    gradescope_results,
    junit,
    notebook_html,
    terminal,
)
from grader.report import Report

from .hostile import ATTACKS, hostile_report, with_violation

REPORT = with_violation(hostile_report(), ATTACKS[0])
# what the runner takes for a command: at a line's start after white space, and in the old form anywhere
COMMAND = re.compile(r"^\s*::", re.MULTILINE)
OLD_COMMAND = "##["


def lines_of(text: str) -> list[str]:
    """As the runner reads them."""
    return re.split("\r\n|\r|\n", text)


def shows_nothing_hidden(text: str) -> bool:
    return not any(
        unicodedata.category(each) in ("Cc", "Cf", "Cs") for each in text if each != "\n"
    )


def terminal_text(report: Report, colours: bool = False) -> str:
    out = io.StringIO()
    terminal.render(
        report, Console(file=out, width=100, force_terminal=colours, legacy_windows=False)
    )
    return out.getvalue()


def test_terminal_gives_no_codes_of_the_students() -> None:
    text = terminal_text(REPORT)
    assert shows_nothing_hidden(text)
    coloured = terminal_text(REPORT, colours=True)
    # the colours are ours; nothing else of the escape's kind is left
    assert shows_nothing_hidden(re.sub(r"\x1b\[[\d;]*m", "", coloured))
    assert "\x1b]" not in coloured


def test_the_log_holds_no_command() -> None:
    text = github.log(REPORT)
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


def test_a_command_gives_back_what_was_put_in() -> None:
    """Unescaped as the runner does it, the message is the text again, and the properties are whole."""
    text = "100% :,\r\n::error::x"
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


def test_the_summary_is_made_of_our_markup_alone() -> None:
    reader = MarkdownIt("commonmark", {"html": True}).enable("table")
    tokens = reader.parse(github.summary(REPORT, title=ATTACKS[11]))
    headings = [token for token in tokens if token.type == "heading_open"]
    assert [token.tag for token in headings] == ["h2", "h3"]
    assert sum(token.type == "table_open" for token in tokens) == 1
    blocks = "".join(token.content for token in tokens if token.type == "html_block")
    assert set(re.findall(r"</?(\w+)", blocks)) <= {"details", "summary", "b", "span"}
    assert blocks.count("<details>") == blocks.count("</details>") == 18 * 3


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
    page = Reader()
    page.feed(notebook_html.render(REPORT))
    assert page.tags <= {"div", "p", "b", "table", "tr", "td"}
    assert shows_nothing_hidden(line.text + page.text)


@pytest.mark.parametrize("text", ATTACKS)
def test_no_spreadsheet_takes_a_cell_for_a_formula(text: str) -> None:
    out = io.StringIO()
    csv.writer(out).writerow(["a", escape.csv_cell(text), "b"])
    [row] = csv.reader(io.StringIO(out.getvalue()))
    assert row[0] == "a"
    assert row[2] == "b"
    assert not row[1].lstrip().startswith(("=", "+", "-", "@", "\t", "\r", "|", "%"))
    assert shows_nothing_hidden(row[1])
    assert len(row[1]) < escape.CELL_LENGTH + 50


def test_junit_is_well_formed_and_holds_no_more_elements() -> None:
    root = ElementTree.fromstring(junit.render(REPORT))
    assert {each.tag for each in root.iter()} == {
        *("testsuites", "testsuite", "testcase", "properties", "property", "failure", "system-out"),
    }


def test_services_get_clean_text() -> None:
    environ = dict.fromkeys(classroom50_result.VARIABLES, "x") | {
        "ASSIGNMENT_TYPE": "group",
        "SUBMISSION_TAG": "submit/x",
    }
    from datetime import UTC, datetime

    texts = (
        gradescope_results.render(REPORT),
        classroom50_result.render(REPORT, environ, datetime.now(UTC)),
        classroom50_result.body(REPORT),
    )
    for text in texts:
        assert shows_nothing_hidden(text)


def test_what_the_reporter_prints_holds_no_command() -> None:
    for test in classroom_reporter.result(REPORT)["tests"]:
        for text in (test["name"], test["message"]):
            assert "\n" not in text
            assert "::" not in text
            assert OLD_COMMAND not in text
            assert shows_nothing_hidden(text)


def test_long_text_is_cut_everywhere() -> None:
    long = max(ATTACKS, key=len)
    stated = {
        escape.markdown: escape.NAME_LENGTH,
        escape.html: escape.NAME_LENGTH,
        escape.fenced: escape.MESSAGE_LENGTH,
        escape.csv_cell: escape.CELL_LENGTH,
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
def test_a_refusal_is_no_command(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        refuse(f"`{text}` is not known here.")
    assert caught.value.code == 2
    told = capsys.readouterr().err
    assert not any(COMMAND.match(line) for line in lines_of(told))
    assert OLD_COMMAND not in told
    assert shows_nothing_hidden(told)
