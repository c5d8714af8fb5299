"""A class is graded into a gradebook: who handed in what, under which conditions, and what is noted of it.

The workers are stood in for: a submission earns the points that its text says.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from concurrent.futures import Executor, Future
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from grader.classroom.gradebook.identities import merge, remove, rename
from grader.classroom.gradebook.late import LatePolicy
from grader.classroom.gradebook.outdated import OTHER_RULES
from grader.classroom.gradebook.reader import Gradebook, open_gradebook
from grader.classroom.gradebook.settings import GradebookSettings
from grader.classroom.handin.read import read_hand_in
from grader.classroom.handin.roster import RosterEntry
from grader.classroom.records import Enrolled
from grader.classroom.run.conditions import GradingConditions
from grader.classroom.run.grade_class import (
    READ_AHEAD,
    Progress,
    RunSummary,
    grade_class,
)
from grader.classroom.run.pool import Workers
from grader.classroom.run.worker import GradingOutcome, Task
from grader.course.catalog import load_course
from grader.errors import ChangeError, CourseFault, LayoutError, WorkersError
from grader.report import CheckResult, Environment, ExerciseResult, Report
from grader.sandbox import Limits
from tests.classes import commit
from tests.gradebooks import NOON

HERE = Environment("3.11", "2.13", ("cpu",), ("limits",))


BROKEN = """Traceback (most recent call last):
  File "/h/losses.py", line 7, in test_mine
    undefined_name
NameError: name 'undefined_name' is not defined

The above exception was the direct cause of the following exception:

Traceback (most recent call last):
  File "/grader/checking/run.py", line 70, in _ended
    raise CourseFault(told) from error
grader.errors.CourseFault: The check test_mine is at fault.
"""


def fault(name: str, traceback: str) -> ExerciseResult:
    return ExerciseResult(name, name, 0, 10, "fault", "not your code", traceback=traceback)


class StandIn(Executor):
    """Gives each exercise the points that its text says: `# 7`.

    A text with `fault` ends in no report; with `broken`, it meets a check that is broken. With `lost`, a process is
    lost over it, as often as `losses` says.
    """

    def __init__(self, losses: int = 99) -> None:
        self.tasks: list[Task] = []
        self.losses = losses

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        [task] = args
        self.tasks.append(task)
        future: Future[Any] = Future()
        future.set_result(self.outcome(task))
        return future

    def outcome(self, task: Task) -> GradingOutcome:
        exercises = []
        for name in task.exercises:
            source = task.submission.sources.get(name)
            text = source.text if source else ""
            if "fault" in text:
                return GradingOutcome(None, 0.1, "The sandbox failed: it ended")
            if "lost" in text and self.losses:
                self.losses -= 1
                exercises.append(fault(name, "grader.errors.SandboxLost: It ended."))
                continue
            if "broken" in text:
                exercises.append(fault(name, BROKEN))
                continue
            found = re.search(r"# (\d+)", text)
            score = int(found[1]) if found else 0
            check = CheckResult("right", "It is right.", "passed", 10, score)
            exercises.append(
                ExerciseResult(
                    name, name, score, 10, "partial", checks=(check,), seed=task.seed or 0
                )
            )
        return GradingOutcome(Report(task.submission.name, tuple(exercises), HERE), 0.1)

    @property
    def workers(self) -> Workers:
        return Workers(lambda: self, lambda executor: None, lambda: 2)

    @property
    def students(self) -> list[str]:
        return [task.submission.name for task in self.tasks if task.submission.name]


@pytest.fixture
def gradebook(tmp_path: Path) -> Iterator[Gradebook]:
    with open_gradebook(tmp_path / "grades.db", create=True) as opened:
        yield opened


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two students with an exercise each."""
    where = tmp_path / "lab 1"
    hand_in(where, "ada", losses="# 7")
    hand_in(where, "bob", line_fit="# 4")
    return where


def hand_in(folder: Path, student: str, **texts: str) -> Path:
    (folder / student).mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        (folder / student / f"{name}.py").write_text(text + "\n", encoding="utf-8")
    return folder / student


def scores(gradebook: Gradebook) -> dict[str, float | None]:
    assert gradebook.check() == []
    return {record.student.id: record.score for record in gradebook.records()}


def graded(folder: Path, gradebook: Gradebook, *args: Any, **options: Any) -> list[str]:
    """The students that were graded now."""
    stand_in = StandIn()
    grade_class(folder, gradebook, *args, workers=stand_in.workers, **options)
    return stand_in.students


# ── what is graded ──────────────────────────────────────────────────────────────────────────────


