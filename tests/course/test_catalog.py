"""A course is a folder: which exercises it has, in which order, and what its files say."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader.course.catalog import Course, built_in_folder, load_course
from grader.errors import CourseError, SubmissionError

STUB = '''"""Doubling

Twice a tensor.
"""

from torch import Tensor

TWO = 2


def double(x: Tensor) -> Tensor:
    """Twice `x`."""
    raise NotImplementedError


class Doubler: ...


def _show() -> None: ...
'''
CHECKS = """from grader import points

HINTS = ("One.", "Two.")
FORBIDDEN = {"by hand": {"except": ["Doubler"]}, "from scratch": {"names": ["torch.mul"]}}


@points(3)
def test_one(student): ...


@points(4)
def test_two(student): ...
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in (("exercises", STUB), ("checks", CHECKS)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "double.py").write_text(text)
    (tmp_path / "course.toml").write_text(
        'title = "Mine"\n[[unit]]\ntitle = "One"\nexercises = ["double"]\n'
    )
    return tmp_path


def test_the_built_in_course_is_as_the_contract_orders_it(course: Course) -> None:
    assert list(dict.fromkeys(e.unit for e in course.exercises))
    for exercise in course.exercises:
        assert exercise.title != exercise.name
        assert exercise.stub.is_file()


def test_an_exercise_without_a_unit_comes_last(folder: Path) -> None:
    (folder / "checks" / "another.py").write_text("")
    assert load_course(folder).names == ("double", "another")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("title = ", "is not TOML"),
        ('[[unit]]\nexercises = ["nothing"]\n', "names 'nothing'"),
        ("unit = 3\n", "`unit` has to be a list"),
        ("[[unit]]\nexercises = 3\n", "`exercises` has to be a list"),
        ('unit = ["x"]\n', "`unit` has to be tables"),
        ("[[unit]]\nexercises = [3]\n", "`exercises` has to be names"),
        ('[[unit]]\nexercises = ["double", "double"]\n', "names 'double' twice"),
        ("limits = 5\n", "`limits` has to be a table"),
        ("title = 5\n", "`title` has to be a text"),
        (None, "cannot be read: No such file or directory. Name a folder that holds"),
        ("x = [" * 3000, "is not TOML"),
        ("checks = 5\n", "`checks` has to be a text"),
        ('checks = "../checks"\n', "`checks` is '../checks', which lies outside the course"),
        ('checks = "/etc"\n', "`checks` is '/etc', which lies outside the course"),
        ('checks = "a\\u0000b"\n', "which lies outside the course"),
        ('checks = "nowhere"\n', "there is no folder .*nowhere"),
        ('checks = "course.toml"\n', "there is no folder .*course.toml"),
        ('checks = "empty"\n', "empty holds no exercise"),
    ],
)
def test_a_bad_course(folder: Path, text: str | None, told: str) -> None:
    file = folder / "course.toml"
    (folder / "empty").mkdir()
    file.unlink() if text is None else file.write_text(text)
    with pytest.raises(CourseError, match=told) as caught:
        load_course(folder)
    assert str(folder) in str(caught.value)


def test_what_a_course_says(folder: Path) -> None:
    course = load_course(folder)
    assert (course.title, course.folder, course.limits) == ("Mine", folder, {})
    double = course["double"]
    assert (double.unit, double.title) == ("One", "Doubling")
    assert double.statement == "Doubling\n\nTwice a tensor."
    assert double.entry_points == ("double", "Doubler")
    assert double.hints == ("One.", "Two.")
    assert double.forbidden["from scratch"] == {"names": ["torch.mul"]}
    assert double.points == 7
    with pytest.raises(KeyError):
        course["nothing"]


def test_what_begins_with_an_underscore_is_no_exercise(folder: Path) -> None:
    (folder / "checks" / "_helpers.py").write_text("")
    (folder / "checks" / "folder.py").mkdir()
    assert load_course(folder).names == ("double",)


@pytest.mark.parametrize("name", ["a b", "$(id)", "it's", "-x", "<script>", "a\nb", "\x1b[2J"])
def test_a_name_that_a_shell_or_a_page_would_obey(folder: Path, name: str) -> None:
    (folder / "checks" / f"{name}.py").write_text(CHECKS)
    with pytest.raises(CourseError, match="is no name for an exercise") as error:
        load_course(folder)
    assert repr(name) in str(error.value)


