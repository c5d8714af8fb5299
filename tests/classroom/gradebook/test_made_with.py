"""What results follow from goes into a gradebook and comes out as it was."""

from __future__ import annotations

from pathlib import Path

from grader import load_course
from grader.classroom.gradebook.made_with import MadeWith, said_by
from grader.classroom.gradebook.reader import Gradebook, open_gradebook
from grader.classroom.gradebook.settings import GradebookSettings, write_settings
from grader.course.assignment_file import read_assignment
from grader.course.python_files import points_in

COURSE = load_course()


def test_it_is_kept(gradebook: Gradebook, where: str) -> None:
    assert gradebook.made_with is None
    made = MadeWith.of(COURSE, None, ("my_linear", "losses"), ("cpu", "cuda"))
    write_settings(gradebook, GradebookSettings(), made)
    write_settings(gradebook, GradebookSettings(title="another"))
    with open_gradebook(where) as again:
        assert again.made_with == gradebook.made_with == made
    assert made.points["losses"] == points_in(COURSE["losses"].checks)
    assert (made.course, made.assignment, said_by(None)) == (COURSE.title, "", {})


def test_checks_that_only_the_instructor_has_are_told_apart(tmp_path: Path) -> None:
    file, hidden = tmp_path / "a.toml", tmp_path / "mine" / "losses.py"
    file.write_text(
        'title = "t"\n[[exercise]]\nname = "losses"\ninstructor_checks = "mine/losses.py"\n'
    )

    hidden.parent.mkdir()

    def made(text: str, instructor: bool = True) -> MadeWith:
        hidden.write_text(text)
        assigned = read_assignment(file).on(COURSE, instructor=instructor)
        return MadeWith.of(assigned.course, assigned, ("losses", "line_fit"), ())

    first = made("@points(3)\ndef test_mine(): ...\n")
    assert first == made("@points(3)\ndef test_mine(): ...\n")
    assert first.points["losses"]["mine"] == 3
    assert "mine" not in made("@points(3)\ndef test_mine(): ...\n", False).points["losses"]
    mended = made("@points(3)\ndef test_mine(): return\n")
    assert mended.points == first.points
    assert mended.hidden["losses"] != first.hidden["losses"]
    assert mended.said == first.said == said_by(read_assignment(file).on(COURSE, True))
    # what is no exercise of the course is told by whoever grades it
    assert set(MadeWith.of(COURSE, None, ("losses", "poetry"), ()).points) == {"losses"}