def test_a_new_gradebook_is_of_what_was_handed_in(folder: Path, gradebook: Gradebook) -> None:
    stand_in = StandIn()
    summary = grade_class(folder, gradebook, workers=stand_in.workers)
    assert summary == RunSummary(handed_in=2, graded=2, exercises_run=2, exercises_kept=2)
    assert scores(gradebook) == {"ada": 7, "bob": 4}
    # in the course's order, and named after the folder
    assert gradebook.exercises == ("line_fit", "losses")
    assert (gradebook.title, gradebook.max_score) == ("lab 1", 20)
    # one without anything in it comes first, and tells what can be reached
    assert [task.submission.name for task in stand_in.tasks] == ["", "ada", "bob"]
    assert len({task.seed for task in stand_in.tasks}) == 1


def test_what_was_graded_is_not_graded_again(folder: Path, gradebook: Gradebook) -> None:
    assert graded(folder, gradebook) == ["ada", "bob"]
    assert graded(folder, gradebook) == []
    hand_in(folder, "bob", line_fit="# 6")
    stand_in = StandIn()
    summary = grade_class(folder, gradebook, workers=stand_in.workers)
    assert (summary.graded, summary.graded_before) == (1, 1)
    assert [task.submission.name for task in stand_in.tasks] == ["bob"]
    assert scores(gradebook) == {"ada": 7, "bob": 6}
    assert graded(folder, gradebook, force=True) == ["ada", "bob"]


def test_who_hands_in_nothing_more_keeps_what_there_is(folder: Path, gradebook: Gradebook) -> None:
    graded(folder, gradebook)
    shutil.rmtree(folder / "ada")
    hand_in(folder, "eve", losses="# 1")
    assert graded(folder, gradebook) == ["eve"]
    assert scores(gradebook) == {"ada": 7, "bob": 4, "eve": 1}


def test_other_conditions_give_other_results(folder: Path, gradebook: Gradebook) -> None:
    everybody = ["ada", "bob"]
    graded(folder, gradebook)
    for conditions in (
        GradingConditions(seed=1),
        GradingConditions(limits=Limits(call_seconds=1)),
        GradingConditions(devices=("cpu",)),
        GradingConditions(seed=1, devices=("cpu",)),
    ):
        assert graded(folder, gradebook, None, conditions, change=True) == everybody
        assert graded(folder, gradebook, None, conditions) == []
    # the usual devices by name are the usual devices, and the usual limits the usual limits
    usual = GradingConditions(limits=Limits(), devices=("sim", "cpu"))
    assert graded(folder, gradebook, None, usual, change=True) == []


def test_a_grader_of_other_code_grades_anew(
    folder: Path, gradebook: Gradebook, monkeypatch: pytest.MonkeyPatch
) -> None:
    for version in ("0+code.0123456789abcdef", "0+code.fedcba9876543210"):
        monkeypatch.setattr("grader.classroom.run.worker.__version__", version)
        assert graded(folder, gradebook)[-2:] == ["ada", "bob"]
        assert graded(folder, gradebook) == []


def test_a_task_has_the_conditions(folder: Path, gradebook: Gradebook) -> None:
    stand_in = StandIn()
    conditions = GradingConditions(seed=5, limits=Limits(call_seconds=1), devices=["cuda"])
    grade_class(folder, gradebook, None, conditions, workers=stand_in.workers)
    for task in stand_in.tasks:
        assert (task.seed, task.limits.call_seconds) == (5, 1)
        assert (task.devices, task.course, task.assignment) == (("cpu", "cuda"), None, None)
    # what nobody handed in is known from the first, which has nothing in it
    ran = [task.exercises for task in stand_in.tasks]
    assert ran == [("line_fit", "losses"), ("losses",), ("line_fit",)]


def test_limits_are_by_default_the_courses(tmp_path: Path, gradebook: Gradebook) -> None:
    (tmp_path / "course" / "checks").mkdir(parents=True)
    (tmp_path / "course" / "course.toml").write_text('title = "x"\n[limits]\nimport_seconds = 1\n')
    (tmp_path / "course" / "checks" / "poem.py").write_text('"""A poem."""\n')
    hand_in(tmp_path / "lab", "ada", poem="# 3")
    stand_in, course = StandIn(), load_course(tmp_path / "course")
    grade_class(tmp_path / "lab", gradebook, course=course, workers=stand_in.workers)
    assert {task.limits for task in stand_in.tasks} == {Limits(import_seconds=1)}
    assert {task.course for task in stand_in.tasks} == {str(tmp_path / "course")}


