"""Reading what was handed in: every bad input gets a sentence that names the file."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from grader.course.catalog import Course
from grader.errors import SubmissionError
from grader.language import speaking
from grader.submission import Submission, read_submission
from grader.submission.decode import MAX_SOURCE_BYTES

GOOD = "x = 1\n"


def read(path: Path, course: Course, *names: str) -> Submission:
    return read_submission(path, course, names)


def test_a_folder(tmp_path: Path, course: Course) -> None:
    (tmp_path / "my_linear.py").write_text(GOOD)
    (tmp_path / "exercises").mkdir()
    (tmp_path / "exercises" / "train_step.py").write_text(GOOD)
    (tmp_path / "notes.py").write_text("")
    submission = read(tmp_path, course)
    assert sorted(submission.sources) == ["my_linear", "train_step"]
    assert submission.sources["train_step"].filename == "exercises/train_step.py"
    assert submission.sources["train_step"].text == GOOD


def test_a_file_named_after_its_exercise(tmp_path: Path, course: Course) -> None:
    file = tmp_path / "my_linear.py"
    file.write_text(GOOD)
    assert list(read(file, course).sources) == ["my_linear"]


def test_a_file_of_another_name_needs_the_exercise(tmp_path: Path, course: Course) -> None:
    file = tmp_path / "homework.py"
    file.write_text(GOOD)
    assert list(read(file, course, "my_linear").sources) == ["my_linear"]
    with pytest.raises(SubmissionError, match=r"homework\.py is not named after an exercise"):
        read(file, course)


def test_one_file_is_not_two_exercises(tmp_path: Path, course: Course) -> None:
    file = tmp_path / "my_linear.py"
    file.write_text(GOOD)
    with pytest.raises(SubmissionError, match="one file"):
        read(file, course, "my_linear", "train_step")


def test_what_is_named_and_missing_is_wanted(tmp_path: Path, course: Course) -> None:
    (tmp_path / "my_linear.py").write_text(GOOD)
    submission = read(tmp_path, course, "my_linear", "train_step")
    assert submission.wanted == ("my_linear", "train_step")
    assert list(submission.sources) == ["my_linear"]


def test_nothing_to_grade(tmp_path: Path, course: Course) -> None:
    with pytest.raises(SubmissionError, match="holds no exercise"):
        read(tmp_path, course)
    with pytest.raises(SubmissionError, match="does not exist"):
        read(tmp_path / "nowhere", course)
    with pytest.raises(SubmissionError, match="no exercise 'linear'"):
        read(tmp_path, course, "linear")


@pytest.mark.parametrize(
    ("data", "told"),
    [(b"", "is empty"), (b"#" * (MAX_SOURCE_BYTES + 1), "larger than 1 MiB")],
)
def test_unusable_bytes(tmp_path: Path, course: Course, data: bytes, told: str) -> None:
    (tmp_path / "my_linear.py").write_bytes(data)
    source = read(tmp_path, course).sources["my_linear"]
    assert not source.cells
    assert source.problem.startswith("my_linear.py")
    assert told in source.problem


def test_links_pipes_and_folders_are_not_followed(tmp_path: Path, course: Course) -> None:
    secret = tmp_path / "secret"
    secret.write_text("top secret")
    inside = tmp_path / "in"
    inside.mkdir()
    (inside / "my_linear.py").symlink_to(secret)
    os.mkfifo(inside / "train_step.py")
    (inside / "logistic_regression.py").mkdir()
    sources = read(inside, course).sources
    assert "symbolic link" in sources["my_linear"].problem
    assert "not a regular file" in sources["train_step"].problem
    assert not any(source.cells for source in sources.values())


def test_a_linked_folder_may_not_lead_out(tmp_path: Path, course: Course) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "my_linear.py").write_text(GOOD)
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "exercises").symlink_to(tmp_path / "other")
    assert "leads out" in read(tmp_path / "in", course).sources["my_linear"].problem


def test_a_linked_folder_that_stays_inside_is_read(tmp_path: Path, course: Course) -> None:
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / "my_linear.py").write_text(GOOD)
    (tmp_path / "exercises").symlink_to("work")
    source = read(tmp_path, course).sources["my_linear"]
    assert (source.filename, source.text) == ("exercises/my_linear.py", GOOD)
    (tmp_path / "exercises").unlink()
    (tmp_path / "exercises").symlink_to("exercises")  # leads nowhere, round and round
    with pytest.raises(SubmissionError, match="holds no exercise"):
        read(tmp_path, course)


def test_a_students_folder_is_not_searched_in_its_depths(tmp_path: Path, course: Course) -> None:
    for folder in ("old", "env/lib", "exercises/old"):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "my_linear.py").write_text(GOOD)
    with pytest.raises(SubmissionError, match=r"a file such as train_step\.py, train_step\.ipynb"):
        read(tmp_path, course, "train_step", "my_linear")
    # a second download is what the class's grading would take, too
    (tmp_path / "my_linear (1).py").write_text(GOOD)
    assert read(tmp_path, course).sources["my_linear"].filename == "my_linear (1).py"


def test_a_single_file_is_shown_as_it_was_named(tmp_path: Path, course: Course) -> None:
    file = tmp_path / "homework.ipynb"
    file.write_text("no notebook")
    source = read(file, course, "my_linear").sources["my_linear"]
    assert source.problem.startswith(f"{file} is not a Jupyter notebook")
    link = tmp_path / "my_linear.py"
    link.symlink_to("nowhere")
    told = read(link, course).sources["my_linear"].problem
    assert told == f"{link} is a symbolic link. Hand in the file itself."


def test_a_sentence_is_in_the_students_language(tmp_path: Path, course: Course) -> None:
    (tmp_path / "my_linear.py").symlink_to("nowhere")
    with speaking("ko"):
        told = read(tmp_path, course).sources["my_linear"].problem
    assert told == "my_linear.py은(는) 심볼릭 링크입니다. 파일 자체를 제출하세요."


def test_which_of_two_files_counts_is_told(tmp_path: Path, course: Course) -> None:
    (tmp_path / "my_linear.py").write_text(GOOD)
    book = '{"nbformat": 4, "cells": [{"cell_type": "code", "source": "x = 2"}]}'
    (tmp_path / "my_linear.ipynb").write_text(book)
    source = read(tmp_path, course).sources["my_linear"]
    assert source.text == GOOD
    [note] = source.notes
    assert note.startswith("my_linear.py was graded. `my_linear.ipynb` could have been it")
    (tmp_path / "my_linear.ipynb").write_text(book.replace("x = 2", "x = 1\\n"))
    assert read(tmp_path, course).sources["my_linear"].notes == ()


def test_a_file_whose_name_is_nearly_right(tmp_path: Path, course: Course) -> None:
    file = tmp_path / "My_Linear copy.py"
    file.write_text(GOOD)
    assert list(read(file, course).sources) == ["my_linear"]
    assert list(read(tmp_path, course).sources) == ["my_linear"]


def test_a_file_that_is_gone_names_what_brings_it_back(tmp_path: Path, course: Course) -> None:
    with pytest.raises(SubmissionError, match="`grader reset my_linear`"):
        read(tmp_path, course, "my_linear")
