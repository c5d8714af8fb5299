"""A submission from a path that a student or an instructor names: one file, or a student's folder."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from ..course.catalog import Course
from ..errors import SubmissionError
from ..language import _
from ..text import clean
from .files import ListedFiles, TopFiles
from .search import find_answers, read_source
from .submission import Submission


def read_submission(path: Path, course: Course, names: Sequence[str] = ()) -> Submission:
    """Reads a file, or a folder that holds `<name>.py`, `<name>.ipynb`, or either in `exercises/`.

    Args:
        names: the exercises to read; without any, every exercise that is found. One that is named and not found is
            in `wanted` and not in `sources`.

    Raises:
        SubmissionError: if a name is unknown, the path does not exist, or nothing to grade is there.
    """
    course.require(names)
    if path.is_dir():
        return _read_folder(path, course, names)
    if not os.path.lexists(path):
        sentence = _("{path} does not exist. Give a file or a folder with `--from`.")
        raise SubmissionError(sentence.format(path=clean(str(path))))
    return _read_file(path, course, names)


def _read_file(path: Path, course: Course, names: Sequence[str]) -> Submission:
    shown = clean(str(path))
    if len(names) > 1:
        sentence = _("{path} is one file, so name one exercise, or give the folder with `--from`.")
        raise SubmissionError(sentence.format(path=shown))
    name = names[0] if names else path.stem
    if name not in course.names:
        sentence = _(
            "{path} is not named after an exercise. Say which one it is: "
            "`grader check NAME --from {path}` with a NAME of {names}."
        )
        raise SubmissionError(sentence.format(path=shown, names=", ".join(course.names)))
    source = read_source(ListedFiles({str(path): path}), str(path))
    return Submission(shown, {name: source}, (name,))


def _read_folder(folder: Path, course: Course, names: Sequence[str]) -> Submission:
    wanted = tuple(names) or course.names
    answers = find_answers(TopFiles(folder), course, wanted)
    if not answers:
        sentence = _(
            "{path} holds no exercise to grade: expected a file such as {name}.py, {name}.ipynb or "
            "exercises/{name}.py. `grader list` shows the names."
        )
        raise SubmissionError(sentence.format(path=clean(str(folder)), name=wanted[0]))
    sources = {name: answer.source for name, answer in answers.items()}
    return Submission(clean(str(folder)), sources, tuple(names) or tuple(sources))
