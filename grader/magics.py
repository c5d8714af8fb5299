"""`%load_ext grader` and the cell magic `%%check NAME`, for IPython and Jupyter.

The result is for practice: the notebook's own process decides it. A submission is graded from its file.
"""

from __future__ import annotations

import atexit
from typing import Any

from IPython.core.error import UsageError
from IPython.core.magic import Magics, cell_magic, magics_class
from IPython.display import HTML, display

from .catalog import load_course
from .grading import grade
from .outcome import CourseFault
from .outputs import notebook
from .sandbox import Sandbox
from .submission import Cell, Source, Submission


def load_ipython_extension(ipython: Any) -> None:
    """What `%load_ext grader` calls."""
    ipython.register_magics(GraderMagics(ipython))


@magics_class
class GraderMagics(Magics):
    """Checks what was run in this session."""

    shell: Any

    def __init__(self, shell: Any) -> None:
        super().__init__(shell)
        self._sandbox = Sandbox()  # imports torch while the student reads
        atexit.register(self._sandbox.close)

    @cell_magic
    def check(self, line: str, cell: str) -> None:
        """`%%check NAME` runs the cell, then checks all that was run in this session as exercise NAME."""
        name = line.strip()
        course = load_course()
        if name not in course.names:
            raise UsageError(f"%%check needs the name of an exercise: {', '.join(course.names)}.")
        if not self.shell.run_cell(cell).success:
            return  # IPython has shown the error
        source = Source("this notebook", tuple(self._cells()), notebook=True)
        try:
            report = grade(
                Submission("this notebook", {name: source}, (name,)),
                course=course,
                sandbox=self._sandbox,
            )
        except (CourseFault, RuntimeError) as error:
            raise UsageError(f"The grader itself failed, not your code: {error}") from error
        display(HTML(notebook.render(report)))

    def _cells(self) -> list[Cell]:
        """What was run, in that order; of a cell that was run again unchanged the last time alone."""
        inputs = dict(enumerate(self.shell.history_manager.input_hist_raw))
        last = {text: number for number, text in inputs.items() if text.strip()}
        return [Cell(f"cell [{number}]", inputs[number]) for number in sorted(last.values())]
