"""The audit's table: each row's numbers, their sum, and what else there is to read."""

from __future__ import annotations

from dataclasses import dataclass, field

from grader.outputs import audit_table
from tests.hostile import console


@dataclass
class Survivor:
    diff: str


@dataclass
class Audit:
    exercise: str
    right: int = 1
    wrong: int = 2
    killed: int = 3
    equivalent: int = 1
    survivors: list[Survivor] = field(default_factory=list)
    rate: float = 1.0
    problems: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)


AUDITS = [
    Audit("first"),
    Audit("second", 4, 5, 1, 0, [Survivor("line 3: [x]\n- a\n+ b")], 0.5, ["[red]too few"]),
]


def test_markdown_has_a_row_each_and_the_sum() -> None:
    assert audit_table.markdown(AUDITS) == (
        "| exercise | right | wrong | mutants | killed | equivalent | survived | rate |\n"
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n"
        "| first | 1 | 2 | 4 | 3 | 1 | 0 | 100.0% |\n"
        "| second | 4 | 5 | 2 | 1 | 0 | 1 | 50.0% |\n"
        "| **all** | **5** | **7** | **6** | **4** | **1** | **1** | **80.0%** |\n"
    )


def test_the_first_columns_are_those_that_are_asked_for() -> None:
    lines = audit_table.markdown(AUDITS, {"solutions": "right"}).splitlines()
    assert lines[0].startswith("| exercise | solutions | mutants | killed |")
    assert lines[-1].startswith("| **all** | **5** | **6** | **4** |")


def test_one_row_is_its_own_sum_and_none_is_a_head() -> None:
    assert "all" not in audit_table.markdown(AUDITS[:1])
    assert len(audit_table.markdown([]).splitlines()) == 2


def test_a_fault_is_told_and_leaves_no_share() -> None:
    """Neither the exercise's nor that of all."""
    faulty = [*AUDITS, Audit("third", 0, 0, 0, 0, faults=["the check is broken\n[red]Traceback"])]
    lines = audit_table.markdown(faulty).splitlines()
    assert lines[-2] == "| third | 0 | 0 | 0 | 0 | 0 | 0 | not audited |"
    assert lines[-1].endswith("| **1** | **not audited** |")
    assert lines[2].endswith("| 100.0% |")  # of the others it is known
    paper, out = console()
    audit_table.render(faulty, paper)
    assert "third: the check is broken\n[red]Traceback" in out.getvalue()
    assert "80.0%" not in out.getvalue()


def test_no_mutants_are_no_division() -> None:
    empty = Audit("empty", 0, 0, 0, 0)
    assert "**100.0%**" in audit_table.markdown([empty, empty])
    half = Audit("half", killed=1, survivors=[Survivor("x")])
    assert "**50.0%**" in audit_table.markdown([half, half])


def test_the_terminal_has_survivors_and_problems_too() -> None:
    paper, out = console()
    audit_table.render(AUDITS, paper)
    text = out.getvalue()
    assert "second, line 3: [x]\n- a\n+ b" in text
    assert "second: [red]too few" in text  # not Rich's markup
    row = next(line for line in text.splitlines() if "all" in line)
    assert [part for part in row.replace("│", " ").split() if part != "all"] == [
        *("5", "7", "6", "4", "1", "1", "80.0%"),
    ]
