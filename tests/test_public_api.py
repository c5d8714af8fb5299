"""What `import grader` offers: the names are written out here, so that none comes or goes unseen."""

from __future__ import annotations

import ast
import inspect
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import grader
from grader import errors
from tests.conftest import ROOT

GRADING = {
    "AssignedCourse", "Assignment", "Course", "Exercise", "Limits", "Machines", "Submission", "grade", "load_course",
    "read_assignment", "read_submission",
}  # fmt: skip
REPORT = {
    "CaseResult", "CheckResult", "Environment", "ExerciseResult", "Picture", "Report", "Violation",
}  # fmt: skip
ERRORS = {
    "AssignmentError", "CourseError", "CourseFault", "DeviceError", "Fault", "GraderError", "InputError",
    "SandboxLost", "SubmissionError", "UnsupportedVersion",
}  # fmt: skip
CHECKS = {
    "Cause", "Criterion", "Draw", "NotJudged", "Received", "Student", "applied", "around_a_step", "as_asked",
    "attentions", "backbones", "called", "checkpoint_causes", "checkpoints", "curve", "drawn_graphs", "dropouts",
    "early_stopping", "expect", "expect_close", "explain", "fill", "filled_within", "fitted_polynomials", "follows",
    "held_by", "helper", "in_parallel", "landscape", "listen", "loaders", "moved", "needs", "network", "normalizations",
    "optimizer_steps", "order_causes", "other_functions", "other_heads", "other_terms", "points", "probe",
    "recorded_axes", "residual_nets", "rounds", "samplers", "slips", "slopes", "soft_scores", "train_by_hand",
    "training_order",
}  # fmt: skip
NOT_OFFERED = {"N_", "_"}  # texts of a course in several languages need them


def in_a_fresh_python(program: str) -> Any:
    """What a program prints, as JSON, in an interpreter that has imported nothing of ours."""
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return json.loads(done.stdout)


def test_these_names_and_no_others() -> None:
    assert grader.__all__ == sorted(GRADING | REPORT | ERRORS | CHECKS)


@pytest.mark.parametrize("name", [*grader.__all__, *sorted(NOT_OFFERED)])
def test_a_public_name_is_ours_and_has_a_docstring(name: str) -> None:
    value = getattr(grader, name)
    if isinstance(value, ModuleType):
        assert value.__name__.startswith("grader.checking.")
        assert value.__name__.endswith(f".{name}")
    else:
        assert value.__module__.startswith("grader.")
        assert value.__name__ == name
    told = inspect.getdoc(value)
    assert told
    assert told.split("\n\n")[0].rstrip().endswith((".", ":")), told
    # that of a dataclass without one is its signature
    assert not told.startswith(f"{name}(")


def test_public_errors_are_of_the_one_tree() -> None:
    for name in ERRORS:
        assert issubclass(getattr(grader, name), errors.GraderError)
        assert getattr(grader, name) is getattr(errors, name)


def test_a_star_import_brings_the_public_names() -> None:
    names: dict[str, object] = {}
    exec("from grader import *", names)
    assert names.keys() - {"__builtins__"} == set(grader.__all__)


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="'grader' has no attribute 'nothing'"):
        _ = grader.nothing


def test_nothing_imports_torch_before_it_is_used() -> None:
    """To look at the package is no use of it, nor is a course, a submission, a report, or a limit."""
    light = sorted(GRADING | REPORT | ERRORS)
    names, plain, after = in_a_fresh_python(
        "import json, sys, grader\n"
        "heavy = lambda: sorted({'torch', 'numpy', 'pytest', 'click'} & set(sys.modules))\n"
        "names, plain = dir(grader), heavy()\n"
        f"[getattr(grader, name) for name in {light!r}]\n"
        "print(json.dumps([names, plain, heavy()]))\n"
    )
    assert set(grader.__all__) | {"__version__", "load_ipython_extension"} <= set(names)
    assert not NOT_OFFERED & set(names)
    assert plain == after == []


def test_type_checkers_see_the_names_that_are_there() -> None:
    """What is looked up when it is asked for stands twice in the file: for them, and for Python."""
    [seen] = [
        {alias.name: node.module for node in block.body if isinstance(node, ast.ImportFrom) for alias in node.names}
        for block in ast.parse(Path(grader.__file__).read_text(encoding="utf-8")).body
        if isinstance(block, ast.If)
    ]  # fmt: skip
    modules = (
        "around_a_step",
        "attentions",
        "backbones",
        "checkpoint_causes",
        "checkpoints",
        "drawn_graphs",
        "dropouts",
        "early_stopping",
        "explain",
        "fitted_polynomials",
        "loaders",
        "normalizations",
        "in_parallel",
        "optimizer_steps",
        "other_functions",
        "other_heads",
        "other_terms",
        "residual_nets",
        "recorded_axes",
        "samplers",
        "slips",
        "slopes",
        "soft_scores",
        "training_order",
    )
    known = grader._HOMES | grader._ALSO
    for name in modules:
        assert f"{seen.pop(name)}.{name}" == known[name]
    homes = {name: home for name, home in known.items() if name in seen}
    assert seen == homes
    assert set(homes) == (set(grader.__all__) | NOT_OFFERED) - set(modules)


def imported_names(text: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.ImportFrom) and node.module == "grader":
            yield from (alias.name for alias in node.names)


def test_checks_and_the_documentation_need_no_other_names() -> None:
    for path in (ROOT / "grader" / "checks").glob("[!_]*.py"):
        text = path.read_text(encoding="utf-8")
        assert set(imported_names(text)) <= CHECKS | NOT_OFFERED, path
        assert "from grader." not in text, path
    for path in (ROOT / "README.md", *(ROOT / "docs").glob("*.md")):
        blocks = re.findall(r"```python\n(.*?)```", path.read_text(encoding="utf-8"), re.DOTALL)
        lines = [line.strip() for block in blocks for line in block.splitlines()]
        shown = {
            name
            for line in lines
            if line.startswith("from grader import ")
            for name in imported_names(line)
        }
        assert shown <= set(grader.__all__) | NOT_OFFERED, path


def test_type_checkers_are_told_that_it_has_types() -> None:
    assert (Path(grader.__file__).parent / "py.typed").is_file()
