"""A rule costs the points of the checks that were seen to break it; what a source looks like costs nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from grader.checking.probes import probe
from grader.checking.rules import Sighting, judged, watched_for
from grader.checking.source.source_scan import Found, Scan, scan
from grader.course.catalog import Course, Exercise
from grader.report import CaseResult, CheckResult, CheckStatus, Picture
from grader.submission import Source
from grader.submission.submission import Cell
from tests.conftest import ROOT, Grade

BY_HAND, FROM_SCRATCH = "by hand", "from scratch"
ADVICE = "Write the derivative out yourself; every other function of torch is allowed."
TEXT = """import torch
ag = torch.autograd

def step(x):
    y = x.requires_grad_()
    return ag.grad(y, x)

def other(x):
    return helper(x)

def helper(x):
    return torch.func.jvp(x)
"""


def exercise_of(folder: Path, forbidden: str) -> Exercise:
    """An exercise that asks for `step`, `other` and `Model`, with the given rules."""
    stub = "def step(): ...\ndef other(): ...\nclass Model: ...\n"
    for name, text in (("stub.py", stub), ("checks.py", f"FORBIDDEN = {forbidden}\n")):
        (folder / name).write_text(text, encoding="utf-8")
    return Exercise("made", "1", folder / "stub.py", folder / "stub.py", folder / "checks.py")


@pytest.fixture
def exercise(tmp_path: Path) -> Exercise:
    return exercise_of(tmp_path, '{"by hand": {}, "from scratch": {"names": ["torch.nn.Linear"]}}')


def a_check(name: str, status: CheckStatus = "passed") -> CheckResult:
    return CheckResult(
        *(name, f"`{name}` is right.", status, 2, 2 if status == "passed" else 0),
        message="" if status == "passed" else "not two",
        cause="" if status == "passed" else "It is three.",
        cause_id="" if status == "passed" else "three",
        place="work.py, line 1",
        cases=(CaseResult("cpu", "float32", status), CaseResult("sim", None, status)),
        pictures=(Picture("error", "", (1,), ((1.0,),)),),
    )


def sighting(
    check: str, *called: str, name: str = "aten::sigmoid_backward", rule: str = BY_HAND
) -> Sighting:
    return Sighting(check, "cpu", "float32", frozenset(called), rule, name)


@probe
def steps(student: Any, x: Any) -> Any:
    return student.step(x)


@probe
def makes(student: Any, x: Any) -> Any:
    return student.Model(student.step(x))


@pytest.mark.parametrize(
    ("forbidden", "of_steps", "of_makes"),
    [
        ("{}", {}, {}),
        ('{"by hand": {}}', {BY_HAND: True}, {BY_HAND: True}),
        ('{"by hand": {"except": ["Model"]}}', {BY_HAND: True}, {}),
        (
            '{"from scratch": {"names": ["torch.optim"]}}',
            {FROM_SCRATCH: ["torch.optim"]},
            {FROM_SCRATCH: ["torch.optim"]},
        ),
        (
            '{"by hand": {"except": ["Model"]}, "from scratch": {"names": []}}',
            {BY_HAND: True, FROM_SCRATCH: []},
            {FROM_SCRATCH: []},
        ),
    ],
)
def test_what_a_probe_is_watched_for(
    tmp_path: Path, forbidden: str, of_steps: dict[str, Any], of_makes: dict[str, Any]
) -> None:
    made = exercise_of(tmp_path, forbidden)
    assert watched_for(made, steps) == of_steps
    assert watched_for(made, makes) == of_makes


def test_without_a_sighting_everything_stays(exercise: Exercise) -> None:
    """Whatever the scan has found."""
    source = Source.of_text("work.py", TEXT)
    found = scan(exercise, source)
    assert len(found.findings) == 3
    checks = (a_check("go"), a_check("stop", "failed"))
    judgement = judged(exercise, source, found, checks, ())
    assert (judgement.checks, judgement.violations, judgement.explained) == (
        checks,
        (),
        frozenset(),
    )


def test_the_check_that_was_seen_loses_its_points_and_no_other(exercise: Exercise) -> None:
    source = Source.of_text("work.py", TEXT)
    checks = (a_check("go"), a_check("stop"))
    judgement = judged(exercise, source, scan(exercise, source), checks, [sighting("go", "step")])
    lost, kept = judgement.checks
    assert kept == checks[1]
    assert (lost.status, lost.score, lost.points) == ("failed", 0, 2)
    assert (lost.cause, lost.cause_id, lost.place, lost.pictures) == ("", "", "", ())
    assert [case.status for case in lost.cases] == ["failed", "passed"]
    assert lost.message == (
        "`step` had torch differentiate (it reports `aten::sigmoid_backward`), which is not allowed "
        f"here. It was at work.py, line 6: `return ag.grad(y, x)`. {ADVICE}"
    )
    [violation] = judgement.violations
    assert (violation.line, violation.rule, violation.checks) == (6, BY_HAND, ("go",))
    assert violation.message == (
        f"`torch.autograd.grad` (automatic differentiation) is not allowed here. {ADVICE}"
    )
    assert {each.line for each in judgement.explained} == {5, 6}


@pytest.mark.parametrize("status", ["passed", "failed", "skipped", "not_started"])
def test_a_rule_outweighs_what_the_numbers_say(exercise: Exercise, status: CheckStatus) -> None:
    source = Source.of_text("work.py", TEXT)
    judgement = judged(exercise, source, Scan(), [a_check("go", status)], [sighting("go", "step")])
    [lost] = judgement.checks
    assert (lost.status, lost.score) == ("failed", 0)
    assert "differentiate" in lost.message


def test_a_check_that_ran_out_of_time_says_so(exercise: Exercise) -> None:
    source = Source.of_text("work.py", TEXT)
    check = a_check("go", "timeout")
    judgement = judged(exercise, source, Scan(), [check], [sighting("go", "step")])
    assert judgement.checks == (check,)
    assert [each.checks for each in judgement.violations] == [("go",)]


def test_a_line_is_looked_for_where_the_called_functions_lead(exercise: Exercise) -> None:
    source = Source.of_text("work.py", TEXT)
    found = scan(exercise, source)

    def line(*called: str, **more: str) -> int:
        seen = [sighting("go", *called, **more)]
        return judged(exercise, source, found, [a_check("go")], seen).violations[0].line

    assert line("step") == 6  # what does something, before what prepares it
    assert line("other") == 12  # in a helper
    assert line("other", "x", "not defined") == 12
    assert line("step", "other") == 6
    assert line() == 6  # all of them may be meant
    assert line(name="torch.func.jvp") == 12  # the name tells
    assert line("step", rule=FROM_SCRATCH) == 4  # nothing found: where the function begins


def test_a_sighting_that_the_source_does_not_show_is_told_at_the_function(
    exercise: Exercise,
) -> None:
    source = Source.of_text("work.py", TEXT)
    seen = [
        sighting("go", "other", name="aten::linear", rule=FROM_SCRATCH),
        sighting("stop", name="x\n\x1b[31m" + "y" * 500),
    ]
    judgement = judged(exercise, source, Scan(), [a_check("go"), a_check("stop")], seen)
    first, second = judgement.violations
    advice = "Write it yourself, from simpler operations."
    assert first.line == 8
    assert first.message == (
        f"`other` had `aten::linear` do the work, which is not allowed here. {advice}"
    )
    assert judgement.checks[0].message == first.message
    assert second.message.startswith("Your code had torch differentiate (it reports `x ")
    assert second.message.isprintable()
    assert len(second.message) < 300


def test_what_one_function_was_seen_to_do_alone_is_not_said_of_two(exercise: Exercise) -> None:
    """A check of `other` may call `step` as well."""
    source = Source.of_text("work.py", TEXT)
    names = {"name": "aten::linear", "rule": FROM_SCRATCH}
    both = sighting("go", "step", "other", **names)
    said = [
        judged(exercise, source, Scan(), [a_check("go")], seen).checks[0].message
        for seen in ([both], [both, sighting("stop", "step", **names)])
    ]
    assert [each.split(" had ")[0] for each in said] == ["`other` or `step`", "`step`"]


def test_each_rule_and_line_is_told_once_with_all_its_checks(exercise: Exercise) -> None:
    source = Source.of_text("work.py", TEXT)
    seen = [
        *[sighting("go", "step", name=name) for name in ("aten::a_backward", "aten::b_backward")],
        sighting("stop", "step"),
        sighting("stop", "step", name="torch.nn.Linear", rule=FROM_SCRATCH),
    ]
    found = scan(exercise, source)
    judgement = judged(exercise, source, found, [a_check("go"), a_check("stop")], seen)
    told = [(each.rule, each.line, each.checks) for each in judgement.violations]
    assert told == [(BY_HAND, 6, ("go", "stop")), (FROM_SCRATCH, 4, ("stop",))]


def test_the_cell_of_a_notebook_is_named(exercise: Exercise) -> None:
    cells = (Cell("x.ipynb, cell 1", "import torch"), Cell("x.ipynb, cell 3", TEXT))
    source = Source("x.ipynb", cells, notebook=True)
    found = scan(exercise, source)
    judgement = judged(exercise, source, found, [a_check("go")], [sighting("go", "step")])
    assert "x.ipynb, cell 3, line 6: `return ag.grad(y, x)`" in judgement.checks[0].message


def test_a_source_that_cannot_be_read_begins_at_its_first_line(exercise: Exercise) -> None:
    source = Source.of_text("work.py", f"x = {'-' * 60_000}1\ndef step(): ...\n")
    judgement = judged(exercise, source, Scan(), [a_check("go")], [sighting("go", "step")])
    assert judgement.violations[0].line == 1


def test_what_explains_is_of_the_same_rule(exercise: Exercise) -> None:
    source = Source.of_text("work.py", TEXT)
    other = Found(0, 4, FROM_SCRATCH, "`torch.nn.Linear`", "", ("step",))
    found = Scan((other, *scan(exercise, source).findings))
    judgement = judged(exercise, source, found, [a_check("go")], [sighting("go", "step")])
    assert other not in judgement.explained
    assert judgement.violations[0].line == 6


SOLUTIONS = ROOT / "solutions"
LINE_FIT = (SOLUTIONS / "line_fit.py").read_text(encoding="utf-8")
AUTOGRAD = """
def gradients(x, y, a, b):
    leaves = [each.detach().clone().requires_grad_() for each in (a, b)]
    loss = ((leaves[0] * x + leaves[1] - y) ** 2).mean()
    loss.backward()
    return tuple(each.grad for each in leaves)
