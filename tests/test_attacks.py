"""Every attack in `tests/attacks/` gains nothing, and leaves a grader that goes on.

Each is a `MyLinear` that is honestly wrong in `forward` and tries, by the means that its first line tells, to be paid
for it. The groups are those of the README's table.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from grader.sandbox import Limits, Sandbox

from .conftest import Grade

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
def box() -> Iterator[Sandbox]:
    with Sandbox(LIMITS) as running:
        yield running


@pytest.fixture(scope="module")
def unconfined() -> Iterator[Sandbox]:
    """As on a platform whose kernel has no layers to offer."""
    with Sandbox(LIMITS, confined=False) as running:
        yield running


WRONG = (FOLDER / "b_none.py").read_text(encoding="utf-8")
FAIR = {"parameters", "sizes", "standard_normal"}
# these would harm the machine that runs the tests where no kernel layer holds them
CONFINED_ONLY = {"e_kill_the_parent", "e_kill_everything", "e_patches_site_packages", "g_forks",
                 "c_slows_the_grader", "e_persists"}  # fmt: skip


def expect_no_gain(graded: Grade, path: Path, box: Sandbox) -> None:
    start = time.monotonic()
    result = graded("my_linear", path.read_text(encoding="utf-8"), box=box, seed=1)
    assert time.monotonic() - start < 30
    paid = {check.name for check in result.checks if check.score}
    assert paid <= FAIR, result
    assert not [check for check in result.checks if check.status == "error"], result
    told = "".join(check.message for check in result.checks) + result.message
    assert all(character.isprintable() or character == "\n" for character in told)
    assert len(told) < 20_000


@pytest.mark.parametrize("path", ATTACKS, ids=lambda path: path.stem)
def test_an_attack_gains_nothing(graded: Grade, box: Sandbox, path: Path) -> None:
    assert path.read_text(encoding="utf-8").startswith(f"# {path.stem[0].upper()}: ")
    expect_no_gain(graded, path, box)


# the groups in which the kernel has a part; time, forbidden means and texts are the trusted side's
HELPED = [p for p in ATTACKS if p.stem[0] in "abdeh" and p.stem not in CONFINED_ONLY]


@pytest.mark.parametrize("path", HELPED, ids=lambda path: path.stem)
def test_an_attack_gains_nothing_without_the_kernels_help(
    graded: Grade, unconfined: Sandbox, path: Path
) -> None:
    if path.stem in ("d_read_the_solution", "d_import_the_solution", "d_import_the_checks"):
        pytest.skip("what can be read is read: hiding files is the kernel's part")
    expect_no_gain(graded, path, unconfined)


def test_an_honest_submission_is_paid_after_all_of_them(graded: Grade, box: Sandbox) -> None:
    result = graded("my_linear", WRONG, box=box, seed=1)
    assert {check.name for check in result.checks if check.score} == FAIR


def test_every_group_is_there() -> None:
    assert {path.stem[0] for path in ATTACKS} == set("abcdefghij")
    assert len(ATTACKS) >= 60


def test_nothing_was_written(graded: Grade, box: Sandbox) -> None:
    assert not Path("/tmp/grader-was-here").exists()
