"""The cases of a check file are pytest's own; what a file may not have is told as the course's fault."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from grader.checking.collect import Check, collect
from grader.errors import CourseError, CourseFault, GraderError, UnsupportedVersion

HEAD = "import pytest\nfrom grader import follows, needs, points\n"
Collect = Callable[..., dict[str, Check]]


@pytest.fixture
def collected(tmp_path: Path) -> Collect:
    def run(text: str, devices: Sequence[str] = ("cpu",), name: str = "it.py") -> dict[str, Check]:
        file = tmp_path / name
        file.write_text(HEAD + text, encoding="utf-8")
        return collect((file,), devices)

    return run


def test_a_check_as_its_file_states_it(collected: Collect) -> None:
    checks = collected(
        "@points(3)\ndef test_first(student):\n"
        "    '''A sentence\n    of two lines.\n\n    Not for the student.'''\n"
        "@points(7)\n@needs('first')\ndef test_second(student): ...\n"
        "@follows('first', 'second')\ndef test_third(): ...\n"
        "def helper(): ...\n"
    )
    assert list(checks) == ["first", "second", "third"]
    first, second, third = checks.values()
    assert (first.description, first.points, first.needs) == ("A sentence of two lines.", 3, ())
    assert (second.points, second.needs) == (7, ("first",))
    assert (third.description, third.points) == ("third", 0)
    assert (second.follows, third.follows) == ((), ("first", "second"))


def test_parameters_make_cases(collected: Collect) -> None:
    checks = collected(
        "@pytest.mark.parametrize(('n', 'm'), [(1, 2), (3, 4)])\n"
        "@pytest.mark.parametrize('mode', ['train', 'eval'], ids=['t', 'e'])\n"
        "def test_it(student, n, m, mode): ...\n"
    )
    cases = checks["it"].cases
    assert [case.name for case in cases] == [
        f"test_it[cpu-{mode}-{pair}]" for mode in "te" for pair in ("1-2", "3-4")
    ]
    assert cases[1].params == {"device": "cpu", "n": 3, "m": 4, "mode": "train"}
    assert cases[0].arguments == ("student", "n", "m", "mode")


def test_a_hidden_identifier_hides_no_parameter(collected: Collect) -> None:
    [case] = collected(
        "@pytest.mark.parametrize('n', [pytest.param(5, id=pytest.HIDDEN_PARAM)])\n"
        "def test_it(n): ...\n"
    )["it"].cases
    assert (case.name, case.params) == ("test_it", {"n": 5})


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("def test_it(student, weights): ...\n", "weights"),
        ("def test_it(tmp_path): ...\n", "tmp_path"),
        ("def test_it(request): ...\n", "request"),
        ("def test_it(student, n=3): ...\n", "n"),
        ("@pytest.fixture\ndef weights(): ...\ndef test_it(weights): ...\n", "weights"),
        ("@pytest.fixture(autouse=True)\ndef always(): ...\ndef test_it(student): ...\n", "always"),
        (
            "@pytest.fixture\ndef marked(): ...\n"
            "@pytest.mark.usefixtures('marked')\ndef test_it(student): ...\n",
            "marked",
        ),
    ],
)
def test_a_check_may_ask_for_nothing_else(collected: Collect, text: str, asked: str) -> None:
    with pytest.raises(CourseFault) as fault:
        collected(text)
    message = str(fault.value)
    assert f"it.py cannot be used: it asks for '{asked}'. A check may ask for student," in message
    assert message.endswith(", and for what it is parametrized with.")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("1 / 0\n", "ZeroDivisionError"),
        ("import no_such_module\n", "no_such_module"),
        ("x = 1\n", ""),  # nothing to collect
        ("raise SystemExit(1)\n", "cannot be used"),
        ("@pytest.mark.parametrize('n', [1])\ndef test_it(): ...\n", "uses no argument 'n'"),
        ("@needs('later')\ndef test_it(): ...\ndef test_later(): ...\n", "it needs later, which"),
        ("@needs('it')\ndef test_it(): ...\n", "it needs it, which is no earlier check"),
        ("@follows('no')\ndef test_it(): ...\n", "it follows no, which is no earlier check"),
    ],
)
def test_a_file_that_cannot_be_used(collected: Collect, text: str, reason: str) -> None:
    with pytest.raises(CourseFault, match=r"it\.py cannot be used") as fault:
        collected(text)
    assert reason in str(fault.value)


def test_a_file_that_is_no_python_is_named(collected: Collect) -> None:
    with pytest.raises(GraderError, match=r"it\.py"):
        collected("def test_(:\n")


def test_checks_are_kept_until_their_file_changes(collected: Collect, tmp_path: Path) -> None:
    first = collected("def test_a(): ...\n")
    file = tmp_path / "it.py"
    assert collect((file,), ("cpu",)) is first
    assert collect((file,), ("cpu", "sim")) is not first
    written = file.stat().st_mtime_ns
    file.write_text(HEAD + "def test_b(): ...\n", encoding="utf-8")
    os.utime(file, ns=(written + 1, written + 1))
    assert list(collect((file,), ("cpu",))) == ["b"]


def test_several_files_of_an_exercise_are_one(collected: Collect, tmp_path: Path) -> None:
    collected("def test_a(): ...\n", name="one.py")
    more = tmp_path / "more.py"
    more.write_text(HEAD + "@needs('a')\ndef test_b(): ...\n", encoding="utf-8")
    assert list(collect((tmp_path / "one.py", more), ("cpu",))) == ["a", "b"]


def test_two_courses_may_have_a_file_of_the_same_name(tmp_path: Path) -> None:
    for folder in ("first", "second"):
        (tmp_path / folder).mkdir()
        text = f"HERE = '{folder}'\ndef test_{folder}(): ...\n"
        (tmp_path / folder / "it.py").write_text(text, encoding="utf-8")
    for folder in ("first", "second"):
        [check] = collect((tmp_path / folder / "it.py",), ("cpu",)).values()
        assert check.name == folder
        assert check.cases[0].function.__globals__["HERE"] == folder


def test_what_lies_around_has_no_say(
    collected: Collect, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "conftest.py").write_text("raise SystemExit(1)\n", encoding="utf-8")
    (tmp_path / "pytest.ini").write_text("[pytest]\naddopts = --no-such\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTEST_ADDOPTS", "--no-such")
    monkeypatch.setenv("PYTEST_PLUGINS", "no_such_plugin")
    assert list(collected("def test_a(): ...\n")) == ["a"]
    assert os.environ["PYTEST_ADDOPTS"] == "--no-such"  # the caller's again
    assert os.environ["PYTEST_PLUGINS"] == "no_such_plugin"


@pytest.mark.parametrize("name", ["callspec", "fixturenames"])
def test_a_pytest_that_has_an_attribute_no_longer(
    collected: Collect, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    gone = property(lambda item: item.no_such_thing, lambda item, value: None)
    monkeypatch.setattr(pytest.Function, name, gone, raising=False)
    with pytest.raises(UnsupportedVersion, match=f"pytest {pytest.__version__} "):
        collected("def test_a(student): ...\n")


def test_a_check_has_its_name_alone(collected: Collect, tmp_path: Path) -> None:
    with pytest.raises(
        CourseFault, match=r"it\.py cannot be used: test_a is defined twice, in lines 3"
    ):
        collected("def test_a(): ...\ndef test_b(): ...\n@points(5)\ndef test_a(student): ...\n")
    with pytest.raises(CourseFault, match=r"it\.py cannot be used: it has a check a, and so has "):
        collected("class TestIt:\n    def test_a(self): ...\ndef test_a(): ...\n")
    collected("def test_a(): ...\n", name="one.py")
    with pytest.raises(
        CourseFault, match=r"more\.py cannot be used: it has a check a, and so has .*one"
    ):
        both(collected, tmp_path, "def test_a(): ...\n")


def both(collected: Collect, tmp_path: Path, more: str) -> dict[str, Check]:
    """The checks of a course's file and an instructor's."""
    collected("def test_a(): ...\n", name="one.py")
    (tmp_path / "more.py").write_text(HEAD + more, encoding="utf-8")
    return collect((tmp_path / "one.py", tmp_path / "more.py"), ("cpu",))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("import no_such_module\n", "ModuleNotFoundError: No module named 'no_such_module'"),
        ("1 / 0\n", "ZeroDivisionError"),
        ("@needs('z')\ndef test_b(): ...\n", "b needs z, which is no earlier check"),
        ("def check_b(): ...\n", "there is no function test_… in it"),
        ("FORBIDDEN = {}\ndef test_b(): ...\n", "`FORBIDDEN` has to stand in .*one.py"),
        ("@points(-1)\ndef test_b(): ...\n", "b is worth -1 points"),
    ],
)
def test_a_fault_is_told_of_the_file_that_it_is_in(
    collected: Collect, tmp_path: Path, text: str, reason: str
) -> None:
    with pytest.raises(CourseFault, match=rf"more\.py cannot be used: .*{reason}"):
        both(collected, tmp_path, text)


@pytest.mark.parametrize(
    "mark",
    ["parametrize('n', [])", "parametrize(('n', 'm'), ())", "parametrize('n', range(3, 3))"],
)
def test_a_check_without_a_case_does_not_pass(collected: Collect, mark: str) -> None:
    with pytest.raises(CourseFault, match="Empty parameter set in 'test_a'"):
        collected(f"@pytest.mark.{mark}\ndef test_a(student, n, m=1): ...\n")


def test_a_file_named_by_a_relative_path_is_read_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The built-in course's files are named in full, an instructor's as they were typed."""
    monkeypatch.chdir(tmp_path)
    file = Path("it.py")
    for number in (1, 2):
        file.write_text(f"N = {number}\ndef test_a(): ...\n", encoding="utf-8")
        os.utime(file, ns=(number, number))
        [case] = collect((file,), ("cpu",))["a"].cases
        assert case.function.__globals__["N"] == number
    # the same words in another folder are another file
    (tmp_path / "other").mkdir()
    monkeypatch.chdir(tmp_path / "other")
    file.write_text("N = 3\ndef test_a(): ...\n", encoding="utf-8")
    os.utime(file, ns=(2, 2))
    [case] = collect((file,), ("cpu",))["a"].cases
    assert case.function.__globals__["N"] == 3


