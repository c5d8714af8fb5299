"""A mended check is previewed, looked at and accepted: until then nothing that counts is another."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from grader.classroom.gradebook.late import LatePolicy
from grader.classroom.gradebook.previews import waiting_preview
from grader.classroom.gradebook.reader import Gradebook, open_gradebook
from grader.classroom.gradebook.settings import GradebookSettings
from grader.classroom.handin.roster import RosterEntry
from grader.classroom.records import Enrolled
from grader.classroom.report.report_folder import write_report
from grader.classroom.run.grade_class import Progress, RunSummary, grade_class
from grader.classroom.run.preview_class import accept_preview, preview_class
from grader.classroom.score_changes import ClassChanges
from grader.course.catalog import load_course
from grader.errors import GradebookError
from tests.classroom.run.test_grade_class import StandIn, hand_in
from tests.gradebooks import NOON
from tests.servers import postgresql
from tests.synthetic_course import make_course


class Book:
    """A gradebook, a class and a course of one exercise, graded by a stand-in of workers."""

    def __init__(self, folder: Path, gradebook: Gradebook) -> None:
        self.folder = folder
        self.gradebook = gradebook
        self.course = make_course(folder / "course")
        self.lab = folder / "lab"
        self.more = 0  # points that the workers give more than a text says, as by a mended check
        for student, points in (("ada", 3), ("bob", 5), ("eve", 5)):
            hand_in(self.lab, student, double=f"# {points}")
        self.run()

    def grading(self, **options: Any) -> tuple[StandIn, Callable[..., RunSummary]]:
        stand_in = StandIn()
        outcome, more = stand_in.outcome, self.more

        def raised(task: Any) -> Any:
            for name, source in list(task.submission.sources.items()):
                points = int(source.text.split("#")[1]) if "# " in source.text else 0
                cell = type(source.cells[0])(source.cells[0].place, f"# {points + more}")
                if "fault" not in source.text:
                    task.submission.sources[name] = type(source)(source.filename, (cell,))
            return outcome(task)

        stand_in.outcome = raised  # type: ignore[method-assign]
        given: dict[str, Any] = {"workers": stand_in.workers, "course": load_course(self.course)}
        return stand_in, partial(grade_class, self.lab, **given | options)

    def run(self, **options: Any) -> StandIn:
        stand_in, grade = self.grading(**options)
        grade(gradebook=self.gradebook)
        return stand_in

    def preview(self, **options: Any) -> tuple[StandIn, ClassChanges]:
        stand_in, grade = self.grading(**options)
        _, changes = preview_class(self.gradebook, grade, who="Prof. Curie")
        return stand_in, changes

    def accept(self, **options: Any) -> None:
        accept_preview(self.gradebook, self.grading(**options)[1], who="Prof. Noether")

    def mend(self, more: int) -> None:
        """The check is another one, and gives so many more points than a text says."""
        path = self.course / "checks" / "double.py"
        path.write_text(path.read_text() + f"# {more}\n", encoding="utf-8")
        self.more = more

    def scores(self) -> dict[str, float | None]:
        assert self.gradebook.check() == []
        return {each.student.id: each.score for each in self.gradebook.records()}

    def tables(self) -> dict[str, list[Any]]:
        """All that counts or tells of what was, but for what is kept of previews."""
        names = "gradebook run student submission grading exercise_result check_result standing"
        with self.gradebook.engine.connect() as connection:
            return {
                name: [*connection.execute(text(f"SELECT * FROM {name} ORDER BY 1"))]
                for name in [*names.split(), "adjustment"]
            }


@pytest.fixture
def book(tmp_path: Path) -> Iterator[Book]:
    with open_gradebook(tmp_path / "g.db", create=True) as gradebook:
        yield Book(tmp_path, gradebook)


def shown(gradebook: Gradebook, folder: Path) -> dict[str, bytes]:
    """What is exported and written for students; the page itself says when it was made."""
    write_report(gradebook.records(), folder, title="t", parts=("csv", "feedback"))
    return {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_preview_changes_nothing_that_counts_and_then_it_counts(
    book: Book, tmp_path: Path
) -> None:
    book.gradebook.adjust("ada", 1, why="kind", who="me")
    before, given = book.tables(), shown(book.gradebook, tmp_path / "before")
    book.mend(2)
    stand_in, changes = book.preview()
    # one text that two have handed in runs once, and nothing is run for who is in nobody's class
    assert stand_in.students == ["ada", "bob"]
    assert [(each.id, each.points) for each in changes.students] == [
        ("ada", 2),
        ("bob", 2),
        ("eve", 2),
    ]
    [check] = changes.students[0].checks
    assert (check.exercise, check.check, check.points) == ("double", "right", 2)
    assert (changes.before, changes.after) == ((4 + 5 + 5) / 3, (6 + 7 + 7) / 3)
    assert book.tables() == before
    assert shown(book.gradebook, tmp_path / "meanwhile") == given
    assert book.scores() == {"ada": 4, "bob": 5, "eve": 5}

    book.accept()
    assert book.scores() == {"ada": 6, "bob": 7, "eve": 7}
    [event] = [each for each in book.gradebook.history("ada") if each.kind == "accepted"]
    assert event.text == "4 → 6, by a preview that Prof. Noether accepted"
    assert waiting_preview(book.gradebook) is None
    with pytest.raises(GradebookError, match="no preview to accept"):
        book.accept()
    assert book.run().students == []  # the same command has nothing left to do


def test_a_preview_that_was_interrupted_goes_on(book: Book) -> None:
    book.mend(1)

    def stop(student: str) -> None:
        raise KeyboardInterrupt

    before = book.tables()
    with pytest.raises(KeyboardInterrupt):
        book.preview(progress=Progress(done=stop))
    assert book.tables() == before
    assert book.preview()[0].students == ["bob"]
    assert book.preview()[0].students == []
    book.accept()
    assert book.scores() == {"ada": 4, "bob": 6, "eve": 6}


def test_a_second_preview_replaces_the_first(book: Book) -> None:
    book.mend(1)
    book.preview()
    book.mend(2)
    _, changes = book.preview()
    assert {each.points for each in changes.students} == {2}
    book.accept()
    assert book.scores() == {"ada": 5, "bob": 7, "eve": 7}
    events = [each for each in book.gradebook.history("ada") if each.kind == "accepted"]
    assert len(events) == 1


def test_an_outdated_preview_is_refused(book: Book) -> None:
    changes: list[Callable[[], object]] = [
        lambda: hand_in(book.lab, "ada", double="# 9"),
        lambda: hand_in(book.lab, "ada", double="# 5"),  # another's, which is kept
        lambda: hand_in(book.lab, "new", double="# 5"),
        lambda: book.mend(3),
        lambda: book.run(settings=GradebookSettings(title="another"), change=True),
        lambda: book.run(roster=[RosterEntry(Enrolled("ada"))]),
    ]
    for number, change in enumerate(changes):
        book.mend(number % 2)
        book.preview()
        change()
        before = book.tables()
        with pytest.raises(GradebookError, match=r"is outdated.*Nothing was changed"):
            book.accept()
        assert book.tables() == before, number
    book.preview()
    book.accept()


def test_other_options_than_previewed_are_refused(book: Book) -> None:
    options = {"settings": GradebookSettings(policy=LatePolicy(points=1), deadline=NOON)}
    book.preview(**options)
    with pytest.raises(GradebookError, match="is outdated"):
        book.accept()
    with pytest.raises(GradebookError, match="is outdated"):
        book.accept(settings=GradebookSettings(deadline=NOON + timedelta(days=1)))
    book.accept(**options)
    assert (book.gradebook.deadline, book.gradebook.policy.points) == (NOON, 1)


def test_points_given_by_hand_meanwhile_are_kept(book: Book) -> None:
    book.mend(2)
    book.preview()
    book.gradebook.adjust("ada", 1, why="kind", who="me")
    book.accept()
    assert book.scores() == {"ada": 6, "bob": 7, "eve": 7}


def test_a_preview_with_a_fault_in_it_is_not_accepted(book: Book) -> None:
    hand_in(book.lab, "ada", double="fault")
    _, grade = book.grading()
    summary, changes = preview_class(book.gradebook, grade, who="me")
    assert set(summary.faults) == {"ada"}
    assert [(each.id, each.points) for each in changes.students] == [("ada", None)]
    with pytest.raises(GradebookError, match=r"the work of 1 could not be graded \(ada\)"):
        book.accept()
    assert book.scores() == {"ada": 3, "bob": 5, "eve": 5}


def test_whoever_is_new_is_in_the_preview_and_then_in_the_class(book: Book) -> None:
    roster = [RosterEntry(Enrolled(name, name.title())) for name in ("eve", "zoe", "ada")]
    hand_in(book.lab, "mia", double="# 1")
    before = book.tables()
    _, changes = book.preview(roster=roster)
    assert book.tables() == before
    assert {each.id for each in changes.students} == {"zoe", "mia"}
    book.accept(roster=roster)
    assert [each.id for each in book.gradebook.students()][:3] == ["eve", "zoe", "ada"]
    assert book.scores()["mia"] == 1


def test_on_a_server_it_is_the_same(tmp_path: Path) -> None:
    with postgresql() as url, open_gradebook(f"{url}/postgres", create=True) as gradebook:
        book = Book(tmp_path, gradebook)
        before = book.tables()
        book.mend(2)
        book.preview()
        assert book.tables() == before
        hand_in(book.lab, "ada", double="# 4")
        with pytest.raises(GradebookError, match="is outdated"):
            book.accept()
        assert book.tables() == before
        book.preview()
        book.accept()
        assert book.scores() == {"ada": 6, "bob": 7, "eve": 7}
        assert book.run().students == []
