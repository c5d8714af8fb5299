"""Catalogues stay in step with the texts: what is found, what is kept, and what is said of a translation."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.mofile import read_mo

from grader.authoring.po_files import (
    compile_old,
    problems,
    read,
    texts_of_course,
    texts_of_grader,
    update,
)
from grader.course.catalog import load_course
from grader.errors import CourseError, TranslationError


def korean(folder: Path) -> Path:
    return folder / "ko" / "LC_MESSAGES" / "messages.po"


@pytest.mark.parametrize(
    ("english", "other", "amiss"),
    [
        ("{what} is None.", "{what}: None", ""),
        ("{what} is None.", "", "is not translated"),
        ("{what} is None.", "{was}: None", "other placeholders: was, what"),
        ("Use `.item()`.", "`.items()`.", "other code: `.item()`, `.items()`"),
        ("The loss $L$.", "$l$", "other code"),
        (("One {thing}.", "{count} {things}."), ("{thing} 하나",), ""),
        (("One {thing}.", "{count} {things}."), ("{things} {count}개",), ""),
        (("One {thing}.", "{count} {things}."), ("{other}",), "other placeholders"),
        (("One {thing}.", "{count} {things}."), ("",), "is not translated"),
    ],
)
def test_a_translation_is_looked_at(
    english: str | tuple[str, str], other: str | tuple[str, ...], amiss: str
) -> None:
    catalogue, template = Catalog(locale="ko"), Catalog()
    template.add(english)
    catalogue.add(english, other)
    found = list(problems(catalogue, template))
    assert (found == []) if not amiss else (amiss in found[0])
    catalogue.add(english, other, flags={"fuzzy"})
    assert list(problems(catalogue, template))


def test_a_text_that_comes_back_brings_its_translation(tmp_path: Path) -> None:
    path = korean(tmp_path)
    update(tmp_path, "ko", [("a.py", "One text."), ("a.py", "Another text entirely.")])
    text = path.read_text(encoding="utf-8")
    text = text.replace('msgid "One text."\nmsgstr ""', 'msgid "One text."\nmsgstr "하나"')
    path.write_text(text, encoding="utf-8")
    update(tmp_path, "ko", [("a.py", "Another text entirely.")])
    assert all(message.id != "One text." for message in read(path))
    update(tmp_path, "ko", [("a.py", "Another text entirely."), ("a.py", "One text.")])
    found = read(path).get("One text.")
    assert found is not None
    assert found.string == "하나"
    update(tmp_path, "ko", [("a.py", "Another text entirely.")], forget=True)
    assert "하나" not in path.read_text(encoding="utf-8")


def test_what_is_written_is_compiled_as_well(tmp_path: Path) -> None:
    path = korean(tmp_path)
    update(tmp_path, "ko", [("a.py", "One text.")])
    text = path.read_text(encoding="utf-8")
    path.write_text(
        text.replace('msgid "One text."\nmsgstr ""', 'msgid "One text."\nmsgstr "하나"')
    )
    assert update(tmp_path, "ko", [("a.py", "One text.")]) == []
    with path.with_suffix(".mo").open("rb") as file:
        compiled = read_mo(file)
    found = compiled.get("One text.")
    assert found is not None
    assert found.string == "하나"
    before = path.read_bytes()
    update(tmp_path, "ko", [("a.py", "One text.")])
    assert path.read_bytes() == before


def test_what_is_missing_or_old_is_compiled(tmp_path: Path) -> None:
    path = korean(tmp_path)
    update(tmp_path, "ko", [("a.py", "One text.")])
    compiled = path.with_suffix(".mo")
    expected = compiled.read_bytes()
    assert compile_old(tmp_path) == []
    compiled.unlink()
    assert compile_old(tmp_path) == [compiled]
    assert compiled.read_bytes() == expected
    os.utime(compiled, (1, 1))
    assert compile_old(tmp_path) == [compiled]
    assert compile_old(tmp_path) == []
    assert {each.name for each in path.parent.iterdir()} == {"messages.po", "messages.mo"}


@pytest.mark.parametrize("language", ["", "korean language", "../ko", "K", "ko_kr"])
def test_what_is_no_language(tmp_path: Path, language: str) -> None:
    with pytest.raises(TranslationError, match="is no code of a language"):
        update(tmp_path, language, [("a.py", "One text.")])
    assert list(tmp_path.iterdir()) == []


def test_a_catalogue_that_cannot_be_used(tmp_path: Path) -> None:
    path = korean(tmp_path)
    path.parent.mkdir(parents=True)
    path.write_bytes(b'msgid "\xff\n')
    with pytest.raises(TranslationError, match=r"messages\.po cannot be read as a catalogue"):
        update(tmp_path, "ko", [])
    path.write_text('msgid "One."\nmsgid "Two."\nmsgstr\n')
    with pytest.raises(TranslationError, match=r"messages\.po cannot be read as a catalogue"):
        update(tmp_path, "ko", [])
    (tmp_path / "file").write_text("")
    with pytest.raises(TranslationError, match=r"messages\.po cannot be written"):
        update(tmp_path / "file", "ko", [])


def test_the_graders_texts_are_what_students_read() -> None:
    found = list(texts_of_grader())
    files = {file for file, _ in found}
    texts = {text for _, text in found if isinstance(text, str)}
    assert {"cli/check.py", "cli/common.py", "course/translated_stub.py"} <= files
    assert not [file for file in files if file.startswith(("checks/", "built_in/"))]
    # help of students' commands, and of the options that they share with others; not of instructors' commands
    assert "Shows the statement of the exercise NAME." in texts
    assert "Notebooks instead of Python files." in texts
    assert any(text.startswith("The folder of another course") for text in texts)
    assert "Write the assignment's template repository." not in texts


SOLUTION = '''"""Doubling

