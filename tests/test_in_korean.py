"""The commands, the grading, stubs and notebooks in another language, end to end."""

from __future__ import annotations

import html
import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace
from io import StringIO
from pathlib import Path

import jsonschema
import nbformat
import pytest
from click.testing import CliRunner, Result
from nbclient import NotebookClient
from rich.console import Console

from grader import grade, language, load_course
from grader.authoring.po_files import PACKAGE
from grader.cli import main
from grader.course.catalog import Course
from grader.course.stub_notebook import notebook_of
from grader.course.translated_stub import stub_text
from grader.course.translation import hints_of
from grader.errors import InputError
from grader.machines import Machines
from grader.outputs import notebook_html, terminal
from grader.report import Report
from grader.submission import Submission, read_submission
from grader.submission.search import is_stub
from tests.conftest import ROOT
from tests.drawn import some

NAMES = load_course().names
HANGUL = re.compile("[가-힣]")


def korean(folder: Path) -> Path:
    return folder / "ko" / "LC_MESSAGES" / "messages.po"


def run(*arguments: str, environment: Mapping[str, str] | None = None) -> Result:
    """Runs `grader ...` in this process, which speaks English again afterwards."""
    with language.speaking("en"):
        result = CliRunner(env=environment).invoke(main, arguments)
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result


@pytest.mark.parametrize(
    ("arguments", "environment"),
    [
        (["--lang", "ko", "list"], {}),
        (["list", "--lang", "ko"], {}),
        (["--lang", "en", "list", "--lang", "ko"], {}),
        (["list"], {"GRADER_LANG": "ko"}),
        (["list"], {"GRADER_LANG": "", "LC_ALL": "ko_KR.UTF-8"}),
    ],
)
def test_the_command_speaks_korean(arguments: list[str], environment: dict[str, str]) -> None:
    assert "밑바닥부터 만드는 선형 층" in run(*arguments, environment=environment).stdout


def test_a_language_that_is_not_there() -> None:
    asked = run("list", "--lang", "xx")
    assert (asked.exit_code, asked.stdout) == (2, "")
    assert "'xx' is not one of 'en', 'ko'" in asked.stderr
    set_ = run("list", environment={"GRADER_LANG": "xx"})
    assert (set_.exit_code, set_.stdout) == (2, "")
    assert "GRADER_LANG is 'xx'" in set_.stderr


def test_a_terminal_without_these_letters(course: Course) -> None:
    for encoding in ("ascii", "euc-kr"):
        command = [sys.executable, "-m", "grader", "show", "line_fit", "--lang", "ko"]
        environment = os.environ | {"PYTHONIOENCODING": encoding}
        result = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True)
        assert (result.returncode, result.stderr) == (0, b"")
        assert ("기울기".encode("euc-kr") in result.stdout) is (encoding == "euc-kr")


def test_show_and_help_in_korean() -> None:
    shown = " ".join(run("show", "my_linear", "--lang", "ko").stdout.split())
    assert "확인해 볼 숫자" in shown
    assert "A number to check" not in shown
    assert "nn.Parameter" in shown
    assert "종료 상태" in run("--lang", "ko", "check", "--help").stdout
    wrong = run("show", "nothing", "--lang", "ko")
    assert wrong.exit_code == 2
    assert "'nothing'(이)라는 문제는 없습니다" in wrong.stderr


def test_what_instructors_run_stays_english() -> None:
    refused = run("release", "nothing", environment={"GRADER_LANG": "ko"})
    assert refused.exit_code == 2
    assert "There is no exercise 'nothing'" in refused.stderr


# the same grading in another language


