"""The table of named mistakes, and the submissions that it is wrong about."""

from __future__ import annotations

from dataclasses import dataclass

from grader.outputs import cause_table
from tests.hostile import console


@dataclass
class Tally:
    exercise: str
    submissions: int
    shows: int
    right: int
    wrong: int
    right_share: float
    wrong_share: float


@dataclass
class Verdict:
    exercise: str
    submission: str
    stated: frozenset[str]
    named: frozenset[str]
    shows: bool = True
    right: bool = False
    wrong: bool = False


TALLIES = [Tally("first", 5, 4, 3, 1, 0.75, 0.2), Tally("all", 5, 4, 3, 1, 0.75, 0.2)]
VERDICTS = [
    Verdict("first", "good.py", frozenset({"sign"}), frozenset({"sign"}), right=True),
    Verdict("first", "mute.py", frozenset({"sign", "mean"}), frozenset()),
    Verdict("first", "misled.py", frozenset({"sign"}), frozenset({"[b]", "a"}), wrong=True),
    Verdict("first", "hidden.py", frozenset({"none"}), frozenset(), shows=False),
]


def test_markdown_ends_with_the_sum() -> None:
    lines = cause_table.markdown(TALLIES).splitlines()
    assert lines[0].count("|") == lines[1].count("|") == 8
    assert lines[2] == "| first | 5 | 4 | 3 | 75% | 1 | 20.0% |"
    assert lines[3] == "| **all** | **5** | **4** | **3** | **75%** | **1** | **20.0%** |"


def test_only_what_is_wrong_or_not_named_is_listed() -> None:
    paper, out = console(colours=True)
    cause_table.render(TALLIES, VERDICTS, paper)
    lines = [line for line in out.getvalue().splitlines() if ".py" in line]
    # what is named wrongly is red; nothing in a name is Rich's markup
    assert lines == [
        "first/mute.py: mean, sign; named: nothing",
        "\x1b[31mfirst/misled.py: sign; named: [b], a\x1b[0m",
    ]


def test_the_terminal_has_a_row_for_each_exercise_and_for_all() -> None:
    paper, out = console()
    cause_table.render(TALLIES, [], paper)
    rows = [line.replace("│", " ").split() for line in out.getvalue().splitlines()]
    numbers = ["5", "4", "3", "75%", "1", "20.0%"]
    assert [row for row in rows if row[-1:] == ["20.0%"]] == [
        ["first", *numbers],
        ["all", *numbers],
    ]
