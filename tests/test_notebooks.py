"""Notebooks that are filled in and graded from the file: they earn what the same code earns in a Python file."""

from __future__ import annotations

import json
import re
from pathlib import Path

import nbformat
import pytest

from grader import grade
from grader.authoring.stub import stub_of
from grader.course.catalog import Course, load_course
from grader.course.online import Online
from grader.course.stub_notebook import notebook_of
from grader.machines import Machines
from grader.report import ExerciseResult
from grader.submission import read_submission
from tests.drawn import some

NAMES = load_course().names


def solved(course: Course, name: str) -> str:
    return notebook_of(name, course[name].solution.read_text(encoding="utf-8"))


def with_cells(notebook: str, before: list[str], after: list[str]) -> str:
    data = json.loads(notebook)
    cells = [nbformat.v4.new_code_cell(text) for text in before]
    data["cells"] = [*cells, *data["cells"], *map(nbformat.v4.new_code_cell, after)]
    return json.dumps(data)


def graded_file(text: str, name: str, folder: Path, machines: Machines) -> ExerciseResult:
    path = folder / f"{name}.ipynb"
    path.write_text(text, encoding="utf-8")
    return grade(path, machines=machines).exercises[0]


@pytest.mark.parametrize("name", some(NAMES, 1 / 8))
def test_a_solved_notebook_earns_what_the_file_earns(
    course: Course, machines: Machines, name: str, tmp_path: Path
) -> None:
    result = graded_file(solved(course, name), name, tmp_path, machines)
    assert (result.score, result.max_score, result.status) == (10, 10, "passed")
    tests = re.findall(r"^def test_(\w+)", course[name].checks.read_text(encoding="utf-8"), re.M)
    assert [check.name for check in result.checks] == tests


@pytest.mark.parametrize("name", some(NAMES, 1 / 4))
def test_a_released_notebook_is_not_attempted(
    course: Course, machines: Machines, name: str, tmp_path: Path
) -> None:
    stub = stub_of(course[name].solution.read_text(encoding="utf-8"), name)
    result = graded_file(notebook_of(name, stub), name, tmp_path, machines)
    assert (result.score, result.status) == (0, "not_attempted")


def test_the_cell_that_installs_the_grader_is_no_attempt(
    course: Course, machines: Machines, tmp_path: Path
) -> None:
    stub = stub_of(course["derivative"].solution.read_text(encoding="utf-8"), "derivative")
    text = notebook_of("derivative", stub, Online(setup=("!git clone x y", "%cd y")))
    assert "%pip install" in text
    result = graded_file(text, "derivative", tmp_path, machines)
    assert (result.score, result.status) == (0, "not_attempted")


BEFORE = [
    "!pip install torch\n%matplotlib inline\n",
    "import matplotlib.pyplot as plt\nimport torch, numpy as np\nfrom tqdm.auto import tqdm",
    "%%bash\necho this is not Python (",
    "from IPython.display import display, HTML\nfiles = !ls\nimport pandas_of_no_such_name as pd\nx = 3",
    "torch.nn.Linear?\n%time y = x\nprint(7\n % 4)",
    "this does not parse",
    "fig, ax = plt.subplots(2, 2)\nax[0, 0].plot([1, 2])\nfor _ in tqdm(range(3)): pass\nplt.show()",
    "undefined_name + 1",
    "assert False, 'an experiment'",
    "import sys; sys.exit()",
    "",
]
AFTER = ["display(torch.ones(2))", "%%time\nprint('done')", "raise KeyboardInterrupt", "??"]


def test_what_else_stands_in_a_notebook_costs_nothing(
    course: Course, machines: Machines, tmp_path: Path
) -> None:
    text = with_cells(solved(course, "train_step"), BEFORE, AFTER)
    assert graded_file(text, "train_step", tmp_path, machines).score == 10


def test_outputs_and_metadata_are_not_looked_at(
    course: Course, machines: Machines, tmp_path: Path
) -> None:
    data = json.loads(solved(course, "my_linear"))
    for cell in data["cells"]:
        cell["metadata"] = {"nbgrader": {"points": 100, "grade": True}, "score": 10}
        if cell["cell_type"] == "code":
            cell["outputs"] = [
                {"output_type": "stream", "name": "stdout", "text": "A" * 5_000_000},
                {"output_type": "nonsense"},
            ]
    data["metadata"]["widgets"] = {"application/vnd.jupyter.widget-state+json": {"state": [1]}}
    assert graded_file(json.dumps(data), "my_linear", tmp_path, machines).score == 10


def test_the_last_definition_counts(course: Course, machines: Machines, tmp_path: Path) -> None:
    text = with_cells(solved(course, "my_linear"), [], ["class MyLinear:\n    pass"])
    assert graded_file(text, "my_linear", tmp_path, machines).score < 10


def test_messages_name_the_cell(course: Course, machines: Machines, tmp_path: Path) -> None:
    text = solved(course, "my_linear").replace("output = x @ self.weights", "1 / 0")
    checks = graded_file(text, "my_linear", tmp_path, machines).checks
    told = next(check.message for check in checks if check.name == "forward")
    assert re.search(r"my_linear\.ipynb, cell 3, line \d+: `1 / 0`", told)


def test_a_cell_that_fails_is_told_where_it_matters(machines: Machines, tmp_path: Path) -> None:
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell("class MyLinear(Module):\n    pass")]
    )
    result = graded_file(nbformat.writes(notebook), "my_linear", tmp_path, machines)
    assert result.status == "error"
    assert "NameError: name 'Module' is not defined" in result.message


def test_a_filled_notebook_beside_an_untouched_stub(
    course: Course, machines: Machines, tmp_path: Path
) -> None:
    (tmp_path / "my_linear.py").write_bytes(course["my_linear"].stub.read_bytes())
    (tmp_path / "my_linear.ipynb").write_text(solved(course, "my_linear"), encoding="utf-8")
    source = read_submission(tmp_path, course).sources["my_linear"]
    assert source.filename == "my_linear.ipynb"


def test_annotations_of_the_future_hold_in_the_cells_below(
    course: Course, machines: Machines, tmp_path: Path
) -> None:
    """As in Jupyter: a class may then name itself in its own annotations."""
    solution = course["my_linear"].solution.read_text(encoding="utf-8")
    twin = "    def twin(self) -> MyLinear:\n        return self\n\n    def forward("
    cells = ["from __future__ import annotations", solution.replace("    def forward(", twin)]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(text) for text in cells])
    result = graded_file(nbformat.writes(notebook), "my_linear", tmp_path, machines)
    assert result.status == "passed", result
