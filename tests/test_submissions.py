"""Every submission in `tests/submissions/` gets what it deserves: right ones all points, wrong ones fewer.

A wrong one says on its first line what is wrong, on its second which checks take points for it, and on its third by
which name its cause is known. What explains its mistakes has no line of the solution in it. Of those that say the same
of one exercise, one is graded here: another one with another Python or torch, so that the runs of a CI service differ.
`make test-scores` grades all of them.
"""

from __future__ import annotations

import os
import random
import sys
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import pytest
import torch

from grader.authoring.named_causes import ASKED, Verdict, stated_causes, tallies, verdict_of
from grader.course.catalog import load_course
from grader.machines import Machines
from grader.practice.explained import explained
from grader.submission import Submission
from tests.solution_lines import solution_lines_in

from .conftest import Grade

# of the wrong ones: as in a class, what several answer alike is compared once
SEED = 20
FOLDER = Path(__file__).parent / "submissions"
RIGHT = sorted(FOLDER.glob("*/right/*.py"))
WRONG = {path: path.read_text(encoding="utf-8") for path in sorted(FOLDER.glob("*/wrong/*.py"))}


# one process: what came of the wrong ones is gathered while they are graded
pytestmark = pytest.mark.xdist_group("submissions")
verdicts: list[Verdict] = []


def label(path: Path) -> str:
    return "/".join([path.parts[-3], path.stem])


def head(text: str) -> Sequence[str]:
    """What a wrong submission says on its first three lines."""
    return [*text.splitlines(), "", "", ""][:3]


def one_of_each() -> list[Path]:
    """Wrong submissions: one for each exercise, checks that take points, and cause."""
    alike = defaultdict(list)
    for path, text in WRONG.items():
        alike[path.parts[-3], *head(text)[1:]].append(path)
    luck = random.Random(f"{sys.version_info[:2]} {torch.__version__}")
    return [luck.choice(paths) for paths in alike.values()]


GRADED = list(WRONG) if os.environ.get("GRADER_TEST_ALL") else one_of_each()


@pytest.mark.parametrize("path", RIGHT, ids=label)
def test_right(graded: Grade, path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.startswith("# right: ")
    result = graded(path.parts[-3], text)
    assert [(c.name, c.message) for c in result.checks if not c.score] == []
    assert result.status == "passed"


def test_each_says_what_is_wrong() -> None:
    for path, text in WRONG.items():
        begins = zip(head(text), ("# wrong: ", "# fails: ", "# cause: "), strict=True)
        assert all(line.startswith(begin) for line, begin in begins), path


@pytest.mark.parametrize("path", GRADED, ids=label)
def test_wrong(machines: Machines, tmp_path: Path, path: Path) -> None:
    text, name = WRONG[path], path.parts[-3]
    second = head(text)[1]
    submission = Submission.of_text(name, text)
    told = explained(submission, name, machines, folder=tmp_path, seed=SEED)
    assert solution_lines_in(told.data, machines.course[name], text) == []
    result = told.report.exercises[0]
    checks = {check.name: check for check in result.checks}
    for check in second.removeprefix("# fails: ").split(", "):
        assert checks[check].score < checks[check].points
        assert checks[check].status not in ("not_reached", "error")
    if second == "# fails: other_devices":
        assert result.score == 9  # a mistake with devices costs its point and no other
    verdicts.append(verdict_of(name, path.stem, text, result))


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
    if len(verdicts) < len(GRADED):
        pytest.skip("This needs the wrong submissions to be graded first.")
    assert {verdict.exercise for verdict in verdicts} == set(load_course().names)
    total = tallies(verdicts)[-1]
    # most submissions are about numbers; to state `none` everywhere would not do
    assert total.shows > 0.5 * total.submissions
    wrong = [(v.submission, set(v.stated), set(v.named)) for v in verdicts if v.wrong]
    assert total.right_share >= 0.8
    assert total.wrong_share <= 0.03, wrong


def test_what_is_asked_outright_does_not_count() -> None:
    uncounted = {"none", *ASKED}
    for path, text in WRONG.items():
        stated = stated_causes(text)
        assert stated <= uncounted or not stated & uncounted, path
