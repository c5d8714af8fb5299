"""Sources and submissions, as they are graded."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from grader.submission import Cell, Source, Submission

BOOK = Source(
    "work.ipynb",
    (Cell("work.ipynb, cell 1", "%time x = 1"), Cell("work.ipynb, cell 3", "!ls\ny = x")),
    notebook=True,
)


def test_a_file_is_one_cell_and_is_run_as_it_stands() -> None:
    source = Source.of_text("a/my_linear.py", "x = (5\n% 3)")
    assert source.cells == (Cell("a/my_linear.py", "x = (5\n% 3)"),)
    assert source.programs == ("x = (5\n% 3)",)
    assert not source.notebook
    assert not source.problem


def test_magics_of_a_notebook_are_no_program() -> None:
    assert BOOK.text == "%time x = 1\n!ls\ny = x"
    assert BOOK.programs == ("pass\n", "pass\ny = x\n")


@given(st.text(st.characters(exclude_categories=["Cs"])), st.text())
def test_a_digest_is_of_the_text_and_not_of_its_place(text: str, name: str) -> None:
    assert Source.of_text("a.py", text).digest == Source.of_text(name, text).digest
    assert Source.of_text("a.py", text).digest != Source.of_text("a.py", text + "#").digest


def test_a_submission_of_text_at_hand() -> None:
    submission = Submission.of_text("my_linear", "x = 1", name="ada")
    assert submission.name == "ada"
    assert submission.wanted == ("my_linear",)
    assert submission.sources == {"my_linear": Source.of_text("my_linear.py", "x = 1")}
    assert Submission("ada", {}).wanted == ()
