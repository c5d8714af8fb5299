"""The audit tells a soft check from a sharp one; the lint tells what an author forgot."""

from __future__ import annotations

from pathlib import Path

import pytest
from rich.console import Console

from grader.authoring.audit import audit
from grader.authoring.lint import lint
from grader.authoring.mutants import mutants_of
from grader.authoring.stub import release
from grader.course.catalog import Course, load_course
from grader.machines import Machines
from grader.outputs import audit_table as output

SOLUTION = '''"""Scaling

A tensor, times a factor, plus one.

See: https://docs.pytorch.org/docs/stable/generated/torch.mul.html
"""

from torch import Tensor


def scaled(x: Tensor, factor: float = 2.0) -> Tensor:
    """`factor` times `x`, plus 1."""
    ### BEGIN SOLUTION
    y = factor * x
    y = y + 1
    return y.contiguous()
    ### END SOLUTION
'''
SHARP = '''"""Scaling."""

from grader import expect_close, points, probe


@probe
def apply(student, x):
    return student.scaled(x, 3.0)


@points(10)
def test_scaled(student, draw):
    """`scaled(x, factor)` is factor·x + 1."""
    x = draw.normal(4)
    expect_close(student.run(apply, x=x), 3 * x + 1)
'''
SOFT = SHARP.replace("expect_close(student.run(apply, x=x), 3 * x + 1)", "student.run(apply, x=x)")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("exercises", "solutions", "checks", "tests/submissions/scaled/right"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "tests/submissions/scaled/wrong").mkdir()
    (tmp_path / "course.toml").write_text('title = "Mine"\n')
    (tmp_path / "solutions" / "scaled.py").write_text(SOLUTION)
    (tmp_path / "checks" / "scaled.py").write_text(SHARP)
    release(load_course(tmp_path)["scaled"], tmp_path / "exercises")
    return tmp_path


def write(folder: Path, kind: str, name: str, text: str) -> None:
    (folder / "tests/submissions/scaled" / kind / f"{name}.py").write_text(text)


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


def test_the_table(folder: Path, machines: Machines) -> None:
    found = audit("scaled", machines.on(load_course(folder)))
    console = Console(record=True, width=120)
    output.render([found, found], console)
    assert "scaled" in console.export_text()
    rows = output.markdown([found, found]).splitlines()
    assert rows[0].startswith("| exercise | right |")
    assert rows[-1].startswith("| **all** |")


def test_the_course_is_clean(course: Course) -> None:
    assert lint(course) == []


@pytest.mark.parametrize(
    ("file", "old", "new", "told"),
    [
        ("checks/scaled.py", "@points(10)", "@points(9)", "add up to 9, not to 10"),
        ("checks/scaled.py", "@points(10)", "@points(2.5)", "has no `@points(n)`"),
        ("checks/scaled.py", "@points(10)\n", "", "has no `@points(n)`"),
        ("checks/scaled.py", '    """`scaled', '    x = """`scaled', "has no docstring"),
        ("checks/scaled.py", "@probe", 'HINTS = ("a", " ")\n\n\n@probe', "hint 2 is empty"),
        ("solutions/scaled.py", "See: https", "see https", "has no `See: https"),
        ("solutions/scaled.py", '"""Scaling\n', 'x = """Scaling\n', "has no statement"),
        ("solutions/scaled.py", "### BEGIN SOLUTION", "", "has no partner"),
        ("exercises/scaled.py", "YOUR CODE", "your code", "is not what the solution gives"),
    ],
)  # fmt: skip
def test_the_lint_tells(folder: Path, file: str, old: str, new: str, told: str) -> None:
    path = folder / file
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    assert any(told in problem for problem in lint(load_course(folder)))


def test_too_few_submissions_are_told(folder: Path) -> None:
    assert "right has 0 submissions; 6 are wanted" in " ".join(lint(load_course(folder)))


KINDS = [
    ("return a + b", "operator", "return a - b"),
    ("return a @ b", "operator", "return a * b"),
    ("return x.T", "transpose", "return x"),
    ("return x.mean()", "reduction", "return x.sum()"),
    ("return x.sum(dim=1)", "dim", "return x.sum(dim=0)"),
    ("return x.sum(dim=1)", "dropped argument", "return x.sum()"),
    ("return f(a, b)", "swapped", "return f(b, a)"),
    ("return (a, b)", "swapped", "return (b, a)"),
    ("return torch.exp(x)", "dropped call", "return x"),
    ("return x * 2", "constant", "return x * 3"),
    ("return -x", "sign", "return x"),
    ("return a * b", "sign", "return -(a * b)"),
    ("return a * b", "detach", "return (a * b).detach()"),
    ("return a * b", "dtype", "return (a * b).float()"),
    ("return x.detach()", "detach", "return x"),
    ("x += a", "operator", "x -= a"),
    ("x.zero_()", "dropped statement", "pass"),
    ("return a < b", "comparison", "return a <= b"),
    ("return f(x, True)", "constant", "return f(x, False)"),
    ("return torch.zeros(2, device=d)", "device", "return torch.zeros(2)"),
]


@pytest.mark.parametrize(("line", "kind", "mutated"), KINDS)
def test_kinds_of_mutants(line: str, kind: str, mutated: str) -> None:
    text = f"def f(x, a, b, d):\n    ### BEGIN SOLUTION\n    {line}\n    ### END SOLUTION\n"
    made = {(mutant.kind, mutant.mutated) for mutant in mutants_of(text)}
    assert (kind, mutated) in made


def test_only_what_a_student_writes_is_mutated() -> None:
    text = "X = 1 + 2\n\n\ndef f(x):\n    y = x + 1\n    ### BEGIN SOLUTION\n    return y\n    ### END SOLUTION\n"
    assert mutants_of(text) == []
