"""An assignment: which exercises, what they are worth, what is kept back, until when. One small TOML file.

    title = "Gradients by hand"
    deadline = 2026-12-01T23:59:00+01:00     # with its offset from UTC
    hints = true                             # `grader hint` gives them
    notebooks = false                        # hand out notebooks instead of Python files

    [late]                                   # what a day late costs; without this table, nothing is taken
    points = 10
    percent = true

    [ci]                                     # what `grader release --classroom` writes
    grader = "grader-0.1.0-py3-none-any.whl" # or a version, or git+https://…@<40 hexadecimal digits>

    [[exercise]]
    name = "line_fit"

    [[exercise]]
    name = "my_linear"
    points = 20                              # default: what its checks say
    visibility = { autograd = "instructor" } # checks kept back; "instructor" alone keeps all of them back
    instructor_checks = "hidden/my_linear.py" # more of them, in a file that students never get

The copy that students get names no check that is kept back: each exercise lists those that run, with their points
(`checks`), and how many points more there are (`held_back`).
"""

from .reader import FILENAME, read_assignment
from .terms import (
    CI,
    Assignment,
    AssignmentError,
    Late,
    Part,
    Terms,
    Worth,
    points_of_checks,
    share,
)

__all__ = [
    "CI",
    "FILENAME",
    "Assignment",
    "AssignmentError",
    "Late",
    "Part",
    "Terms",
    "Worth",
    "points_of_checks",
    "read_assignment",
    "share",
]
