"""`%%check` in a session of IPython, and in a real kernel."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

from grader.authoring.stub_notebook import notebook_of
from grader.course.catalog import Course


def solved(course: Course, name: str) -> str:
    return notebook_of(name, course[name].solution.read_text(encoding="utf-8"))


def run_in_kernel(text: str, folder: Path) -> tuple[Any, str]:
    notebook = nbformat.reads(text, as_version=4)
    NotebookClient(
        notebook, timeout=120, resources={"metadata": {"path": str(folder)}}, allow_errors=True
    ).execute()
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    errors = [output["ename"] for output in outputs if output["output_type"] == "error"]
    html = [output["data"]["text/html"] for output in outputs if "data" in output]
    return errors, " ".join(html)


@pytest.mark.filterwarnings("ignore")  # the kernel's own
@pytest.mark.parametrize("name", ["my_linear", "train_step"])
def test_in_a_real_kernel(course: Course, name: str, tmp_path: Path) -> None:
    errors, html = run_in_kernel(solved(course, name), tmp_path)
    assert errors == []
    assert f"{name}  10/10" in html


@pytest.mark.filterwarnings("ignore")
def test_in_a_real_kernel_with_a_mistake(course: Course, tmp_path: Path) -> None:
    text = solved(course, "my_linear").replace("if bias else None", "")
    text = text.replace("%%check my_linear", "%%check my_linear\\nx = '<script>'")
    data = json.loads(text)
    data["cells"].append(nbformat.v4.new_code_cell("%%check no_such\n"))
    errors, html = run_in_kernel(json.dumps(data), tmp_path)
    assert errors == ["UsageError"] or errors == []
    assert "my_linear  9/10" in html
    assert "bias=False" in html