def test_settings_are_kept_and_changed_when_they_are_given(
    folder: Path, gradebook: Gradebook
) -> None:
    policy = LatePolicy(points=2)
    given = GradebookSettings("Losses", ("losses",), NOON, policy)
    graded(folder, gradebook, given)
    graded(folder, gradebook)
    assert (gradebook.title, gradebook.exercises) == ("Losses", ("losses",))
    assert (gradebook.deadline, gradebook.policy) == (NOON, policy)
    with pytest.raises(ChangeError, match="Late days: they cost 2 points a day, and would cost 1"):
        graded(folder, gradebook, GradebookSettings(policy=LatePolicy(points=1)))
    graded(folder, gradebook, GradebookSettings(policy=LatePolicy(points=1)), change=True)
    assert (gradebook.title, gradebook.policy.points) == ("Losses", 1)
    # what lacks the exercise is not graded
    assert gradebook.record("bob").report is None


# ── who handed in what ──────────────────────────────────────────────────────────────────────────


def test_the_roster_orders_and_names_the_students(folder: Path, gradebook: Gradebook) -> None:
    roster = [
        RosterEntry(Enrolled("2", "Bob", login="bob")),
        RosterEntry(Enrolled("1", "Ada", login="ADA")),
        RosterEntry(Enrolled("3", "Absent")),
    ]
    hand_in(folder, "stranger", losses="# 2")
    assert graded(folder, gradebook, roster=roster) == ["2", "1", "stranger"]
    assert scores(gradebook) == {"2": 4, "1": 7, "3": None, "stranger": 2}
    assert not gradebook.record("stranger").student.on_roster
    assert gradebook.record("3").problem == "Nothing was handed in."


def test_of_several_hand_ins_the_last_counts_and_the_others_are_noted(
    folder: Path, gradebook: Gradebook
) -> None:
    (folder / "ada_losses.py").write_text("# 9\n")
    assert graded(folder, gradebook) == ["ada", "bob"]
    record = gradebook.record("ada")
    assert record.score == 9
    assert record.notes == ("ada_losses.py counts; there is also ada.",)


def test_of_several_of_nbgraders_assignments_one_is_graded_with_its_own_time(
    tmp_path: Path, gradebook: Gradebook
) -> None:
    folder = tmp_path / "submitted"
    for lab, points, day in (("lab1", 3, 20), ("lab2", 9, 25)):
        place = hand_in(folder / "ada", lab, losses=f"# {points}")
        (place / "timestamp.txt").write_text(f"2026-11-{day} 12:00:00 UTC")
    hand_in(folder / "bob", "lab2", losses="# 5")
    roster = [RosterEntry(Enrolled("ada")), RosterEntry(Enrolled("bob"))]
    due = GradebookSettings(deadline=NOON, policy=LatePolicy(accepted_days=3))
    told = refused(folder, gradebook, due)
    assert "2 assignments of nbgrader's: lab1, lab2; say which one is meant" in told
    assert graded(folder, gradebook, due, roster=roster, collected="lab1") == ["ada"]
    assert (gradebook.title, gradebook.record("ada").score) == ("lab1", 3)
    assert gradebook.record("ada").late_days == 0
    assert gradebook.record("bob").state == "nothing handed in"
    # the gradebook keeps which one it is of
    assert graded(folder, gradebook) == []
    with pytest.raises(ChangeError, match=r"of nbgrader's assignment lab1, .* would grade lab2\."):
        graded(folder, gradebook, collected="lab2")
    shutil.rmtree(folder / "ada" / "lab1")
    with pytest.raises(ChangeError, match="Give `--collected lab1`"):  # where there is no other
        graded(folder, gradebook)
    assert graded(folder, gradebook, collected="lab2", change=True) == ["ada", "bob"]


def test_online_text_does_not_hide_files(tmp_path: Path, gradebook: Gradebook) -> None:
    hand_in(tmp_path / "lab", "Ada Lind_1_assignsubmission_file_", losses="# 7")
    text = hand_in(tmp_path / "lab", "Ada Lind_1_assignsubmission_onlinetext_")
    (text / "onlinetext.html").write_text("hi")
    assert graded(tmp_path / "lab", gradebook) == ["1"]
    assert gradebook.record("1").score == 7
    assert gradebook.record("1").notes == ()


def test_nobody_on_the_roster_ends_it_before_anything_is_written(
    folder: Path, gradebook: Gradebook
) -> None:
    roster = [RosterEntry(Enrolled("1", "Eve"))]
    with pytest.raises(LayoutError, match="0 of the 2 who handed in are on the roster of 1"):
        graded(folder, gradebook, roster=roster)
    assert gradebook.students() == []
    assert gradebook.new
    graded(folder, gradebook, roster=[*roster, RosterEntry(Enrolled("2", "Ada", login="ada"))])
    # without a roster, the gradebook has one; who is in it already may be graded alone
    stranger = hand_in(folder.with_name("late"), "bob", line_fit="# 9").parent
    assert graded(stranger, gradebook) == ["bob"]
    others = hand_in(folder.with_name("others"), "xy", line_fit="# 9").parent
    with pytest.raises(LayoutError, match="0 of the 1 who handed in"):
        graded(others, gradebook)


