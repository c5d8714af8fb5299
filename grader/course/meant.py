"""Which exercise somebody means who writes its name in another way: `MyLinear`, `./my_linear.py`, `my_liner`."""

from __future__ import annotations

import re
from difflib import SequenceMatcher, get_close_matches
from pathlib import PurePath

from ..errors import SubmissionError
from ..language import _
from .catalog import Course

_SUFFIXES = (".py", ".ipynb")
_CLOSE = 0.75  # of difflib's ratio: one or two letters of a name
_NEARER = 0.05  # one name may be a part of another: `optimizer` is nearer to one of them


def meant(course: Course, name: str) -> str:
    """The name of the exercise that `name` stands for.

    It may be the name of its file, be written with capitals or hyphens, be a class or a function that is asked for in
    one exercise alone, or be a letter or two from the name of one.

    Raises:
        SubmissionError: if it stands for none, or is the path of a file in another folder.
    """
    if name in course.names:
        return name
    path = PurePath(name)
    is_file = path.suffix in _SUFFIXES
    if is_file and path.parent != PurePath():
        sentence = _("{path} is a file in another folder. Name it so: `--from {path}`.")
        raise SubmissionError(sentence.format(path=name))
    written = path.stem if is_file else path.name
    snake = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", written).lower().replace("-", "_")
    asked_in = [each.name for each in course.exercises if written in each.entry_points]
    if snake in course.names:
        return snake
    if len(asked_in) == 1:
        return asked_in[0]
    alike = [each for each in course.names if each.replace("_", "") == snake.replace("_", "")]
    near = get_close_matches(snake, course.names, 2, _CLOSE)
    if len(alike) == 1 and snake.rstrip("_") not in course.names:
        return alike[0]
    if near and (len(near) == 1 or _ratio(snake, near[0]) - _ratio(snake, near[1]) > _NEARER):
        return near[0]
    sentence = _("There is no exercise {name!r}. `grader list` shows them: {names}.")
    raise SubmissionError(sentence.format(name=name, names=", ".join(near or course.names)))


def _ratio(written: str, name: str) -> float:
    return SequenceMatcher(None, name, written).ratio()
