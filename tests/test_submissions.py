"""Every submission in `tests/submissions/` gets what it deserves: right ones all points, wrong ones fewer.

A wrong one says on its first line what is wrong, on its second which checks take points for it, and on its third by
which name its cause is known.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from grader.authoring.named_causes import ASKED, Verdict, tallies, verdict_of
from grader.course.catalog import load_course
from grader.machines import Machines

from .conftest import Grade

# of the wrong ones: as in a class, what several answer alike is compared once
SEED = 20
FOLDER = Path(__file__).parent / "submissions"
RIGHT = sorted(FOLDER.glob("*/right/*.py"))
WRONG = sorted(FOLDER.glob("*/wrong/*.py"))


# one process: what came of the wrong ones is gathered while they are graded
pytestmark = pytest.mark.xdist_group("submissions")
verdicts: list[Verdict] = []


def label(path: Path) -> str:
    return "/".join([path.parts[-3], path.stem])


@pytest.mark.parametrize("path", RIGHT, ids=label)
def test_right(graded: Grade, path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.startswith("# right: ")
    result = graded(path.parts[-3], text)
    assert [(c.name, c.message) for c in result.checks if not c.score] == []
    assert result.status == "passed"


@pytest.mark.parametrize("path", WRONG, ids=label)
def test_wrong(graded: Grade, path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    first, second, third = text.splitlines()[:3]
    assert first.startswith("# wrong: ")
    assert second.startswith("# fails: ")
    assert third.startswith("# cause: ")
    result = graded(path.parts[-3], text, seed=SEED)
    checks = {check.name: check for check in result.checks}
    for name in second.removeprefix("# fails: ").split(", "):
        assert checks[name].score < checks[name].points
        assert checks[name].status not in ("not_reached", "error")
    if second == "# fails: other_devices":
        assert result.score == 9  # a mistake with devices costs its point and no other
    verdicts.append(verdict_of(path.parts[-3], path.stem, text, result))


def test_the_layers_are_those_that_were_asked_for(
    machines: Machines, pytestconfig: pytest.Config
) -> None:
    """`--unconfined` leaves the kernel's out, as on machines that have none."""
    if pytestconfig.getoption("unconfined"):
        assert {"files hidden", "no network"}.isdisjoint(machines.environment.isolation)
    assert "separate process" in machines.environment.isolation


@pytest.mark.parametrize("name", load_course().names)
def test_there_are_enough(name: str) -> None:
    assert len([path for path in RIGHT if path.parts[-3] == name]) >= 6
    assert len([path for path in WRONG if path.parts[-3] == name]) >= 12


def test_causes_are_named_and_hardly_ever_wrongly() -> None:
    """Of the mistakes that show in the numbers, at least 80 % are named, and at most 3 % wrongly."""
    if len(verdicts) < len(WRONG):
        pytest.skip("This needs every wrong submission to be graded first.")
    assert {verdict.exercise for verdict in verdicts} == set(load_course().names)
    total = tallies(verdicts)[-1]
    # most submissions are about numbers; to state `none` everywhere would not do
    assert total.shows > 0.5 * total.submissions
    wrong = [(v.submission, set(v.stated), set(v.named)) for v in verdicts if v.wrong]
    assert total.right_share >= 0.8
    assert total.wrong_share <= 0.03, wrong


def test_what_is_asked_outright_does_not_count() -> None:
    stated = {name for verdict in verdicts if not verdict.shows for name in verdict.stated}
    assert stated <= {"none", *ASKED}
