"""Every attack in `tests/attacks/` gains nothing, and leaves a grader that goes on.

Each is a `MyLinear` that is honestly wrong in `forward` and tries, by the means that its first line tells, to be paid
for it. The groups are those of the table in docs/security.md.
"""

from __future__ import annotations

import json
import re
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from grader.machines import Machines
from grader.sandbox import Limits

from .conftest import ROOT, Grade
from .ordinary_user import OrdinaryUser

FOLDER = Path(__file__).parent / "attacks"
ATTACKS = sorted(FOLDER.glob("*.py"))
LIMITS = Limits(
    import_seconds=5,
    call_seconds=1,
    exercise_seconds=1,
    memory_bytes=1 << 30,
    folder_bytes=64 << 20,
    open_files=64,
)


@pytest.fixture(scope="module")
def box() -> Iterator[Machines]:
    with Machines(limits=LIMITS) as running:
        yield running


@pytest.fixture(scope="module")
def unconfined() -> Iterator[Machines]:
    """As on a platform whose kernel has no layers to offer."""
    with Machines(limits=LIMITS, confined=False) as running:
        yield running


WRONG = (FOLDER / "b_none.py").read_text(encoding="utf-8")
FAIR = {"parameters", "sizes", "standard_normal"}
# these would harm the machine that runs the tests where no kernel layer holds them
CONFINED_ONLY = {"e_kill_the_parent", "e_kill_everything", "e_patches_site_packages", "g_forks",
                 "c_slows_the_grader", "e_persists"}  # fmt: skip


def expect_no_gain(graded: Grade, path: Path, box: Machines) -> None:
    start = time.monotonic()
    result = graded("my_linear", path.read_text(encoding="utf-8"), on=box, seed=1)
    assert time.monotonic() - start < 30
    paid = {check.name for check in result.checks if check.score}
    assert paid <= FAIR, result
    assert not result.is_fault, result
    told = "".join(check.message for check in result.checks) + result.message
    assert all(character.isprintable() or character == "\n" for character in told)
    assert len(told) < 20_000


@pytest.mark.parametrize("path", ATTACKS, ids=lambda path: path.stem)
def test_an_attack_gains_nothing(graded: Grade, box: Machines, path: Path) -> None:
    assert path.read_text(encoding="utf-8").startswith(f"# {path.stem[0].upper()}: ")
    expect_no_gain(graded, path, box)


# the groups in which the kernel has a part; time, forbidden means and texts are the trusted side's
HELPED = [p for p in ATTACKS if p.stem[0] in "abdeh" and p.stem not in CONFINED_ONLY]


@pytest.mark.parametrize("path", HELPED, ids=lambda path: path.stem)
def test_an_attack_gains_nothing_without_the_kernels_help(
    graded: Grade, unconfined: Machines, path: Path
) -> None:
    if path.stem in ("d_read_the_solution", "d_import_the_solution", "d_import_the_checks"):
        pytest.skip("what can be read is read: hiding files is the kernel's part")
    expect_no_gain(graded, path, unconfined)


def test_an_honest_submission_is_paid_after_all_of_them(graded: Grade, box: Machines) -> None:
    result = graded("my_linear", WRONG, on=box, seed=1)
    assert {check.name for check in result.checks if check.score} == FAIR


REACHING_OUT = [p for p in ATTACKS if p.stem[0] in "deh"]


def test_an_ordinary_user_is_as_safe(another_user: OrdinaryUser, box: Machines) -> None:
    """What reaches out of the process, graded by a user without privileges: the same layers, no gain."""
    names = [path.stem for path in REACHING_OUT]
    told = json.loads(another_user.run(GRADE_ALL, str(FOLDER), *names))
    assert told["user"] == another_user.number
    assert told["layers"] == [layer.name for layer in box.sandbox().layers() if layer.on]
    assert len(told["paid"]) == len(names) > 10
    assert all(set(paid) <= FAIR for paid in told["paid"].values())


GRADE_ALL = """
import json, os, sys
from pathlib import Path
from grader import grade
from grader.machines import Machines
from grader.sandbox import Limits
from grader.submission import Submission

folder, paid = Path(sys.argv[1]), {}
with Machines(limits=Limits(call_seconds=1, exercise_seconds=1, memory_bytes=1 << 30)) as box:
    for name in sys.argv[2:]:
        text = (folder / f"{name}.py").read_text("utf-8")
        [result] = grade(Submission.of_text("my_linear", text), machines=box, seed=1).exercises
        paid[name] = [check.name for check in result.checks if check.score]
    layers = [layer.name for layer in box.sandbox().layers() if layer.on]
print(json.dumps({"user": os.getuid(), "layers": layers, "paid": paid}))
"""


def test_every_group_is_there() -> None:
    assert {path.stem[0] for path in ATTACKS} == set("abcdefghij")
    assert len(ATTACKS) >= 60
    told = re.findall(
        r"^\| ([A-J]) [^|]+\| +(\d+) \|", (ROOT / "docs/security.md").read_text("utf-8"), re.M
    )
    counts = Counter(path.stem[0].upper() for path in ATTACKS)
    assert {group: int(count) for group, count in told} == counts


def test_nothing_was_written(graded: Grade, box: Machines) -> None:
    assert not Path("/tmp/grader-was-here").exists()