def test_a_report_in_korean(
    course: Course, shared_machines: Machines, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    arguments = ["check", "--from", "examples/partly", "--format", "json", "my_linear"]
    other = json.loads(run(*arguments, "--lang", "ko").stdout)
    report = grade(ROOT / "examples/partly", ["my_linear"], course=course, machines=shared_machines)
    english = report.to_dict()
    schema = json.loads((PACKAGE / "report.schema.json").read_text(encoding="utf-8"))
    jsonschema.validate(other, schema)
    assert (english["language"], other["language"]) == ("en", "ko")
    assert Report.from_dict(other).to_dict() == other
    [one], [two] = english["exercises"], other["exercises"]
    assert (one["score"], one["status"], one["seed"]) == (two["score"], two["status"], two["seed"])
    assert two["title"] == "밑바닥부터 만드는 선형 층"
    for check, same in zip(one["checks"], two["checks"], strict=True):
        assert (check["name"], check["score"]) == (same["name"], same["score"])
        for text in ("description", "message", "cause"):
            assert bool(check[text]) is bool(same[text])
            assert check[text] != same[text] or not check[text]
            assert not same[text] or HANGUL.search(same[text])


def test_a_report_is_shown_in_its_own_language(course: Course, machines: Machines) -> None:
    path = ROOT / "examples/partly/my_linear.py"
    report = grade(path, course=course, machines=machines, language="ko")
    assert language.current() == "en"
    report = replace(report, exercises=report.exercises * 2)
    console = Console(file=StringIO(), record=True, width=100)
    terminal.render(report, console)
    assert "18/20점" in console.export_text()
    assert 'lang="ko"' in notebook_html.render(report)


def test_a_language_that_the_grader_does_not_speak(course: Course, machines: Machines) -> None:
    with pytest.raises(InputError, match="does not speak 'xx'"):
        grade(ROOT / "examples/partly", course=course, machines=machines, language="xx")


@pytest.mark.parametrize("name", some(NAMES, 1 / 8))
def test_what_a_mistake_is_told(course: Course, machines: Machines, name: str) -> None:
    paths = sorted((ROOT / "tests" / "submissions" / name / "wrong").glob("*.py"))
    submission = Submission.of_text(name, paths[len(paths) // 2].read_text(encoding="utf-8"))
    [result] = grade(submission, course=course, machines=machines, language="ko").exercises
    sentences = [result.message, *(violation.message for violation in result.violations)]
    for check in result.checks:
        if check.status != "passed":
            sentences += [check.description, check.message, check.cause]
    assert len(list(filter(None, sentences))) > 1
    for sentence in filter(None, sentences):
        assert HANGUL.search(sentence), sentence
    with language.speaking("ko"):
        for hint in hints_of(course[name]):
            assert HANGUL.search(hint), hint


def test_the_stubs_of_a_course_stay_english(tmp_path: Path) -> None:
    korean = {"GRADER_LANG": "ko"}
    out = ["--output", str(tmp_path / "stubs")]
    assert run("release", "derivative", *out, environment=korean).exit_code == 0
    made = tmp_path / "stubs" / "derivative.py"
    assert made.read_bytes() == (ROOT / "exercises" / "derivative.py").read_bytes()
    assert run("release", "derivative", *out, "--lang", "ko").exit_code == 0
    assert "수치 미분" in made.read_text(encoding="utf-8")
    refused = run("release", "derivative", "--lang", "ko")
    assert refused.exit_code == 2
    assert "--output DIR" in refused.stderr


@pytest.mark.parametrize("suffix", [[], ["--notebooks"]], ids=["files", "notebooks"])
def test_a_korean_workspace_is_not_attempted(
    tmp_path: Path,
    course: Course,
    machines: Machines,
    monkeypatch: pytest.MonkeyPatch,
    suffix: list[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    made = run("init", "work", "--lang", "ko", *suffix)
    assert made.exit_code == 0
    assert "--lang ko" in made.stdout
    submission = read_submission(tmp_path / "work", course)
    assert set(submission.sources) == set(NAMES)
    for name, source in submission.sources.items():
        assert is_stub(source, course[name])
    report = grade(tmp_path / "work", ["derivative"], course=course, machines=machines)
    assert report.exercises[0].status == "not_attempted"


def test_a_korean_notebook_runs(course: Course, tmp_path: Path) -> None:
    solution = course["derivative"].solution.read_text(encoding="utf-8")
    with language.speaking("ko"):
        text = notebook_of("derivative", stub_text(solution, Path("derivative.py")))
    assert "수치 미분" in text
    filled = nbformat.reads(text.replace("/ (2 * h)", "/ h"), as_version=4)
    # whatever language the machine speaks
    client = NotebookClient(filled, timeout=120, resources={"metadata": {"path": str(tmp_path)}})
    client.execute(env=os.environ | {"GRADER_LANG": "en"})
    [output] = filled.cells[-1].outputs
    shown = html.unescape(output["data"]["text/html"])
    assert "<code>forward_difference(f, x, h)</code>는" in shown
    assert "같은 입력으로 다시 채점" in shown


# a course of one's own


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("solutions", "checks"):
        (tmp_path / name).mkdir()
    (tmp_path / "course.toml").write_text('title = "Mine"\n')
    (tmp_path / "solutions" / "double.py").write_text(
        '"""Doubling\n\nTwice a tensor.\n\nNot more.\n"""\n\n\n'
        'def double(x):\n    """Twice `x`."""\n'
        "    ### BEGIN SOLUTION\n    return 2 * x\n    ### END SOLUTION\n"
    )
    (tmp_path / "checks" / "double.py").write_text(
        '"""Doubling."""\n'
        "from grader import _, expect, points, probe\n\n"
        'HINTS = ("Think of 2.",)\n\n\n'
        "@probe\ndef run(student):\n    return student.double(3)\n\n\n"
        '@points(10)\ndef test_double(student):\n    """`double(x)` is 2·x."""\n'
        '    expect(student.run(run) == 6, _("{count} is wrong.").format(count=3))\n'
    )
    return tmp_path


def test_a_course_brings_its_own_language(folder: Path, machines: Machines) -> None:
    first = run("translate", "--course", str(folder))
    assert first.exit_code == 1
    assert "“Twice a tensor.” is not translated" in first.stdout
    path = korean(folder / "locale")
    text = path.read_text(encoding="utf-8")
    for english, other in {
        "Doubling": "두 배",
        "Twice a tensor.": "텐서의 두 배.",
        "Think of 2.": "2를 생각하세요.",
        "`double(x)` is 2·x.": "`double(x)`는 2·x입니다.",
        "{count} is wrong.": "{count}: 틀렸습니다.",
    }.items():
        text = text.replace(f'msgid "{english}"\nmsgstr ""', f'msgid "{english}"\nmsgstr "{other}"')
    path.write_text(text, encoding="utf-8")
    assert "“Mine” is not translated" in run("translate", "--course", str(folder)).stdout
    shown = run("show", "double", "--course", str(folder), "--lang", "ko").stdout
    # what has no translation yet is shown as it is
    assert "텐서의 두 배." in shown
    assert "Not more." in shown
    course = load_course(folder)
    (folder / "double.py").write_text("def double(x):\n    return x\n")
    report = grade(folder / "double.py", course=course, machines=machines, language="ko")
    [check] = report.exercises[0].checks
    assert report.exercises[0].title == "두 배"
    assert (check.description, check.message) == ("`double(x)`는 2·x입니다.", "3: 틀렸습니다.")


def test_what_is_no_catalogue_is_refused(folder: Path) -> None:
    path = korean(folder / "locale")
    path.parent.mkdir(parents=True)
    path.write_bytes(b'msgid "\xff\n')
    refused = run("translate", "--course", str(folder))
    assert refused.exit_code == 2
    assert "messages.po" in refused.stderr
    assert path.read_bytes() == b'msgid "\xff\n'
