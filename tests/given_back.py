"""Records of students who get something back: with a check that is kept back, which nobody is to read of."""

from __future__ import annotations

from dataclasses import replace

from grader.classroom.records import Adjustment, Enrolled, FileText, HandedIn, Record
from grader.report import CheckResult, ExerciseResult, Report
from tests.synthetic import HERE, START

SECRET = "a check of shapes that nobody expects"
ADA = Enrolled("ada", "Ada Lind", "Ada@x.org", "B", "ada-l")
BOB = Enrolled("bob", "Bob Hope", "bob@x.org")
COMMIT = "c0ffee" * 6 + "c0ff"


def graded_record(student: Enrolled = ADA, filename: str = "my_linear.ipynb") -> Record:
    """Three points of seven, a day late: a check that passed, one that failed, one that failed and is kept back."""
    checks = (
        CheckResult("shape", "The shape is right.", "passed", 3, 3),
        CheckResult(
            *("values", "The values are right.", "failed", 2, 0, "W[0] is 1, expected 2."),
            cause="It is halved.",
        ),
        CheckResult("secret", SECRET, "failed", 2, 0, f"{SECRET}: got 4", cause=SECRET),
    )
    exercise = ExerciseResult(
        *("my_linear", "A layer", 3, 7, "partial"), checks=checks, remarks=(SECRET,)
    )
    hand_in = HandedIn(
        START, COMMIT, True, 3, 7, {"my_linear": FileText(filename, ((filename, "x = 1\n"),))}
    )
    return Record(
        student,
        Report(student.id, (exercise,), HERE),
        7,
        commit=COMMIT,
        late_days=1,
        penalty=1,
        adjustments=(Adjustment("my_linear", 2, "Prof. Curie", START, "a good question"),),
        kept_back={"my_linear": frozenset({"secret"})},
        hand_ins=(hand_in,),
    )


def nothing(student: Enrolled = BOB) -> Record:
    return Record(student, None, 7, "Nothing was handed in.")


def unreadable(student: Enrolled = BOB) -> Record:
    return Record(student, None, 7, "ada.zip is no zip.", absence="could not be read")


def waiting(student: Enrolled = BOB) -> Record:
    return replace(nothing(student), problem="NameError: x", absence="not graded")


def excused(student: Enrolled = BOB) -> Record:
    """One of whom the gradebook says that nothing is expected, work or not."""
    kind = type("Excused", (Record,), {"state": "excused", "score": None})
    made: Record = kind(**vars(graded_record(student)))
    return made
