"""`%load_ext grader` and the cell magic `%%check NAME`, for IPython and Jupyter.

The result is for practice: the notebook's own process decides it. A submission is graded from its file. The exercises
are those of the course that the notebook's folder is for, with its limits.
"""

from __future__ import annotations

import atexit
from pathlib import Path
from typing import Any

from IPython.core.error import UsageError
from IPython.core.magic import Magics, cell_magic, magics_class
from IPython.display import HTML, display

from .. import language
from ..course.catalog import Course, load_course
from ..course.meant import meant
from ..errors import InputError, SubmissionError, UnsupportedVersion
from ..import_path import InstalledOnly
from ..language import _
from ..machines import Machines
from ..outputs import notebook_html
from ..submission import Cell, Source, Submission
from .attempt import Attempts
from .remembered_course import remembered_course


def load_ipython_extension(ipython: Any) -> None:
    """What `%load_ext grader` calls.

    Raises:
        UsageError: if the folder is for a course that is not to be used, or is not there.
    """
    language.use(language.preferred())
    try:
        folder = remembered_course(Path())
        course = load_course(folder) if folder else None
    except InputError as error:
        raise UsageError(str(error)) from None  # IPython shows its sentence, and no traceback
    ipython.register_magics(GraderMagics(ipython, course))


@magics_class
class GraderMagics(Magics):
    """Checks what was run in this session.

    Args:
        shell: IPython's.
        course: whose exercises can be checked; by default the built-in one.
    """

    shell: Any

    def __init__(self, shell: Any, course: Course | None = None) -> None:
        super().__init__(shell)
        self._machines = Machines(course)  # imports torch while the student reads
        self._attempts = Attempts(self._machines)
        atexit.register(self._machines.close)

    @cell_magic
    def check(self, line: str, cell: str) -> None:
        """`%%check NAME` runs the cell, then checks all that was run in this session as exercise NAME.

        `%%check NAME --lang ko` tells the result in Korean.

        Raises:
            UsageError: if there is no such exercise or language, or the grader itself fails; IPython shows why.
        """
        course = self._machines.course
        name, _option, spoken = (part.strip() for part in line.partition("--lang"))
        if spoken and spoken not in language.languages():
            sentence = _("%%check knows the languages {names}, and not {name!r}.")
            names = ", ".join(language.languages())
            raise UsageError(sentence.format(names=names, name=spoken))
        if not name:
            sentence = _("%%check needs the name of an exercise: {names}.")
            raise UsageError(sentence.format(names=", ".join(course.names)))
        try:
            name = meant(course, name)
        except SubmissionError as error:
            raise UsageError(str(error)) from None
        if not self.shell.run_cell(cell).success:
            return  # IPython has shown the error
        with language.speaking(spoken or language.current()), InstalledOnly():
            here = _("this notebook")
            try:
                cells = tuple(self._cells())
            except UnsupportedVersion as error:
                raise UsageError(str(error)) from error
            source = Source(here, cells, notebook=True, session=True)
            submission = Submission(here, {name: source}, (name,))
            done = self._attempts.attempt(submission)
            if done.report is None:
                raise UsageError(done.trouble)
            wrong = any(check.went_wrong for check in done.report.checks)
            example = self._attempts.example(submission) if wrong else ""
        examples = {name: example} if example else {}
        display(HTML(notebook_html.render(done.report, examples)))

    def _cells(self) -> list[Cell]:
        """What was run, in that order; of a cell that was run again unchanged the last time alone."""
        inputs = dict(enumerate(_inputs_of(self.shell)))
        last = {text: number for number, text in inputs.items() if text.strip()}
        return [
            Cell(_("cell [{number}]").format(number=number), inputs[number])
            for number in sorted(last.values())
        ]


def _inputs_of(shell: Any) -> list[str]:
    """The cells of a session by their numbers, as they were typed, so that %-commands are still there.

    IPython documents no such list, only one of cells turned into Python; this one was tried with IPython 9.18.1.

    Raises:
        UnsupportedVersion: if this IPython has none.
    """
    try:
        return list(shell.history_manager.input_hist_raw)
    except AttributeError as error:
        sentence = _(
            "This version of IPython keeps no list of what was run in a session. Use IPython 9.18."
        )
        raise UnsupportedVersion(sentence) from error
