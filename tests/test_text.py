"""A student's text made safe to keep, and read as Python without a word from Python."""

from __future__ import annotations

import ast
import warnings

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.language import speaking
from grader.text import MESSAGE_LENGTH, clean, either, line_of, listed, tree_of
from tests.hostile import ATTACKS, shows_nothing_hidden


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("a = 1", "a = 1"),
        ("두\n줄", "두\n줄"),
        ("a\tb", "a    b"),
        ("a\u00a0b\u3000c", "a b c"),
        ("\x1b[31mred\x07", "\\x1b[31mred\\x07"),
        ("a\rb\x00", "a\\x0db\\x00"),
        ("\u202eesrever\u200b", "\\u202eesrever\\u200b"),
        ("a\u2028b\u2029", "a\\u2028b\\u2029"),
        ("\ud800", "\\ud800"),
        ("x\u0301 😀", "x\u0301 😀"),
        ("", ""),
    ],
)
def test_what_would_be_obeyed_is_written_out(text: str, plain: str) -> None:
    assert clean(text) == plain


@pytest.mark.parametrize("text", ATTACKS)
def test_no_attack_is_left(text: str) -> None:
    made = clean(text)
    assert shows_nothing_hidden(made)
    made.encode()  # without a lone surrogate
    assert len(made) <= MESSAGE_LENGTH * 6 + 40


@given(st.text(max_size=40))
def test_what_is_clean_stays(text: str) -> None:
    made = clean(text)
    assert shows_nothing_hidden(made)
    assert clean(made) == made
    if text.isprintable():
        assert made == text


def test_long_text_is_cut_and_says_how_long_it_was() -> None:
    assert clean("x" * 600) == "x" * 600
    assert clean("x" * 1234) == "x" * 600 + "… (1,234 characters)"
    assert clean("abc", 2) == "ab… (3 characters)"
    assert clean("\x00\x00\x00", 2) == "\\x00\\x00… (3 characters)"


def test_a_tree_or_none() -> None:
    tree = tree_of("x = 1")
    assert tree is not None
    assert ast.unparse(tree) == "x = 1"
    for wrong in ("x = ", "\x00", "  x\n y"):
        assert tree_of(wrong) is None


def test_python_does_not_warn_of_what_a_student_wrote() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert tree_of('"\\d"\n1 is 1\n') is not None


def test_a_line_by_its_number() -> None:
    lines = ["one", "    two ", "\tthr\x1bee"]
    assert [line_of(lines, number) for number in range(5)] == ["", "one", "two", "thr\\x1bee", ""]
    assert line_of(lines, -1) == ""
    assert line_of(["x" * 200], 1) == "x" * 120 + "… (200 characters)"


def test_names_in_a_sentence() -> None:
    assert listed([]) == ""
    assert listed(["a"]) == "`a`"
    assert listed(["a", "b"]) == "`a` and `b`"
    assert listed(["a", "b", "c"]) == "`a`, `b` and `c`"
    assert (either([]), either(["a"])) == ("", "`a`")
    assert either(["a", "b", "c"]) == "`a`, `b` or `c`"
    with speaking("ko"):
        assert "and" not in listed(["a", "b"])
        assert "or" not in either(["a", "b"])
