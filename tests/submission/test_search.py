"""Which file is an exercise's answer: one order for students and classes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from grader.course.catalog import Course
from grader.errors import UnreadableError
from grader.submission import Cell, Source, search
from grader.submission.files import MAX_DEPTH, Files, FolderFiles
from grader.submission.search import (
    candidates,
    exercise_of,
    find_answers,
    is_looked_at,
    is_stub,
    nearly_exercise_of,
    on_one_line,
    read_source,
)
from tests.hand_ins import RIGHT, write

EXERCISES = ("my_linear", "line_fit")
# best first
ORDER = [
    "my_linear.py",
    "exercises/my_linear.py",
    "my_linear.ipynb",
    "exercises/my_linear.ipynb",
    "my_linear (1).py",
    "exercises/my_linear(2).py",
    "my_linear (1).ipynb",
    "homework/my_linear.py",
    "homework/exercises/my_linear.py",
    "homework/my_linear.ipynb",
    "a/b/my_linear.py",
]
QUICK = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


class Given(Files):
    """Files out of a table."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self.files = files

    def names(self) -> Iterator[str]:
        yield from self.files

    def read(self, name: str, most: int) -> bytes:
        return self.files[name][: most + 1]


@given(st.permutations(ORDER))
def test_the_order_is_that_of_the_places(names: list[str]) -> None:
    assert candidates(names, EXERCISES) == {"my_linear": ORDER[:8]}


@pytest.mark.parametrize("best", range(len(ORDER)))
def test_the_best_of_those_there_is_counts(course: Course, best: int) -> None:
    files = Given({name: RIGHT.encode() for name in reversed(ORDER[best:])} | {"x.py": b"x"})
    if ORDER[best].endswith(".py"):
        assert find_answers(files, course, EXERCISES)["my_linear"].path == ORDER[best]
    else:  # these bytes are no notebook, and that is told
        answer = find_answers(files, course, EXERCISES)["my_linear"]
        assert "is not a Jupyter notebook" in answer.source.problem


@pytest.mark.parametrize(
    ("name", "exercise"),
    [
        ("my_linear.py", "my_linear"),
        ("line_fit.ipynb", "line_fit"),
        ("my_linear (1).py", "my_linear"),
        ("my_linear(12).ipynb", "my_linear"),
        ("my_linear (1) (2).py", None),
        ("my_linear (x).py", None),
        ("my_linear.py (1)", None),
        ("my_linear.txt", None),
        ("my_linear", None),
        ("my_linear.pyc", None),
        ("My_Linear.py", None),
        ("my_linear.py\n", None),
        (" my_linear.py", None),
        ("other.py", None),
        (".py", None),
        ("", None),
    ],
)
def test_what_a_file_is_called(name: str, exercise: str | None) -> None:
    assert exercise_of(name, EXERCISES) == exercise


def test_what_tools_leave_and_what_lies_too_deep_is_not_looked_at() -> None:
    assert is_looked_at("venv")  # a file
    assert not is_looked_at("venv/lib/my_linear.py")
    assert not is_looked_at("a/.ipynb_checkpoints/my_linear.ipynb")
    assert is_looked_at("d/" * MAX_DEPTH + "my_linear.py")
    assert not is_looked_at("d/" * (MAX_DEPTH + 1) + "my_linear.py")


@QUICK
@given(st.lists(st.text() | st.text().map(lambda text: f"{text}/my_linear.py")))
@example(["\n/my_linear.py", "//my_linear.py", "../my_linear.py", "\ud800/my_linear.py"])
def test_any_names_give_some_of_themselves(names: list[str]) -> None:
    found = candidates(names, EXERCISES)
    for exercise, paths in found.items():
        assert paths
        assert set(paths) <= set(names)
        assert all(exercise_of(path.split("/")[-1], [exercise]) for path in paths)


