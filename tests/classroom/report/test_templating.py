"""Whatever is filled into a template is escaped, and what is not given is an error."""

from __future__ import annotations

import pytest
from jinja2 import UndefinedError

from grader.classroom.report.templating import asset, code, environment, students
from tests.synthetic import HOSTILE


def test_what_is_filled_in_is_escaped() -> None:
    template = environment().from_string("<p title='{{ text }}'>{{ text }}{{ text|code }}</p>")
    for text in HOSTILE:
        page = template.render(text=text)
        assert page.count("<") == page.count(">") == 2 + 2 * page.count("<code>")
        assert page.count("'") == 2


def test_what_is_not_given_is_an_error() -> None:
    with pytest.raises(UndefinedError, match="nothing_of_this_name"):
        environment().from_string("{{ nothing_of_this_name }}").render()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("call `a.b()` here", "call <code>a.b()</code> here"),
        ("`<b>` & `c`", "<code>&lt;b&gt;</code> &amp; <code>c</code>"),
        ("one ` alone", "one ` alone"),
        ("`no\ncode`", "`no\ncode`"),
        ("``", "``"),
    ],
)
def test_what_stands_between_backticks_is_code(text: str, expected: str) -> None:
    assert code(text) == expected
    assert environment().from_string("{{ text|code }}").render(text=text) == expected


@pytest.mark.parametrize(
    ("count", "expected"), [(0, "0 students"), (1, "1 student"), (1200, "1,200 students")]
)
def test_students_are_counted(count: int, expected: str) -> None:
    assert students(count) == expected


def test_files_of_the_page_are_in_the_package() -> None:
    assert asset("app.js").startswith("// The page")
    with pytest.raises(FileNotFoundError):
        asset("nothing.js")