def test_a_name_of_letters(folder: Path) -> None:
    for name in ("week-1.a", "선형_회귀"):
        (folder / "checks" / f"{name}.py").write_text(CHECKS)
        assert name in load_course(folder).names


def test_the_order_is_that_of_the_units(folder: Path) -> None:
    for name in ("a", "b", "c"):
        (folder / "checks" / f"{name}.py").write_text("")
    (folder / "course.toml").write_text(
        '[[unit]]\ntitle = "One"\nexercises = ["c"]\n[[unit]]\nexercises = ["double", "a"]\n'
    )
    course = load_course(folder)
    assert course.names == ("c", "double", "a", "b")
    assert [exercise.unit for exercise in course.exercises] == ["One", "", "", ""]
    assert course.title == folder.name


def test_the_checks_may_lie_elsewhere_in_the_course(folder: Path) -> None:
    (folder / "my" / "own").mkdir(parents=True)
    (folder / "checks").rename(folder / "my" / "own" / "checks")
    (folder / "course.toml").write_text('checks = "my/own/checks"\n')
    assert load_course(folder)["double"].checks == folder / "my/own/checks/double.py"


def test_the_built_in_course_is_read_as_any_other(course: Course, folder: Path) -> None:
    given = load_course(built_in_folder())
    assert given == course == load_course()
    assert given.built_in
    assert not load_course(folder).built_in
    # whatever way leads there
    link = folder / "link"
    link.symlink_to(built_in_folder())
    assert load_course(link).built_in


def test_without_a_stub_the_solution_says_it(folder: Path) -> None:
    (folder / "exercises").rename(folder / "solutions")
    double = load_course(folder)["double"]
    assert (double.title, double.entry_points) == ("Doubling", ("double", "Doubler"))
    double.solution.unlink()
    double = load_course(folder)["double"]
    assert (double.title, double.statement, double.entry_points) == ("double", "", ())


@pytest.mark.parametrize(
    ("place", "old", "new", "what", "told"),
    [
        ("exercises", "class", "def class", "title", "line 16: "),
        ("exercises", "class", "def class", "statement", "line 16: "),
        ("exercises", "class", "def class", "entry_points", "line 16: "),
        ("exercises", "Twice", "\udcff", "title", "line 3: not UTF-8 text"),
        ("checks", "import", "import import", "points", "line 1: "),
        ("checks", "import", "import import", "hints", "line 1: "),
        ("checks", "import", "import import", "forbidden", "line 1: "),
        ("checks", "One", "\udcff", "hints", "line 3: not UTF-8 text"),
        ("checks", "points(3)", "points(THREE)", "points", "line 7: `@points` needs a whole"),
        ("checks", '("One.", "Two.")', '"One."', "hints", "line 3: `HINTS` has to be a list"),
        ("checks", '"One.", ', "1, ", "hints", "line 3: `HINTS` has to be a list"),
        ("checks", '"One.", ', "ONE, ", "hints", "line 3: `HINTS` has to be written out"),
        ("checks", '"by hand"', "RULE", "forbidden", "line 4: `FORBIDDEN` has to be written out"),
        ("checks", '"by hand"', '"by heart"', "forbidden", "line 4: `FORBIDDEN` has to be rules"),
        ("checks", '"except"', '"but"', "forbidden", "line 4: `FORBIDDEN` has to be rules"),
        ("checks", '["Doubler"]', '"Doubler"', "forbidden", "line 4: `FORBIDDEN` has to be rules"),
        ("checks", '{"except": ["Doubler"]}', "[]", "forbidden", "line 4: `FORBIDDEN` has to be"),
    ],
)  # fmt: skip
def test_what_an_author_got_wrong_is_told_with_its_place(
    folder: Path, place: str, old: str, new: str, what: str, told: str
) -> None:
    path = folder / place / "double.py"
    text = path.read_text()
    assert old in text
    path.write_bytes(text.replace(old, new, 1).encode(errors="surrogateescape"))
    with pytest.raises(CourseError) as caught:
        getattr(load_course(folder)["double"], what)
    assert str(caught.value).startswith(f"{path}, {told}")


def test_a_name_that_is_asked_for_has_to_be_one_of_the_courses(course: Course) -> None:
    course.require(["line_fit", "my_linear", "line_fit"])
    with pytest.raises(SubmissionError, match=r"no exercise 'nothing'.* shows them: .*line_fit"):
        course.require(["line_fit", "nothing"])