def test_a_linked_file_is_read_anew(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    for number in (1, 2):
        (tmp_path / "real" / "it.py").write_text(f"N = {number}\ndef test_a(): ...\n")
        os.utime(tmp_path / "real" / "it.py", ns=(number, number))
        [case] = collect((tmp_path / "link" / "it.py",), ("cpu",))["a"].cases
        assert case.function.__globals__["N"] == number


def test_a_file_that_is_gone_is_named(tmp_path: Path) -> None:
    with pytest.raises(CourseError, match=r"gone\.py cannot be read"):
        collect((tmp_path / "gone.py",), ("cpu",))


@pytest.mark.parametrize(
    "text",
    [
        "FORBIDDEN = {}\nFORBIDDEN = {'by hand': {}}\n",
        "FORBIDDEN = {}\nFORBIDDEN |= {'by hand': {}}\n",
        "FORBIDDEN = {}\nFORBIDDEN['by hand'] = {}\n",
        "if True:\n    FORBIDDEN = {'by hand': {}}\n",
        "from math import pi as FORBIDDEN\n",
    ],
)
def test_rules_that_are_not_read_are_no_rules(collected: Collect, text: str) -> None:
    with pytest.raises(
        CourseFault, match=r"it\.py cannot be used: `FORBIDDEN` has to be written out"
    ):
        collected(f"{text}def test_a(): ...\n")
    assert "a" in collected("FORBIDDEN: dict = {'by hand': {}}\ndef test_a(): ...\n")
