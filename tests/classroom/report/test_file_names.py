"""Any text gives a file name that every file system takes, and two texts give two."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from grader.classroom.report.file_names import slug
from tests.hostile import ATTACKS
from tests.synthetic import HOSTILE

ANY = st.text() | st.sampled_from(ATTACKS)


@given(ANY)
def test_a_slug_is_a_file_name_everywhere(text: str) -> None:
    made = slug(text)
    assert re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_-]{0,69}", made)
    assert made.lower() not in ("con", "prn", "aux", "nul", "com1", "lpt1")
    assert made == slug(text)


@given(ANY, ANY)
def test_two_texts_have_two_slugs(one: str, other: str) -> None:
    assert (slug(one).lower() == slug(other).lower()) == (one == other)


def test_slugs_of_the_usual_names() -> None:
    assert slug("ada-l_2") == "ada-l_2"
    assert slug("Ada").startswith("Ada-")
    assert slug("con").startswith("con-")
    assert slug("-rf").startswith("rf-")
    assert len(slug("x" * 500)) < 80


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