def test_what_is_odd_about_files_is_told_and_kept(folder: Path, gradebook: Gradebook) -> None:
    (folder / "ada" / "losses.py").rename(folder / "ada" / "Losses.py")
    (folder / "bob" / "line_fit.py").write_bytes("# 4 선형\n".encode("cp949"))
    stand_in = StandIn()
    for _ in range(2):  # also of what was graded before
        summary = grade_class(folder, gradebook, workers=stand_in.workers)
        kinds = {who: [each.kind for each in some] for who, some in summary.oddities.items()}
        assert kinds == {"ada": ["name"], "bob": ["encoding"]}
    assert gradebook.record("ada").notes == ("losses: Losses.py was taken for it.",)
    [event, _] = gradebook.history("ada")
    assert event.text.endswith("losses: Losses.py was taken for it.")


@pytest.mark.skipif(not shutil.which("git"), reason="git is not installed here")
def test_work_after_the_accepted_time_is_told_and_a_template_is_not_handed_in(
    folder: Path, gradebook: Gradebook
) -> None:
    stub = load_course()["losses"].stub.read_text(encoding="utf-8")
    place = hand_in(folder, "ada", losses=stub.rstrip("\n"))
    commit(place, "2026-11-20T11:00:00+0000")
    hand_in(folder, "ada", losses="# 10")
    commit(place, "2026-11-22T11:00:00+0000")
    summary = grade_class(
        folder, gradebook, GradebookSettings(deadline=NOON), workers=StandIn().workers
    )
    assert (summary.handed_in, summary.graded, summary.unreadable) == (1, 1, {})
    record = gradebook.record("ada")
    assert (record.state, record.late_days) == ("nothing handed in", 0)
    assert (
        "1 later commit was made after the accepted time, the last one at 2026-11-22"
        in " ".join(record.notes)
    )
    [event] = gradebook.history("ada")
    assert "1 later commit was made" in event.text
    # with days that are accepted, it counts
    policy = LatePolicy(accepted_days=3)
    graded(folder, gradebook, GradebookSettings(policy=policy), change=True)
    record = gradebook.record("ada")
    assert (record.state, record.score, record.late_days) == ("graded", 10, 2)
    assert record.notes == ("Handed in 2 days after the deadline.",)


def test_what_cannot_be_read_is_told_and_stops_nobody(
    folder: Path, gradebook: Gradebook, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "eve.zip").write_bytes(b"PK")
    summary = grade_class(folder, gradebook, workers=StandIn().workers)
    assert summary.graded == 2
    assert list(summary.unreadable) == ["eve"]
    assert "not a zip file" in summary.unreadable["eve"]
    assert gradebook.record("eve").problem == summary.unreadable["eve"]

    def broken(*_: object) -> None:
        raise RecursionError("too\x1b deep")

    monkeypatch.setattr("grader.classroom.run.grade_class.read_hand_in", broken)
    summary = grade_class(folder, gradebook, workers=StandIn().workers)
    # that is no student's zero, and is tried again
    assert summary.unreadable == {}
    assert {who: each.kind for who, (each,) in summary.faults.items()} == dict.fromkeys(
        ("ada", "bob", "eve"), "grader"
    )
    assert "RecursionError: too\\x1b deep" in gradebook.record("bob").problem
    assert scores(gradebook) == {"ada": None, "bob": None, "eve": None}
    monkeypatch.undo()
    summary = grade_class(folder, gradebook, workers=StandIn().workers)
    assert (summary.graded_before, list(summary.unreadable)) == (2, ["eve"])
    assert scores(gradebook) == {"ada": 7, "bob": 4, "eve": 0}


def test_what_fails_while_a_new_gradebooks_exercises_are_looked_for_stops_nobody(
    folder: Path, gradebook: Gradebook, monkeypatch: pytest.MonkeyPatch
) -> None:
    def sometimes(hand_in: Any, *rest: Any) -> Any:
        if hand_in.path.name == "bob":
            raise OSError(5, "Input/output error")
        return read_hand_in(hand_in, *rest)

    for reader in ("run.grade_class", "handin.contents"):
        monkeypatch.setattr(f"grader.classroom.{reader}.read_hand_in", sometimes)
    summary = grade_class(folder, gradebook, workers=StandIn().workers)
    assert (summary.graded, list(summary.faults)) == (1, ["bob"])
    assert "OSError: [Errno 5] Input/output error" in gradebook.record("bob").problem
    assert scores(gradebook) == {"ada": 7, "bob": None}


