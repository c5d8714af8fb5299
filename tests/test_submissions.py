"""Every submission in `tests/submissions/` gets what it deserves: right ones all points, wrong ones fewer.

A wrong one says on its first line what is wrong, on its second which checks take points for it, and on its third by
which name its cause is known. What explains its mistakes has no line of the solution in it. A sixth of an
exercise's right ones are graded here, and wrong ones for a quarter of its checks: others with another commit, Python or
torch, so that the runs of a CI service differ. `make test-scores` grades all of them.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

import pytest

from grader.authoring.named_causes import ASKED, Verdict, stated_causes, tallies, verdict_of
from grader.course.catalog import load_course
from grader.machines import Machines
from grader.practice.explained import explained
from grader.submission import Submission
from tests.solution_lines import solution_lines_in

from .conftest import Grade
from .drawn import ALL, SEEDED_BY, some

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


def checks_of(path: Path) -> list[str]:
    """Which checks take points for a wrong submission."""
    return head(WRONG[path])[1].removeprefix("# fails: ").split(", ")


def drawn(seed: str) -> list[Path]:
    """As few wrong submissions as meet a quarter of an exercise's checks, of those that say the same one at most."""
    luck = random.Random(seed)
    alike = defaultdict(list)
    for path, text in WRONG.items():
        alike[path.parts[-3], *head(text)[1:]].append(path)
    of_exercise = defaultdict(list)
    for (exercise, *_), paths in alike.items():
        of_exercise[exercise].append(luck.choice(paths))
    chosen = []
    for paths in of_exercise.values():
        luck.shuffle(paths)
        every, met = {check for path in paths for check in checks_of(path)}, set[str]()
        for path in paths:
            if 4 * len(met) < len(every) and not met.issuperset(checks_of(path)):
                chosen.append(path)
                met.update(checks_of(path))
    return chosen


GRADED = list(WRONG) if ALL else drawn(SEEDED_BY)


def right_ones(name: str) -> list[Path]:
    return [path for path in RIGHT if path.parts[-3] == name]


@pytest.mark.parametrize(
    "path",
    [path for name in load_course().names for path in some(right_ones(name), 1 / 6)],
    ids=label,
)
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


def checks_met(paths: Iterable[Path]) -> dict[str, set[str]]:
    met = defaultdict(set)
    for path in paths:
        met[path.parts[-3]].update(checks_of(path))
    return met


def test_a_quarter_of_the_checks_is_met_whatever_is_drawn() -> None:
    every, draws = checks_met(WRONG), [drawn(str(seed)) for seed in range(120)]
    for draw in draws:
        met = checks_met(draw)
        assert all(4 * len(met[exercise]) >= len(checks) for exercise, checks in every.items())
        assert len(draw) == len(set(draw)) < len(WRONG) / 6
    # and in the end all of those that no other stands for
    assert len(set().union(*draws)) > 0.9 * len(WRONG)
    assert drawn("0") == draws[0]


@pytest.mark.parametrize("path", GRADED, ids=label)
def test_wrong(machines: Machines, tmp_path: Path, path: Path) -> None:
    text, name = WRONG[path], path.parts[-3]
    submission = Submission.of_text(name, text)
    told = explained(submission, name, machines, folder=tmp_path, seed=SEED)
    assert solution_lines_in(told.data, machines.course[name], text) == []
    result = told.report.exercises[0]
    checks = {check.name: check for check in result.checks}
    for check in checks_of(path):
        assert checks[check].score < checks[check].points
        assert checks[check].status not in ("not_reached", "error")
    if checks_of(path) == ["other_devices"]:
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
    assert len(right_ones(name)) >= 6
    assert len([path for path in WRONG if path.parts[-3] == name]) >= 12


def test_causes_are_named_and_hardly_ever_wrongly(request: pytest.FixtureRequest) -> None:
    """Of the mistakes that show in the numbers, at least 80 % are named, and at most 3 % wrongly."""
    asked = [item for item in request.session.items if item.name.startswith("test_wrong[")]
    if len(asked) < len(GRADED):
        pytest.skip("This needs the wrong submissions to be graded first.")
    # fewer where several processes share them, which their group forbids
    assert len(verdicts) == len(GRADED)
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