Twice a tensor.

    >>> double(1)

See: https://example.org
"""


def double(x):
    """Twice `x`."""
    ### BEGIN SOLUTION
    """Not told."""
    return 2 * x
    ### END SOLUTION
'''
CHECKS = '''from grader import N_, _, Cause, points

HINTS = ("Think of 2.",)
CAUSE = Cause("factor", "It is three times.")
LATER = N_("Another one.")


@points(10)
def test_double(student):
    """`double(x)` is
    2·x.

    For authors.
    """
    _("{count} is wrong.")
    "Not marked."
'''


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in (("solutions", SOLUTION), ("checks", CHECKS)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "double.py").write_text(text)
    (tmp_path / "course.toml").write_text(
        'title = "Mine"\n[[unit]]\ntitle = "One"\nexercises = ["double"]\n'
    )
    return tmp_path


def test_a_courses_texts(folder: Path) -> None:
    found = list(texts_of_course(load_course(folder)))
    assert found == [
        ("course.toml", "Mine"),
        ("course.toml", "One"),
        ("solutions/double.py", "Doubling"),
        ("solutions/double.py", "Twice a tensor."),
        ("solutions/double.py", "Twice `x`."),
        ("checks/double.py", "`double(x)` is 2·x."),
        ("checks/double.py", "It is three times."),
        ("checks/double.py", "Another one."),
        ("checks/double.py", "{count} is wrong."),
        ("checks/double.py", "Think of 2."),
    ]


def test_without_solutions_the_stubs_are_read(folder: Path) -> None:
    before = list(texts_of_course(load_course(folder)))
    (folder / "exercises").mkdir()
    (folder / "solutions" / "double.py").rename(folder / "exercises" / "double.py")
    text = (folder / "exercises" / "double.py").read_text()
    (folder / "exercises" / "double.py").write_text(text.replace('    """Not told."""\n', ""))
    assert list(texts_of_course(load_course(folder))) == before
    (folder / "exercises" / "double.py").unlink()
    with pytest.raises(CourseError, match=r"exercises/double\.py cannot be read"):
        list(texts_of_course(load_course(folder)))


@pytest.mark.parametrize("place", ["solutions", "checks"])
def test_a_course_that_is_no_python(folder: Path, place: str) -> None:
    (folder / place / "double.py").write_text("x = 1\ndef f(:\n")
    with pytest.raises(CourseError, match=rf"{place}/double\.py, line 2: "):
        list(texts_of_course(load_course(folder)))