@pytest.mark.parametrize("text", ["fault", "broken"])
def test_a_fault_is_told_and_tried_again(folder: Path, gradebook: Gradebook, text: str) -> None:
    hand_in(folder, "ada", losses=text)
    for _ in range(2):  # nothing is stored, so the same command tries again
        summary = grade_class(folder, gradebook, workers=StandIn().workers)
        assert list(summary.faults) == ["ada"]
        record = gradebook.record("ada")
        assert (record.state, record.score) == ("not graded", None)
        assert [event.kind for event in gradebook.history("ada")] == ["handed in"]
    assert graded(folder, gradebook) == ["ada"]
    hand_in(folder, "ada", losses="# 3")
    summary = grade_class(folder, gradebook, workers=StandIn().workers)
    assert (summary.graded, summary.faults) == (1, {})
    assert scores(gradebook) == {"ada": 3, "bob": 4}


def test_a_broken_check_is_told_in_its_authors_words(folder: Path, gradebook: Gradebook) -> None:
    hand_in(folder, "ada", losses="broken")
    summary = grade_class(folder, gradebook, workers=StandIn().workers)
    [trouble] = summary.faults["ada"]
    assert (trouble.exercise, trouble.check, trouble.kind) == ("losses", "test_mine", "course")
    assert gradebook.record("ada").problem.splitlines() == [
        "The check test_mine of losses failed: NameError: name 'undefined_name' is not defined",
        'File "/h/losses.py", line 7, in test_mine',
        "  undefined_name",
    ]


def test_a_good_result_outlives_a_fault_of_grading_it_again(
    folder: Path, gradebook: Gradebook
) -> None:
    graded(folder, gradebook)
    stand_in = StandIn()
    stand_in.outcome = lambda task: GradingOutcome(None, 0.1, "It ended.", lost=True)  # type: ignore[method-assign]
    summary = grade_class(folder, gradebook, workers=stand_in.workers, force=True)
    assert set(summary.faults) == {"ada", "bob"}
    assert scores(gradebook) == {"ada": 7, "bob": 4}
    assert "the earlier result counts" in " ".join(gradebook.record("ada").notes)


@pytest.mark.parametrize(("losses", "times"), [(1, 2), (2, 3), (3, 3)])
def test_what_is_lost_with_a_process_is_tried_again_when_the_others_are_done(
    folder: Path, gradebook: Gradebook, losses: int, times: int
) -> None:
    hand_in(folder, "ada", losses="lost # 7")
    for number in range(5):
        hand_in(folder, f"s{number}", losses=f"# {number}")
    stand_in = StandIn(losses)
    done: list[str] = []
    progress = Progress(done=done.append)
    summary = grade_class(folder, gradebook, workers=stand_in.workers, progress=progress)
    others = ["bob", *(f"s{number}" for number in range(5))]
    assert stand_in.students == ["ada", *others, *["ada"] * (times - 1)]
    assert sorted(done) == ["ada", *others]
    assert gradebook.record("ada").score == (7 if losses < 3 else None)
    assert list(summary.faults) == ([] if losses < 3 else ["ada"])


def test_a_broken_check_is_not_asked_twice(folder: Path, gradebook: Gradebook) -> None:
    hand_in(folder, "ada", losses="broken")
    assert graded(folder, gradebook) == ["ada", "bob"]


@pytest.mark.skipif(not shutil.which("git"), reason="git is not installed here")
def test_of_a_repository_the_last_commit_in_time_is_graded(
    folder: Path, gradebook: Gradebook
) -> None:
    place = hand_in(folder, "ada", losses="# 5")
    commit(place, "2026-11-20T11:00:00+0000")
    hand_in(folder, "ada", losses="# 10")
    commit(place, "2026-11-22T11:00:00+0000")
    graded(folder, gradebook, GradebookSettings(deadline=NOON))
    assert gradebook.record("ada").score == 5
    # with days that are accepted, the later one: two days late
    policy = LatePolicy(points=3, accepted_days=2)
    graded(folder, gradebook, GradebookSettings(policy=policy), change=True)
    record = gradebook.record("ada")
    assert (record.late_days, record.penalty, record.score) == (2, 6, 4)
    assert record.notes == ("Handed in 2 days after the deadline.",)
    # a student's own deadline goes before the class's
    own = RosterEntry(Enrolled("ada"), NOON + timedelta(days=2))
    graded(folder, gradebook, roster=[own, RosterEntry(Enrolled("bob"))])
    assert (gradebook.record("ada").late_days, gradebook.record("ada").score) == (0, 10)


