"""A submission from a path that a student or an instructor names: one file, or a student's folder."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from ..course.catalog import Course
from ..errors import SubmissionError
from ..language import _
from ..text import clean, listed
from .files import ListedFiles, TopFiles
from .search import Answer, find_answers, nearly_exercise_of, on_one_line, read_source
from .submission import Source, Submission


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
    name = names[0] if names else nearly_exercise_of(path.name, course.names) or path.stem
    if name not in course.names:
        sentence = _(
            "{path} is not named after an exercise. Say which one it is: "
            "`grader check NAME --from {path}` with a NAME of {names}."
        )
        raise SubmissionError(sentence.format(path=shown, names=", ".join(course.names)))
    source = read_source(ListedFiles({str(path): path}), str(path))
    return Submission(shown, {name: source}, (name,))


def _told_of_others(answer: Answer) -> Source:
    """The answer's source, with a note where another file could have been it."""
    if not answer.others:
        return answer.source
    shown = [on_one_line(path, 80) for path in answer.others]
    note = _("{file} was graded. {names} could have been it as well, and says something else.")
    note = note.format(file=on_one_line(answer.path, 80), names=listed(shown))
    return replace(answer.source, notes=(*answer.source.notes, note))


def _read_folder(folder: Path, course: Course, names: Sequence[str]) -> Submission:
    wanted = tuple(names) or course.names
    answers = find_answers(TopFiles(folder), course, wanted)
    if not answers:
        sentence = _(
            "{path} holds no exercise to grade: expected a file such as {name}.py, {name}.ipynb or "
            "exercises/{name}.py. `grader list` shows the names."
        )
        told = sentence.format(path=clean(str(folder)), name=wanted[0])
        if names:
            told += " " + _("`grader reset {name}` writes the stub anew.").format(name=wanted[0])
        else:
            told += " " + _("`grader init work` makes a folder with all of them.")
        raise SubmissionError(told)
    sources = {name: _told_of_others(answer) for name, answer in answers.items()}
    return Submission(clean(str(folder)), sources, tuple(names) or tuple(sources))
