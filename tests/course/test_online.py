"""What `[online]` in course.toml says of notebooks that start where nothing is installed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from grader.course.online import Online, folder_at_github, online_of
from grader.errors import CourseError

FILE = Path("course.toml")


def read(*packages: str, **table: Any) -> Online:
    return online_of(table, packages, FILE)


def test_nothing_said_is_the_grader_alone() -> None:
    assert read() == Online()
    assert read().cell() == "%pip install --quiet torch-grader"
    assert read().badges("double.ipynb") == ""


def test_the_first_cell_installs_and_fetches() -> None:
    start = read("pandas>=2.2", install="torch-grader==1.2", setup=["!git clone x y", "%cd y"])
    assert start.cell().splitlines() == [
        "%pip install --quiet torch-grader==1.2 'pandas>=2.2'",
        "!git clone x y",
        "%cd y",
    ]


def test_badges_open_the_notebook() -> None:
    badges = read(notebooks="https://github.com/o/n/tree/main/a/b").badges("double.ipynb")
    assert "(https://colab.research.google.com/github/o/n/blob/main/a/b/double.ipynb)" in badges
    assert "src=https://github.com/o/n/blob/main/a/b/double.ipynb)" in badges


@pytest.mark.parametrize(
    ("address", "folder"),
    [
        ("https://github.com/o/n/blob/main", "o/n/blob/main"),
        ("https://github.com/o/n/tree/v1/x/", "o/n/blob/v1/x"),
        ("https://github.com/o/n", ""),
        ("https://example.org/o/n/blob/main", ""),
        ("https://github.com/o/n/blob/main) [x](y", ""),
        ("https://github.com/o/n/blob/main\n", ""),
    ],
)
def test_a_folder_at_github(address: str, folder: str) -> None:
    assert folder_at_github(address) == folder


@pytest.mark.parametrize(
    ("table", "told"),
    [
        ({"folder": "x"}, "`[online]` has folder"),
        ({"install": ""}, "`install`"),
        ({"install": "a\n!rm"}, "`install`"),
        ({"install": 1}, "`install`"),
        ({"notebooks": "https://example.org"}, "`notebooks`"),
        ({"notebooks": 1}, "`notebooks`"),
        ({"setup": "!ls"}, "`setup`"),
        ({"setup": ["import os"]}, "`setup`"),
        ({"setup": ["!ls\nimport os"]}, "`setup`"),
        ({"setup": ["%%bash"]}, "`setup`"),
        ({"setup": ["!"]}, "`setup`"),
        ({"setup": [1]}, "`setup`"),
    ],
)
def test_what_it_may_not_say(table: dict[str, Any], told: str) -> None:
    with pytest.raises(CourseError) as error:
        read(**table)
    assert str(error.value).startswith("course.toml: ")
    assert told in str(error.value)