@pytest.mark.skipif(not shutil.which("git"), reason="git is not installed here")
def test_a_shallow_clone_is_no_students_zero(folder: Path, gradebook: Gradebook) -> None:
    place = hand_in(folder, "cy", losses="# 6")
    commit(place, "2026-11-20T11:00:00+0000")
    hand_in(folder, "cy", losses="# 8")
    commit(place, "2026-11-22T11:00:00+0000")
    last = subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=place, check=True, capture_output=True, text=True
    )
    (place / ".git" / "shallow").write_text(last.stdout)  # as `git clone --depth 1` leaves it
    due = GradebookSettings(deadline=NOON)
    summary = grade_class(folder, gradebook, due, workers=StandIn().workers)
    [trouble] = summary.faults["cy"]
    assert trouble.text.startswith(
        "Grading failed: The clone is shallow: its last commit is of 2026"
    )
    assert trouble.lines == ()
    assert gradebook.record("cy").score is None


def test_what_a_platform_marks_as_late_is_noted(tmp_path: Path, gradebook: Gradebook) -> None:
    folder = tmp_path / "canvas"
    folder.mkdir()
    (folder / "lovelaceada_LATE_17_123_losses.py").write_text("# 3\n")
    (folder / "kimminjun_18_124_losses.py").write_text("# 3\n")
    graded(folder, gradebook)
    noted = {record.notes for record in gradebook.records()}
    late = "It was marked as late where it was handed in, which does not say by how much."
    assert noted == {(), (late,)}


def test_files_that_a_student_changed_are_noted(folder: Path, gradebook: Gradebook) -> None:
    (folder / "ada" / "course.toml").write_text("mine")
    given = {"course.toml": "0" * 64}
    graded(folder, gradebook, protected=given)
    assert "course.toml" in " ".join(gradebook.record("ada").notes)


def test_points_that_ci_announced_otherwise_are_noted(folder: Path, gradebook: Gradebook) -> None:
    (folder / "ada" / "result.json").write_text('{"score": 20, "max_score": 20}')
    (folder / "bob" / "result.json").write_text('{"score": 4, "max_score": 20}')
    graded(folder, gradebook)
    [note] = gradebook.record("ada").notes
    assert note == "CI announced 20/20 points; the re-run gives 7/20."
    assert gradebook.record("bob").notes == ()


# ── what cannot be graded ───────────────────────────────────────────────────────────────────────


def refused(folder: Path, gradebook: Gradebook, *args: Any) -> str:
    with pytest.raises(LayoutError) as error:
        grade_class(folder, gradebook, *args, workers=StandIn().workers)
    assert gradebook.students() == []
    return str(error.value)


def test_an_exercise_that_the_course_does_not_have(folder: Path, gradebook: Gradebook) -> None:
    told = refused(folder, gradebook, GradebookSettings(exercises=("losses", "poetry")))
    assert "no exercise 'poetry' in the course" in told


def test_a_folder_without_an_exercise(tmp_path: Path, gradebook: Gradebook) -> None:
    hand_in(tmp_path / "lab", "ada", essay="x")
    told = refused(tmp_path / "lab", gradebook)
    assert "None of the 1 submissions holds an exercise of the course" in told