@QUICK
@given(st.dictionaries(st.sampled_from(ORDER), st.binary(max_size=40)))
def test_any_bytes_give_an_answer_or_a_problem(course: Course, files: dict[str, bytes]) -> None:
    answers = find_answers(Given(files), course, EXERCISES)
    assert list(answers) == (["my_linear"] if files else [])
    for answer in answers.values():
        assert bool(answer.source.problem) != bool(answer.source.cells)
        assert answer.path not in answer.others
        assert {answer.path, *answer.others} <= set(files)


def test_the_stub_is_not_the_answer(course: Course) -> None:
    stub = course["my_linear"].stub.read_bytes()
    files = {"my_linear.py": stub, "exercises/my_linear.py": RIGHT.encode()}
    answer = find_answers(Given(files), course, EXERCISES)["my_linear"]
    assert (answer.path, answer.others) == ("exercises/my_linear.py", ())
    # but where there is nothing else, it is
    answer = find_answers(Given({"a/my_linear.py": stub}), course, EXERCISES)["my_linear"]
    assert answer.path == "a/my_linear.py"
    assert is_stub(answer.source, course["my_linear"])
    assert not is_stub(Source("my_linear.py", problem="is empty"), course["my_linear"])
    assert not is_stub(Source.of_text("my_linear.py", RIGHT), course["my_linear"])


def test_others_are_those_that_say_something_else(course: Course) -> None:
    files = {
        "my_linear.py": b"x = 1",
        "same/my_linear.py": b"x = 1",
        "other/my_linear.py": b"x = 2",
    }
    answer = find_answers(Given(files), course, EXERCISES)["my_linear"]
    assert (answer.path, answer.others) == ("my_linear.py", ("other/my_linear.py",))


def test_what_cannot_be_read_is_told_of_its_file_alone(tmp_path: Path, course: Course) -> None:
    write(tmp_path, {"line_fit.py": "x = 1"})
    (tmp_path / "my_linear.py").symlink_to("line_fit.py")
    answers = find_answers(FolderFiles(tmp_path), course, EXERCISES)
    assert "symbolic link" in answers["my_linear"].source.problem
    assert answers["line_fit"].source.text == "x = 1"


def test_a_message_keeps_to_its_line() -> None:
    class Refusing(Given):
        def read(self, name: str, most: int) -> bytes:
            raise UnreadableError(f"{name} is damaged.")

    assert on_one_line("a\nb\x1b\u202e") == "a\\x0ab\\x1b\\u202e"
    source = read_source(Refusing({}), "a\nb/my_linear.py")
    assert source.filename == "a\\x0ab/my_linear.py"
    assert source.problem == "a\\x0ab/my_linear.py is damaged."
    source = read_source(Given({"a\nb/my_linear.py": b""}), "a\nb/my_linear.py")
    assert source.problem.startswith("a\\x0ab/my_linear.py is empty")


