"""The audit of behaviour tells a check that tries one input from one that tries what the contract says."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

import pytest

from grader.authoring.audit import QUICK
from grader.authoring.behaviour import behaviour_audit
from grader.authoring.behaviour.behaviour_audit import (
    BehaviourAudit,
    WrongBehaviour,
    audit_behaviour,
    audit_behaviours,
    wrong_behaviours,
)
from grader.authoring.behaviour.mistakes import mistakes_in
from grader.course.catalog import Course, load_course
from grader.machines import Machines
from grader.sandbox import Limits
from tests.authoring.conftest import SHARP

WIDE = SHARP.replace("draw.normal(4)", "1000 * draw.normal(100)")
CHOSEN = ("half for sizes beyond 64", "clamped at ±100", "x refused by keyword", "four decimals")
ENTRY = '[[behaviour]]\nexercise = "scaled"\nfunction = "*"\nmistake = "{}"\nreason = "x"\n'


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Four mistakes, of which three fit."""

    def chosen(*args: object, **kwargs: object) -> list[object]:
        return [m for m in mistakes_in(*args, **kwargs) if m.name in CHOSEN]  # type: ignore[arg-type]

    monkeypatch.setattr(behaviour_audit, "mistakes_in", chosen)


def survivors(audit: BehaviourAudit) -> list[str]:
    return [mutant.diff for mutant in audit.survivors]


def test_a_wider_check_kills_more(folder: Path, machines: Machines, few: None) -> None:
    narrow = audit_behaviour("scaled", machines.on(load_course(folder)))
    assert (narrow.functions, narrow.killed, narrow.equivalent) == (1, 0, 0)
    assert survivors(narrow) == [
        "scaled: half for sizes beyond 64",
        "scaled: clamped at ±100",
        "scaled: x refused by keyword",
    ]
    (folder / "checks" / "scaled.py").write_text(WIDE)
    wide = audit_behaviour("scaled", machines.on(load_course(folder)))
    assert wide.killed == 2
    assert survivors(wide) == ["scaled: x refused by keyword"]
    assert (wide.problems, wide.faults) == ((), ())


def test_what_is_no_mistake_is_listed_with_a_reason(
    folder: Path, machines: Machines, few: None
) -> None:
    path = folder / "tests/submissions/equivalent.toml"
    path.write_text(ENTRY.format("* refused by keyword") + ENTRY.format("never"))
    found = audit_behaviour("scaled", machines.on(load_course(folder)))
    assert found.equivalent == 1
    assert "scaled: x refused by keyword" not in survivors(found)
    assert found.problems == ("equivalent.toml: `*: never` is killed or none.",)


def test_a_check_that_fails_by_itself_kills_nothing(
    folder: Path, machines: Machines, few: None
) -> None:
    (folder / "checks" / "scaled.py").write_text(f"{SHARP}    no_such_name\n")
    found = audit_behaviour("scaled", machines.on(load_course(folder)))
    assert (found.killed, found.survivors) == (0, ())
    [fault] = found.faults
    assert "no_such_name" in fault


def test_hundreds_are_made_of_what_is_graded_alone(folder: Path) -> None:
    course = load_course(folder)
    solution = course["scaled"].solution.read_text()
    made = list(wrong_behaviours(course["scaled"], solution))
    assert len({mutant.text for mutant in made}) == len(made) > 40
    assert {mutant.function for mutant in made} == {"scaled"}
    rule = 'FORBIDDEN = {"by hand": {}}\n'
    (folder / "checks" / "scaled.py").write_text(SHARP.replace("@probe", f"{rule}\n\n@probe"))
    by_hand = list(wrong_behaviours(load_course(folder)["scaled"], solution))
    assert {m.mistake for m in made} - {m.mistake for m in by_hand} == {
        *("detached", "gradient halved", "no gradient for x", "inputs within a graph refused"),
        *(f"gradient halved for sizes beyond {size}" for size in (16, 64)),
    }


def test_a_second_device_is_tried_only_where_there_is_one(
    folder: Path, machines: Machines, monkeypatch: pytest.MonkeyPatch
) -> None:
    def only_device(*args: object) -> list[WrongBehaviour]:
        return [WrongBehaviour("scaled", "on the CPU", True, "x = 1\n")]

    monkeypatch.setattr(behaviour_audit, "wrong_behaviours", only_device)
    alone = set(machines.environment.devices) <= {"cpu"}
    found = audit_behaviour("scaled", machines.on(load_course(folder)))
    assert (found.functions, found.killed) == ((0, 0) if alone else (1, 1))


def test_the_course_is_read_by_folder(
    folder: Path, machines: Machines, monkeypatch: pytest.MonkeyPatch, few: None
) -> None:
    def shared(
        course: Course, devices: list[str], limits: Limits
    ) -> AbstractContextManager[Machines]:
        assert (devices, limits) == (["cpu"], QUICK)
        return nullcontext(machines.on(course))

    monkeypatch.setattr(behaviour_audit, "Machines", shared)
    [found] = audit_behaviours(folder, ["scaled"], devices=["cpu"])
    assert (found.exercise, len(found.survivors), found.rate) == ("scaled", 3, 0.0)


@pytest.mark.parametrize(("killed", "left", "rate"), [(0, 0, 1.0), (3, 1, 0.75)])
def test_the_rate_is_of_those_that_could_be_killed(killed: int, left: int, rate: float) -> None:
    survived = (WrongBehaviour("f", "late", False, ""),) * left
    assert BehaviourAudit("x", 1, killed, 5, survived).rate == rate
