"""Stubs in another language, with the same code."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from grader import language, load_course
from grader.authoring.stub import release
from grader.course.catalog import Course
from grader.course.translated_stub import docstrings, stub_text, stub_texts
from grader.course.translation import statement_of, title_of

NAMES = load_course().names
HANGUL = re.compile("[가-힣]")


def code_of(text: str) -> str:
    """The code alone, without docstrings and comments."""
    tree = ast.parse(text)
    for node, _ in list(docstrings(tree)):
        assert isinstance(node.value, ast.Constant)
        node.value.value = ""
    return ast.dump(tree)


def test_what_a_stub_holds_besides_stays(course: Course) -> None:
    language.learn(course.folder)
    text = '"""Numerical differentiation"""\nx = "\x0c"\n\n\ndef f(): """Apply the layer."""\n\n\n'
    with language.speaking("ko"):
        assert stub_text(text, Path("stub.py")) == text.replace(
            "Numerical differentiation", "수치 미분"
        )


def test_a_docstring_may_hold_what_python_reads_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    spoken = "Of \\n and \\\\, and more:\n\n    an example.\n\nAnd so on."
    monkeypatch.setattr("grader.course.translated_stub.translated", lambda text: spoken)
    [(_, kept)] = docstrings(ast.parse(stub_text('"""One line."""\n', Path("stub.py"))))
    assert kept == spoken
    monkeypatch.setattr("grader.course.translated_stub.translated", lambda text: 'It is """x""".')
    assert stub_text('"""One line."""\n', Path("stub.py")) == "\"\"\"It is '''x'''.\"\"\"\n"


@pytest.mark.parametrize("name", NAMES)
def test_a_korean_stub_has_the_same_code(course: Course, name: str, tmp_path: Path) -> None:
    exercise = course[name]
    english = exercise.stub.read_text(encoding="utf-8")
    assert stub_text(english, Path("stub.py")) == english
    language.learn(course.folder)
    with language.speaking("ko"):
        text = release(exercise, tmp_path).read_text(encoding="utf-8")
        title, statement = title_of(exercise), statement_of(exercise)
    assert code_of(text) == code_of(english)
    assert title != exercise.title
    assert statement.startswith(title)
    pairs = list(zip(docstrings(ast.parse(text)), docstrings(ast.parse(english)), strict=True))
    assert pairs[0][0][1] == statement
    for (_, korean), (_, original) in pairs:
        assert HANGUL.search(korean), original


def test_a_stub_in_each_language(course: Course) -> None:
    language.learn(course.folder)
    exercise = course["derivative"]
    texts = list(stub_texts(exercise))
    assert texts[0] == exercise.stub.read_text(encoding="utf-8")
    assert len(texts) == len(set(texts)) == len(language.languages())
    assert language.current() == "en"
