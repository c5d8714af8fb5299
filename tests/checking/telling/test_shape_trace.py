"""What each line of a student's code sets, while it answers a probe."""

from __future__ import annotations

from grader.checking.telling.shape_trace import MOST_STEPS
from grader.grading import example_of
from grader.machines import Machines
from grader.submission import Submission

TEXT = """
def predict(x, a, b):
    for _ in range(COUNT):
        x = x + 0
    return a * x + b


def mse(y_pred, y):
    error = y_pred - y
    return (error ** 2).sum()
"""


def steps(machines: Machines, text: str) -> tuple[tuple[str, str, str], ...]:
    submission = Submission.of_text("line_fit", text)
    example = example_of(submission, "line_fit", machines, shapes=True)
    assert example
    return example.steps


def test_each_line_with_what_it_sets(machines: Machines) -> None:
    found = steps(machines, TEXT.replace("COUNT", "2"))
    told = {line: what for _place, line, what in found}
    assert told["error = y_pred - y"].startswith("error: (")
    assert told["error = y_pred - y"].endswith(",) float32 cpu")
    assert told["return (error ** 2).sum()"] == "return () float32 cpu"
    assert found[0][0] == "line_fit.py:8"


def test_what_a_loop_does_again_is_told_once(machines: Machines) -> None:
    text = TEXT.replace("a * x + b", "a * x").replace("COUNT", "3")
    lines = [line for _place, line, what in steps(machines, text) if "x: " in what]
    assert lines.count("x = x + 0") <= 1


def test_an_exception_ends_it(machines: Machines) -> None:
    text = TEXT.replace("a * x + b", "undefined").replace("COUNT", "1")
    assert steps(machines, text)[-1][2].startswith("NameError: ")


def test_no_more_than_can_be_read(machines: Machines) -> None:
    text = TEXT.replace("x = x + 0", "n = _").replace("COUNT", "5000")
    assert len(steps(machines, text.replace("a * x + b", "a * x"))) <= MOST_STEPS
