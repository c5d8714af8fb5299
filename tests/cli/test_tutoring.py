"""`grader explain`: data for programs, a text for people. How `grader mcp` is called: what it serves is tried in
`tests/practice/test_tool_server.py`.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from grader import language
from grader.course.catalog import Course, load_course
from grader.machines import Machines
from grader.report import Report
from tests.hostile import a_fault, report_of
from tests.workspaces import Run

SCHEMA = json.loads(files("grader").joinpath("explanation.schema.json").read_text("utf-8"))


@pytest.fixture
def wrong(folder: Path, course: Course, shared_machines: Machines) -> Iterator[Path]:
    """The folder, in which the derivative has another sign; after it, the language is what it was."""
    text = course["derivative"].solution.read_text()
    file = folder / "derivative.py"
    assert text.count("(f(above) - f(below))") == 1
    file.write_text(text.replace("(f(above) - f(below))", "(f(below) - f(above))"))
    with language.speaking("en"):
        yield folder


def test_data_by_the_schema_and_nothing_else(wrong: Path, run: Run) -> None:
    done = run("explain", "Derivative", "--json", "--lang", "ko")
    data = json.loads(done.stdout)
    jsonschema.validate(data, SCHEMA)
    assert (data["exercise"], data["language"]) == ("derivative", "ko")
    assert data["failures"][0]["look_at"]["file"] == "derivative.py"
    assert data["failures"][0]["look_at"]["place"].endswith("번째 줄")
    assert "derivative" in done.stderr  # which exercise is meant is told beside the data


def test_a_text_with_the_command_that_repeats_it(wrong: Path, run: Run) -> None:
    text = run("explain", "derivative", "--seed", "3", "--from", ".").stdout
    assert "Look at derivative.py, line" in text
    assert "What was called:" in text
    assert "grader check derivative --seed 3" in text


def test_what_cannot_be_explained_is_told(wrong: Path, run: Run) -> None:
    assert "There is no exercise 'nothing'" in run("explain", "nothing", status=2).stderr
    assert "holds no exercise" in run("explain", "losses", status=2).stderr


def test_a_fault_is_no_explanation(wrong: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def failed(*_: object, **__: object) -> Report:
        return report_of([a_fault("derivative")])

    monkeypatch.setattr("grader.practice.explained.grade", failed)
    done = run("explain", "derivative", "--json", status=2)
    assert json.loads(done.stdout)["score"] is None
    assert "SECRET" not in done.stdout


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What would have been served, and from which folder."""
    found: list[Any] = []

    def serve(folder: Path, course: Any, assigned: Any, devices: Sequence[str]) -> None:
        found.append((Path.cwd() / folder, course.names, assigned, tuple(devices)))

    monkeypatch.setattr("grader.practice.tool_server.serve", serve)
    return found


def test_it_works_in_the_folder_that_is_named(
    run: Run, folder: Path, served: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    work = folder / "work"
    work.mkdir()
    (work / "assignment.toml").write_text('[[exercise]]\nname = "losses"\n')
    # a student's folder is none to import from, though PYTHONPATH names it
    monkeypatch.setattr(sys, "path", [str(work), *sys.path])
    monkeypatch.setitem(os.environ, "PYTHONPATH", str(work))
    run("mcp", "--from", "work", "--device", "cpu")
    [(here, names, assigned, devices)] = served
    assert here == work
    assert names == ("losses",)
    assert assigned.names == ("losses",)
    assert devices == ("cpu",)
    assert str(work) not in sys.path
    assert "PYTHONPATH" not in os.environ


def test_by_default_the_current_folder_and_all_that_every_machine_has(
    run: Run, folder: Path, served: list[Any]
) -> None:
    run("mcp")
    [(here, names, assigned, devices)] = served
    assert here == folder
    assert (list(names), assigned, devices) == (list(load_course().names), None, ("cpu", "sim"))


@pytest.mark.parametrize("path", ["nowhere", "my_linear.py"])
def test_no_folder(run: Run, served: list[Any], path: str) -> None:
    assert f"{path} is no folder" in run("mcp", "--from", path, status=2).stderr
    assert served == []


def test_the_extra_is_named_where_it_is_not_installed(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == "mcp"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.delitem(sys.modules, "grader.practice.tool_server", raising=False)

    class Absent:
        def find_spec(self, name: str, path: object, target: object = None) -> None:
            if name.partition(".")[0] == "mcp":
                raise ModuleNotFoundError(f"No module named {name!r}", name=name)

    monkeypatch.setattr(sys, "meta_path", [Absent(), *sys.meta_path])
    assert 'pip install "torch-grader[mcp]"' in run("mcp", status=2).stderr