def test_so_much_is_read_of_one_submission(course: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is told of the files after it: an archive may hold a bomb under each exercise's name."""
    monkeypatch.setattr(search, "MAX_BYTES", 1000)
    names = course.names[:3]
    texts = (b"#" * 999, RIGHT.encode(), b"x = 1")
    files = Given({f"{name}.py": text for name, text in zip(names, texts, strict=True)})
    answers = find_answers(files, course, names)
    assert [answers[name].source.problem for name in names] == [
        *("", ""),  # the second one is begun within the bound
        f"{names[2]}.py is not read, because the files before it are too large.",
    ]


@pytest.mark.parametrize(
    ("name", "exercise"),
    [
        ("My_Linear.py", "my_linear"),
        ("MyLinear.py", "my_linear"),
        ("my-linear.ipynb", "my_linear"),
        ("my_linear copy.py", "my_linear"),
        ("my_linear - Copy (2).py", "my_linear"),
        ("Copy of my_linear.py", "my_linear"),
        ("my_linear-1.py", "my_linear"),
        ("my_linear_final_v2.py", "my_linear"),
        ("my_linear.py.txt", "my_linear"),
        ("line_fit solution.PY", "line_fit"),
        ("my_linear_test.py", None),
        ("test_my_linear.py", None),
        ("my_linear_old.py", None),
        ("my_linear.old-1.py", None),
        ("linear.py", None),
        ("my_linear.txt", None),
        ("my_linear.pyc", None),
        ("final.py", None),
        (".py", None),
    ],
)
def test_a_name_that_is_nearly_right(name: str, exercise: str | None) -> None:
    assert nearly_exercise_of(name, EXERCISES) == exercise


def test_one_file_with_nearly_the_right_name_is_taken_and_told(course: Course) -> None:
    near = {"my_linear copy.py": RIGHT.encode(), "line_fit.py": b"x = 1"}
    answer = find_answers(Given(near), course, EXERCISES)["my_linear"]
    assert answer.source.text == RIGHT
    assert answer.source.notes == (
        "my_linear copy.py was taken for my_linear.py. Give it that name.",
    )
    several = near | {"My_Linear.py": b"x = 2"}
    answer = find_answers(Given(several), course, EXERCISES)["my_linear"]
    assert "several files may be it: my_linear copy.py, My_Linear.py" in answer.source.problem
    # what has the name goes first, but for the stub
    right = near | {"a/b/my_linear.py": b"x = 3"}
    assert find_answers(Given(right), course, EXERCISES)["my_linear"].source.text == "x = 3"
    stub = near | {"my_linear.py": course["my_linear"].stub.read_bytes()}
    answer = find_answers(Given(stub), course, EXERCISES)["my_linear"]
    assert answer.path == "my_linear copy.py"
    stub["my_linear copy.py"] = stub["my_linear.py"]
    assert find_answers(Given(stub), course, EXERCISES)["my_linear"].path == "my_linear.py"
    # what lies higher goes first here as well
    deep = {"hw/My_Linear.py": b"x = 1", "hw/old/my_linear-1.py": b"x = 2"}
    assert find_answers(Given(deep), course, EXERCISES)["my_linear"].source.text == "x = 1"


@pytest.mark.parametrize("near", ["", " copy", " (1)", "_final", "_2", " 2 copy", "-1 (1)"])
def test_the_file_of_another_exercise_is_not_nearly_this_one(course: Course, near: str) -> None:
    """Also where that other one is not asked for, and its name is this one's with a number after it."""
    other = {f"bug_hunt_2{near}.py": RIGHT.encode()}
    assert find_answers(Given(other), course, ["bug_hunt"]) == {}
    both = [*find_answers(Given(other), course, ["bug_hunt", "bug_hunt_2"])]
    assert both == ["bug_hunt_2"]
    # as macOS names a copy of `bug_hunt.py`, where that alone is asked for
    copy = {"bug_hunt 2.py": RIGHT.encode()}
    assert [*find_answers(Given(copy), course, ["bug_hunt"])] == ["bug_hunt"]
    assert [*find_answers(Given(copy), course, course.names)] == ["bug_hunt_2"]
    stub = {"bug_hunt.py": course["bug_hunt"].stub.read_bytes()}
    assert find_answers(Given(other | stub), course, ["bug_hunt"])["bug_hunt"].path == "bug_hunt.py"


def test_a_notebooks_commands_decide_nothing(course: Course) -> None:
    def of(*cells: str) -> Source:
        return Source("a.ipynb", tuple(Cell("", text) for text in cells), notebook=True)

    exercise = course["my_linear"]
    stub = exercise.stub.read_text(encoding="utf-8")
    body = stub[stub.index("class") :]
    checked = "%%check my_linear\n# Run the cells above first."
    assert is_stub(of("%load_ext grader\n\nimport torch", body, checked), exercise)
    assert is_stub(of(f"%%check my_linear\n{body}"), exercise)
    for cells in (
        ("%load_ext grader", f"%%check my_linear\n{RIGHT}"),
        (f"%load_ext grader\n{RIGHT}", checked),
        ("import torch", "%load_ext grader", RIGHT, "%%check my_linear\n1 + 1"),
        ("%load_ext grader", checked),
    ):
        assert not is_stub(of(*cells), exercise), cells
