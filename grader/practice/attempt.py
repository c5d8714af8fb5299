"""Grades for somebody who goes on working: a report, or the sentence that says why there is none."""

from __future__ import annotations

from dataclasses import dataclass

from ..errors import Fault, InputError
from ..grading import example_of, grade
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


class Attempts:
    """Grades what somebody works on, with the same inputs from one time to the next.

    So a result that is another one comes of a change in the code, and what is right is worked out once. The inputs are
    those of the first text: another session has others, and so has `grader check`.
    """

    def __init__(self, machines: Machines) -> None:
        self._machines = machines
        self._seeds: dict[str, int] = {}

    def attempt(self, submission: Submission) -> Attempt:
        """Grades one exercise; what fails, be it a file of the course or the grader itself, is told, and not raised."""
        [name] = submission.wanted
        done = _attempt(submission, self._machines, self._seeds.get(name))
        if done.report:
            self._seeds[name] = done.report.exercises[0].seed
        return done

    def example(self, submission: Submission) -> str:
        """The simplest case that is wrong with those inputs, as Python to run; empty where there is none.

        Raises:
            Fault, InputError: as `example_of`.
        """
        [name] = submission.wanted
        found = example_of(submission, name, self._machines, seed=self._seeds.get(name))
        return found.script if found else ""


def _attempt(submission: Submission, machines: Machines, seed: int | None) -> Attempt:
    try:
        report = grade(submission, machines=machines, seed=seed)
    except InputError as error:  # such as a check's file that is being written
        return Attempt(None, str(error))
    except Fault as error:
        sentence = _("The grader itself failed, not your code: {error}")
        return Attempt(None, sentence.format(error=error))
    if report.faults:
        return Attempt(None, report.faults[0].message)
    return Attempt(report)
