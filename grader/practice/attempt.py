"""Grades for somebody who goes on working: a report, or the sentence that says why there is none."""

from __future__ import annotations

from dataclasses import dataclass

from ..errors import Fault, InputError
from ..grading import grade
from ..language import _
from ..machines import Machines
from ..report import Report
from ..submission import Submission


@dataclass(frozen=True)
class Attempt:
    """What came of a grading.

    Attributes:
        report: `None` where there is no verdict.
        trouble: why; empty where there is one.
    """

    report: Report | None
    trouble: str = ""


def attempt(submission: Submission, machines: Machines) -> Attempt:
    """Grades a submission; what fails, be it a file of the course or the grader itself, is told, and not raised."""
    try:
        report = grade(submission, machines=machines)
    except InputError as error:  # such as a check's file that is being written
        return Attempt(None, str(error))
    except Fault as error:
        sentence = _("The grader itself failed, not your code: {error}")
        return Attempt(None, sentence.format(error=error))
    if report.faults:
        return Attempt(None, report.faults[0].message)
    return Attempt(report)