"""


def test_what_is_by_hand_stays_paid_where_another_function_is_not(graded: Grade) -> None:
    result = graded("line_fit", LINE_FIT + AUTOGRAD)
    checks = {check.name: check for check in result.checks}
    assert result.status == "partial"
    assert result.message == ""
    assert checks["predict"].score == checks["predict"].points
    assert checks["mse"].score == checks["mse"].points
    assert checks["gradients"].score == checks["step"].score == 0
    line = 1 + (LINE_FIT + AUTOGRAD).splitlines().index("    loss.backward()")
    assert f"line_fit.py, line {line}: `loss.backward()`" in checks["gradients"].message
    [violation] = [each for each in result.violations if "gradients" in each.checks]
    assert (violation.line, violation.rule) == (line, BY_HAND)
    assert result.remarks == ()


UNUSED = [
    "from torch.autograd import grad\n",
    "from torch import *\n",
    "from torch.nn.functional import *\n",
    "from torch.optim import *\nfrom torch.nn import *\nimport torch.func, functorch, ctypes, gc\n",
    "if __name__ == '__main__':\n    import torch\n    torch.ones(1, requires_grad=True).backward()\n",
    "import torch\ndef compare(x):\n    return torch.autograd.grad(x, x)\n",
]


@pytest.mark.parametrize("name", ["line_fit", "my_linear", "custom_function"])
def test_what_nobody_uses_changes_nothing(course: Course, graded: Grade, name: str) -> None:
    text = course[name].solution.read_text(encoding="utf-8")
    first = "\nimport torch\n"
    assert first in text
    plain = graded(name, text, seed=3)
    for more in UNUSED:
        result = graded(name, text.replace(first, f"\n{more}import torch\n", 1), seed=3)
        assert (result.score, result.status) == (plain.score, "passed"), more
        assert (result.violations, result.remarks) == ((), ()), more


@pytest.mark.parametrize(
    ("name", "before", "line"),
    [
        ("my_linear", "output = x @", "nn.Linear(1, 1)"),
        ("my_linear", "output = x @", "isinstance(x, nn.Linear)"),
        ("line_fit", "### BEGIN SOLUTION", "x = x.clone().requires_grad_().detach()"),
    ],
)
def test_a_line_that_does_not_do_the_work_costs_nothing(
    course: Course, graded: Grade, name: str, before: str, line: str
) -> None:
    text = course[name].solution.read_text(encoding="utf-8")
    column = text[: text.index(before)].rpartition("\n")[2]
    result = graded(name, text.replace(before, f"{line}\n{column}{before}", 1))
    assert (result.score, result.violations) == (10, ())
