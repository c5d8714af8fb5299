"""What a course lists as no mistake is read with its reason, and a bad list is told with its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader.authoring.equivalents import (
    Equivalent,
    EquivalentBehaviour,
    read_equivalent_behaviours,
    read_equivalents,
    submissions_folder,
)
from grader.course.catalog import load_course
from grader.errors import CourseError

ENTRY = '[[mutant]]\nexercise = "scaled"\noriginal = "a"\nmutated = "b"\nreason = "c"\n'


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("mutant = [", "is not TOML"),
        ("mutant = 3", "`mutant` has to be tables"),
        ('mutant = ["x"]', r"\[\[mutant\]\] 1: it has to say exercise, original, mutated, reason"),
        (ENTRY + ENTRY.replace('reason = "c"', ""), r"\[\[mutant\]\] 2: it has to say"),
        (ENTRY + 'because = "d"\n', r"\[\[mutant\]\] 1: it has to say"),
        (ENTRY.replace('"c"', "3"), r"\[\[mutant\]\] 1: `reason` has to be a text"),
        ("# \udcff", "line 1 is not UTF-8 text"),
    ],
)
def test_a_bad_list_of_equivalents(folder: Path, text: str, told: str) -> None:
    path = folder / "tests/submissions/equivalent.toml"
    assert read_equivalents(load_course(folder)) == ()
    path.write_bytes(text.encode(errors="surrogateescape"))
    with pytest.raises(CourseError, match=rf"equivalent\.toml.*{told}"):
        read_equivalents(load_course(folder))


BEHAVIOUR = ENTRY.replace("mutant", "behaviour").replace("original", "function")
BEHAVIOUR = BEHAVIOUR.replace("mutated", "mistake")


def test_both_kinds_of_tables_stand_in_one_file(folder: Path) -> None:
    course = load_course(folder)
    assert read_equivalent_behaviours(course) == ()
    (submissions_folder(course) / "equivalent.toml").write_text(ENTRY + BEHAVIOUR)
    assert read_equivalents(course) == (Equivalent("scaled", "a", "b", "c"),)
    assert read_equivalent_behaviours(course) == (EquivalentBehaviour("scaled", "a", "b", "c"),)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("behaviour = 3", r"`behaviour` has to be tables, each headed \[\[behaviour\]\]"),
        (BEHAVIOUR.replace('reason = "c"', ""), "1: it has to say exercise, function, mistake"),
        (BEHAVIOUR.replace('"b"', "3"), "1: `mistake` has to be a text"),
    ],
)
def test_a_bad_list_of_behaviours(folder: Path, text: str, told: str) -> None:
    (folder / "tests/submissions/equivalent.toml").write_text(text)
    with pytest.raises(CourseError, match=told):
        read_equivalent_behaviours(load_course(folder))
    assert read_equivalents(load_course(folder)) == ()


@pytest.mark.parametrize(
    ("function", "mistake", "fits"),
    [
        ("C.forward", "x changed in place", True),
        ("*", "x changed in place", True),
        ("C.*", "* changed in place", True),
        ("D.*", "* changed in place", False),
        ("C.forward", "x", False),
        ("c.forward", "x changed in place", False),
    ],
)
def test_a_star_stands_for_any_text(function: str, mistake: str, fits: bool) -> None:
    entry = EquivalentBehaviour("any", function, mistake, "because")
    assert entry.fits("C.forward", "x changed in place") is fits