@pytest.mark.skipif(not shutil.which("git"), reason="git is not installed here")
def test_repositories_need_git(
    folder: Path, gradebook: Gradebook, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit(folder / "ada")
    monkeypatch.setenv("PATH", os.fspath(folder))
    assert "git is not installed" in refused(folder, gradebook)


def test_checks_that_cannot_be_used_end_it(folder: Path, gradebook: Gradebook) -> None:
    stand_in = StandIn()
    stand_in.outcome = lambda task: GradingOutcome(None, 0, "The checks are at fault.")  # type: ignore[method-assign]
    told = r"Nothing can be graded\. Grading failed: The checks are at fault\."
    with pytest.raises(WorkersError, match=told):
        grade_class(folder, gradebook, workers=stand_in.workers)


def test_a_check_that_fails_without_a_submission_ends_it_and_is_named(
    folder: Path, gradebook: Gradebook
) -> None:
    stand_in = StandIn()

    def outcome(task: Task) -> GradingOutcome:
        results = tuple(fault(name, BROKEN) for name in task.exercises)
        return GradingOutcome(Report("", results, HERE), 0.1)

    stand_in.outcome = outcome  # type: ignore[method-assign]
    told = r"Nothing can be graded\. The check test_mine of line_fit failed: NameError: "
    with pytest.raises(CourseFault, match=told):
        grade_class(folder, gradebook, workers=stand_in.workers)
    # nobody is in trouble for it, and there is nothing that can be reached
    assert gradebook.max_scores == {}
    assert graded(folder, gradebook) == ["ada", "bob"]


# ── while it works ──────────────────────────────────────────────────────────────────────────────


def test_progress_tells_of_every_student_once(folder: Path, gradebook: Gradebook) -> None:
    for number in range(2 * READ_AHEAD):
        hand_in(folder, f"s{number:02}", losses=f"# {number % 10}")
    (folder / "eve.zip").write_bytes(b"PK")
    totals: list[int] = []
    done: list[str] = []
    progress = Progress(total=totals.append, done=done.append)
    grade_class(folder, gradebook, workers=StandIn().workers, progress=progress)
    assert totals == [2 * READ_AHEAD + 3]
    assert sorted(done) == sorted(student.id for student in gradebook.students())
    done.clear()
    grade_class(folder, gradebook, workers=StandIn().workers, progress=progress)
    assert sorted(done) == sorted(student.id for student in gradebook.students())


def test_results_are_written_as_they_come(folder: Path, gradebook: Gradebook) -> None:
    """Whoever is stopped in the middle loses nothing."""

    def stop(student: str) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        grade_class(folder, gradebook, workers=StandIn().workers, progress=Progress(done=stop))
    assert scores(gradebook) == {"ada": 7, "bob": None}
    assert graded(folder, gradebook) == ["bob"]
    assert scores(gradebook) == {"ada": 7, "bob": 4}


def test_whose_turn_has_not_come_when_a_run_is_stopped_is_not_absent(
    folder: Path, gradebook: Gradebook
) -> None:
    for number in range(3 * READ_AHEAD):
        hand_in(folder, f"s{number:02}", losses="# 1")

    def stop(student: str) -> None:
        raise KeyboardInterrupt

    roster = [RosterEntry(student) for student in (Enrolled("absent"), Enrolled("ada"))]
    with pytest.raises(KeyboardInterrupt):
        grade_class(
            folder,
            gradebook,
            roster=roster,
            workers=StandIn().workers,
            progress=Progress(done=stop),
        )
    found = scores(gradebook)
    assert (found.pop("absent"), found.pop("ada")) == (None, 7)
    assert set(found.values()) == {None}


# ── what the gradebook keeps ────────────────────────────────────────────────────────────────────


def test_one_exercise_named_in_a_later_call_is_asked_for(
    folder: Path, gradebook: Gradebook
) -> None:
    hand_in(folder, "ada", line_fit="# 3")
    graded(folder, gradebook)
    before = gradebook.exercises
    one = GradebookSettings(exercises=("line_fit",))
    with pytest.raises(ChangeError, match=r"would lose points in losses.* ada −7"):
        graded(folder, gradebook, one)
    gradebook.refresh()
    assert gradebook.exercises == before
    graded(folder, gradebook, one, change=True)
    assert gradebook.exercises == ("line_fit",)
    graded(folder, gradebook)
    assert gradebook.exercises == ("line_fit",)


def test_a_later_hand_in_that_lacks_an_exercise_is_told(folder: Path, gradebook: Gradebook) -> None:
    hand_in(folder, "ada", line_fit="# 3")
    graded(folder, gradebook)
    again = hand_in(folder.with_name("again"), "ada", line_fit="# 5").parent
    for _ in range(2):  # also where nothing is new
        graded(again, gradebook)
        assert gradebook.record("ada").score == 5
        assert gradebook.record("ada").notes == (
            "losses: it is not in what counts now; an earlier hand-in had 7 points in it.",
        )
    assert gradebook.record("bob").notes == ()  # never had it
    graded(folder, gradebook)
    assert gradebook.record("ada").notes == ()


def test_an_older_hand_in_in_the_place_of_a_newer_one_is_told(
    tmp_path: Path, gradebook: Gradebook
) -> None:
    for day, points in ((21, 8), (20, 5)):
        place = hand_in(tmp_path / f"day {day}", f"Lab_ada_attempt_2026-11-{day}-13-00-00_x")
        place.rmdir()
        name = f"Lab_ada_attempt_2026-11-{day}-13-00-00_losses.py"
        (place.parent / name).write_text(f"# {points}")
        for _ in range(2):
            graded(place.parent, gradebook)
    [note] = gradebook.record("ada").notes
    assert re.fullmatch(
        r"What was handed in later, at 2026-11-2\d \d\d:00 UTC, .* not count\.", note
    )
    assert gradebook.record("ada").score == 5


def test_an_exercise_that_is_first_handed_in_later_is_told(
    tmp_path: Path, gradebook: Gradebook
) -> None:
    course = load_course()
    where = tmp_path / "lab"
    hand_in(where, "ada", losses="# 7")
    graded(where, gradebook)
    hand_in(where, "ada", line_fit="# 3")
    stub = course["optimizers"].stub.read_text(encoding="utf-8")
    hand_in(where, "bob", line_fit="# 4", optimizers=stub)  # a stub is no work
    for _ in range(2):  # also where nothing is new
        summary = grade_class(where, gradebook, workers=StandIn().workers)
        assert summary.beyond == {"line_fit": ["ada", "bob"]}
    assert "There is no exercise to grade" in summary.unreadable["bob"]
    named = GradebookSettings(exercises=("losses",))
    assert grade_class(where, gradebook, named, workers=StandIn().workers).beyond == {}
    both = GradebookSettings(exercises=("losses", "line_fit"))
    graded(where, gradebook, both, change=True)
    assert scores(gradebook) == {"ada": 10, "bob": 4}
    assert grade_class(where, gradebook, workers=StandIn().workers).beyond == {}


def test_a_file_of_another_exercise_is_no_student(tmp_path: Path, gradebook: Gradebook) -> None:
    where = tmp_path / "lab"
    where.mkdir()
    (where / "ada_losses.py").write_text("# 7")
    graded(where, gradebook)
    (where / "ada_line_fit.py").write_text("# 3")
    (where / "bob.py").write_text("# 5")
    summary = grade_class(where, gradebook, workers=StandIn().workers)
    assert summary.beyond == {"line_fit": ["ada"]}
    assert scores(gradebook) == {"ada": 7, "bob": 5}


def test_devices_are_kept_where_none_is_named(folder: Path, gradebook: Gradebook) -> None:
    graded(folder, gradebook, None, GradingConditions(devices=("cpu",)))
    assert graded(folder, gradebook) == []
    assert gradebook.made_with
    assert gradebook.made_with.devices == ("cpu",)


def test_who_was_removed_is_passed_over_and_told(folder: Path, gradebook: Gradebook) -> None:
    graded(folder, gradebook)
    remove(gradebook, "bob", why="left", who="me")
    roster = [RosterEntry(Enrolled("ada")), RosterEntry(Enrolled("bob"))]
    for given in (None, roster):
        summary = grade_class(folder, gradebook, roster=given, workers=StandIn().workers)
        assert (summary.handed_in, summary.removed) == (1, ["bob"])
        assert list(scores(gradebook)) == ["ada"]


def test_a_hand_in_under_an_earlier_identifier_is_the_same_student_s(
    folder: Path, gradebook: Gradebook
) -> None:
    graded(folder, gradebook)
    rename(gradebook, "bob", "0007", why="his number", who="me")
    assert graded(folder, gradebook) == []
    hand_in(folder, "bob", losses="# 9")
    assert graded(folder, gradebook) == ["0007"]
    assert scores(gradebook) == {"0007": 13, "ada": 7}


def test_who_is_not_in_the_folder_is_told_where_the_result_would_be_another_one(
    folder: Path, gradebook: Gradebook, tmp_path: Path
) -> None:
    alone = tmp_path / "late"
    hand_in(alone, "ada", losses="# 7")
    grade_class(folder, gradebook, workers=StandIn().workers)
    assert grade_class(alone, gradebook, workers=StandIn().workers).outdated == {}
    # no repositories, so what was handed in counts by any deadline
    later = GradebookSettings(deadline=NOON)
    summary = grade_class(alone, gradebook, later, workers=StandIn().workers, change=True)
    assert summary.outdated == {}
    assert gradebook.history("bob")[-1].text.startswith("for everybody by somebody: deadline: none")
    fewer = GradebookSettings(exercises=("losses",))
    summary = grade_class(alone, gradebook, fewer, workers=StandIn().workers, change=True)
    assert summary.outdated == {"bob": OTHER_RULES}
    assert grade_class(folder, gradebook, workers=StandIn().workers).outdated == {}


def test_what_counts_of_two_that_were_merged_goes_on_counting(
    folder: Path, gradebook: Gradebook
) -> None:
    """Neither has a time, so the hand-in by the identifier that remains counts."""
    grade_class(folder, gradebook, workers=StandIn().workers)
    merge(gradebook, "bob", "ada", why="the same", who="me")
    assert scores(gradebook) == {"ada": 7}
    grade_class(folder, gradebook, workers=StandIn().workers)
    assert scores(gradebook) == {"ada": 7}
