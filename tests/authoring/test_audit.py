"""The audit tells a soft check from a sharp one, and finds what is wrong with a course's submissions."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner
from rich.console import Console

from grader.authoring.audit import Audit, audit, audit_course
from grader.authoring.mutants import Mutant
from grader.cli import main
from grader.course.assignment_file import read_assignment
from grader.course.catalog import load_course
from grader.errors import CourseError
from grader.machines import Machines
from grader.outputs import audit_table as output
from tests.authoring.conftest import SHARP, SOFT, SOLUTION, write


def test_a_sharp_check_kills_and_a_soft_one_does_not(folder: Path, machines: Machines) -> None:
    sharp = audit("scaled", machines.on(load_course(folder)))
    assert sharp.problems == ()
    assert not {"y = y - 1", "y = factor / x"} & {mutant.mutated for mutant in sharp.survivors}
    assert sharp.killed > 8
    assert sharp.rate > 0.75
    (folder / "checks" / "scaled.py").write_text(SOFT)
    soft = audit("scaled", machines.on(load_course(folder)))
    assert soft.rate < 0.5


def test_what_is_equivalent_is_listed_with_a_reason(folder: Path, machines: Machines) -> None:
    entry = '[[mutant]]\nexercise = "scaled"\noriginal = "{}"\nmutated = "{}"\nreason = "x"\n'
    path = folder / "tests/submissions/equivalent.toml"
    path.write_text(entry.format("return y.contiguous()", "return y"))
    found = audit("scaled", machines.on(load_course(folder)))
    assert found.equivalent == 1
    assert "return y" not in {mutant.mutated for mutant in found.survivors}
    path.write_text(entry.format("y = y + 1", "y = y - 1"))
    assert "killed or no mutant" in audit("scaled", machines.on(load_course(folder))).problems[0]


def test_submissions_get_what_they_deserve(folder: Path, machines: Machines) -> None:
    right = SOLUTION.replace("y = factor * x", "y = x * factor")
    wrong = SOLUTION.replace("y + 1", "y - 1")
    write(folder, "right", "good", f"# right: the other way round\n{right}")
    write(folder, "right", "bad", f"# right: is none\n{wrong}")
    write(folder, "wrong", "good", f"# wrong: minus\n# fails: scaled\n{wrong}")
    write(folder, "wrong", "bad", f"# wrong: is none\n# fails: scaled\n{right}")
    write(folder, "wrong", "other", f"# wrong: minus\n# fails: scale\n{wrong}")
    write(folder, "wrong", "mute", wrong)
    told = audit("scaled", machines.on(load_course(folder))).problems
    assert len(told) == 4
    assert "bad.py earns 0 of 10 points" in told[0]
    assert "bad.py loses no points in scaled" in told[1]
    assert "mute.py does not say" in told[2]
    assert "other.py names a check 'scale'" in told[3]


def test_a_flaky_check_is_found(folder: Path, machines: Machines) -> None:
    text = SHARP.replace("3 * x + 1)", "3 * x + 1 + (0 if x[0] < 1 else 1))")
    (folder / "checks" / "scaled.py").write_text(text)
    told = audit("scaled", machines.on(load_course(folder)), seeds=20).problems
    assert any("the solution with seed" in problem for problem in told)


def test_a_submission_that_is_right_with_some_inputs_alone_is_found(
    folder: Path, machines: Machines
) -> None:
    sometimes = SOLUTION.replace("y + 1", "y + (1 if x[0] < 0 else 2)")
    write(folder, "right", "sometimes", f"# right: below 0 alone\n{sometimes}")
    told = audit("scaled", machines.on(load_course(folder)), seeds=8).problems
    assert 1 <= sum(problem.startswith("sometimes.py with seed ") for problem in told) < 8
    assert all(problem.startswith("sometimes.py ") for problem in told)


def test_the_table(folder: Path, machines: Machines) -> None:
    found = audit("scaled", machines.on(load_course(folder)))
    console = Console(record=True, width=120)
    output.render([found, found], console)
    assert "scaled" in console.export_text()
    rows = output.markdown([found, found]).splitlines()
    assert rows[0].startswith("| exercise | right |")
    assert rows[-1].startswith("| **all** |")


def test_a_stub_must_earn_nothing(folder: Path, machines: Machines) -> None:
    path = folder / "solutions" / "scaled.py"
    path.write_text(path.read_text().replace("    ### BEGIN SOLUTION\n", "", 1).replace(
        "    ### END SOLUTION\n", "", 1
    ))  # fmt: skip
    assert audit("scaled", machines.on(load_course(folder))).problems == (
        "The stub earns 10 points.",
    )


def test_the_course_is_read_by_folder(folder: Path) -> None:
    [found] = audit_course(folder, ["scaled"], devices=["cpu"])
    assert (found.exercise, found.problems) == ("scaled", ())
    assert found.killed > 8


@pytest.mark.parametrize(("killed", "survivors", "rate"), [(0, 0, 1.0), (3, 1, 0.75), (0, 2, 0.0)])
def test_the_rate_is_of_those_that_could_be_killed(
    killed: int, survivors: int, rate: float
) -> None:
    left = (Mutant(1, "sign", "a", "b", "c"),) * survivors
    assert Audit("x", 0, 0, killed, 5, 2, left, ()).rate == rate


@pytest.mark.parametrize("kind", ["right", "wrong"])
def test_a_submission_that_is_no_text_is_the_courses_to_mend(
    folder: Path, machines: Machines, kind: str
) -> None:
    (folder / "tests/submissions/scaled" / kind / "odd.py").write_bytes(b"# right: x\n# \xff\n")
    with pytest.raises(CourseError, match=rf"{kind}/odd\.py, line 2: not UTF-8 text"):
        audit("scaled", machines.on(load_course(folder)))


def test_a_check_that_fails_by_itself_is_told_with_its_traceback(
    folder: Path, machines: Machines
) -> None:
    checks = folder / "checks" / "scaled.py"
    checks.write_text(f"{SHARP}    no_such_name\n")
    found = audit("scaled", machines.on(load_course(folder)))
    assert (found.killed, found.survivors, found.problems) == (0, (), ())
    [fault] = found.faults
    assert "the check `scaled` is at fault" in fault
    assert "NameError: name 'no_such_name' is not defined" in fault
    assert f'File "{checks}", line' in fault
    console = Console(record=True, width=200)
    output.render([found], console)
    assert "no_such_name" in console.export_text()


def test_a_slip_that_only_wrong_answers_meet_kills_no_mutant(
    folder: Path, machines: Machines
) -> None:
    sharp = audit("scaled", machines.on(load_course(folder)))
    line = "expect_close(student.run(apply, x=x), 3 * x + 1)"
    slip = "if not student.run(apply, x=x).tensor.allclose(3 * x + 1): no_such_name"
    (folder / "checks" / "scaled.py").write_text(SHARP.replace(line, slip))
    write(
        folder,
        "wrong",
        "minus",
        f"# wrong: minus\n# fails: scaled\n{SOLUTION.replace('+ 1', '- 1')}",
    )
    found = audit("scaled", machines.on(load_course(folder)))
    assert found.problems == ()  # the solution passes
    assert 1 <= len(found.faults) <= 5
    assert all("no_such_name" in fault for fault in found.faults)
    assert found.killed < sharp.killed
    assert len(found.survivors) == len(sharp.survivors)


@pytest.mark.parametrize(("slip", "status"), [("", 1), ("    no_such_name\n", 2)])
def test_an_audit_with_a_fault_has_a_status_of_its_own(
    folder: Path, shared_machines: Machines, slip: str, status: int
) -> None:
    (folder / "checks" / "scaled.py").write_text(SOFT + slip)
    result = CliRunner().invoke(main, ["audit", "--course", str(folder), "--device", "cpu"])
    assert result.exit_code == status, result.output
    assert ("no_such_name" in result.output) == bool(slip)


def test_hidden_checks_are_tried_as_well(folder: Path, machines: Machines) -> None:
    """What the course's own checks let through, those of the instructor notice."""
    (folder / "checks" / "scaled.py").write_text(SOFT)
    (folder / "hidden").mkdir()
    hidden = SHARP.replace("test_scaled", "test_hidden")
    (folder / "hidden" / "scaled.py").write_text(hidden)
    file = folder / "assignment.toml"
    file.write_text('[[exercise]]\nname = "scaled"\ninstructor_checks = "hidden/scaled.py"\n')
    course = load_course(folder)
    alone = audit("scaled", machines.on(course))
    assigned = read_assignment(file).on(course, instructor=True)
    together = audit("scaled", machines.on(course), assigned=assigned)
    assert len(together.survivors) < len(alone.survivors)
    assert together.problems == ()
