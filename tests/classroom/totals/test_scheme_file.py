"""A course's file: what it says, and what is told of one that is wrong."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from grader.classroom.totals.scheme import WeightedBook
from grader.classroom.totals.scheme_file import read_scheme
from grader.errors import TotalsError

ONE = '[[assignment]]\ngradebook = "lab1.db"\n'


def read(folder: Path, text: str | bytes) -> str:
    """What is told of a file that cannot be used."""
    path = folder / "term.toml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(TotalsError) as told:
        read_scheme(path)
    assert str(path) in str(told.value)
    return str(told.value)


def test_what_a_file_says(tmp_path: Path) -> None:
    path = tmp_path / "term.toml"
    path.write_text(
        'title = "Term"\ndrop_lowest = 1\nlate_days = 5\nlate_days_each = 2\nnot_handed_in = "left out"\n'
        'out_of = 20\ndecimals = 0\nrounding = "up"\n'
        '[[assignment]]\ngradebook = "lab1.db"\nweight = 0.1\n'
        '[[assignment]]\ngradebook = "postgresql://me@host/lab2"\nname = "Lab 2"\nmay_be_dropped = false\n'
        "[letters]\nA = 17.5\nF = 0\n"
    )
    scheme = read_scheme(path)
    assert scheme.books == (
        WeightedBook(str(tmp_path / "lab1.db"), "", Fraction(1, 10)),
        WeightedBook("postgresql://me@host/lab2", "Lab 2", Fraction(1), False),
    )
    assert (scheme.title, scheme.drop_lowest, scheme.late_days) == ("Term", 1, 5)
    assert (scheme.late_days_each, scheme.not_handed_in) == (2, "left out")
    assert scheme.out_of == 20
    assert (scheme.decimals, scheme.rounding) == (0, "up")
    assert scheme.letters == {"A": Fraction(35, 2), "F": 0}


def test_what_a_file_does_not_say(tmp_path: Path) -> None:
    (tmp_path / "term.toml").write_text("\ufeff" + ONE)
    scheme = read_scheme(tmp_path / "term.toml")
    assert (scheme.title, scheme.drop_lowest, scheme.late_days) == ("term", 0, None)
    assert (scheme.not_handed_in, scheme.decimals) == ("zero", 1)
    assert scheme.out_of == 100


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "`assignment` is missing"),
        ("assignment = 3", "`assignment` is missing"),
        ("assignment = [3]", "has to be tables"),
        ("[[assignment]]\nweight = 2", "`assignment 1: gradebook` is missing"),
        (f"{ONE}weight = 0", "`assignment 1: weight` has to be a number above 0"),
        (f"{ONE}weight = -1", "above 0"),
        (f"{ONE}weight = nan", "above 0"),
        (f"{ONE}weight = inf", "above 0"),
        (f'{ONE}weight = "2"', "above 0"),
        (f"{ONE}weight = true", "above 0"),
        (f'{ONE}may_be_dropped = "no"', "true or false"),
        (f"{ONE}points = 3", "`assignment 1: points` is not known here. There are gradebook, name"),
        (f"drop_lowest = 1\n{ONE}", "has to leave one of the 1 assignments"),
        (f"drop_lowest = -1\n{ONE}", "whole number from 0"),
        (f"drop_lowest = 0.5\n{ONE}", "whole number from 0"),
        (f"late_days_each = 1\n{ONE}", "needs `late_days`"),
        (f"latedays = 1\n{ONE}", "`latedays` is not known here"),
        (f'rounding = "even"\n{ONE}', "`rounding` is one of “half up”"),
        (f"decimals = 9\n{ONE}", "whole number from 0 to 6"),
        (f'title = "a\\nb"\n{ONE}', "a text of one line"),
        (f"{ONE}[letters]\nA = 90\n", "one has to begin at 0"),
        (f"{ONE}[letters]\nA = 101\nF = 0\n", "begins above 100"),
        (f"{ONE}[letters]\nA = 0\nF = 0\n", "two letters"),
        (f"letters = 3\n{ONE}", "has to be a table"),
        ('title = "x"\nexercises = []\n', "looks like a course's or an assignment's own file"),
        ("title = ", "is not TOML"),
        (b"\xff\xfe", "is not TOML"),
        (b"#" * ((1 << 20) + 1), "larger than 1 MiB"),
    ],
)
def test_a_file_that_is_wrong_is_told(tmp_path: Path, text: str | bytes, told: str) -> None:
    assert told in read(tmp_path, text)


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(TotalsError, match=r"none\.toml cannot be read: No such file"):
        read_scheme(tmp_path / "none.toml")
