"""Which exercise is meant by a name that somebody wrote in another way."""

from __future__ import annotations

import pytest

from grader.course.catalog import load_course
from grader.course.meant import meant
from grader.errors import SubmissionError

COURSE = load_course()


@pytest.mark.parametrize("name", COURSE.names)
def test_every_way_to_write_a_name_finds_it(name: str) -> None:
    capitals = "".join(part.capitalize() for part in name.split("_"))
    letters_swapped = name[:-2] + name[-1] + name[-2]
    for written in (
        name,
        f"{name}.py",
        f"./{name}.py",
        f"{name}.ipynb",
        name.upper(),
        capitals,
        name.replace("_", "-"),
        letters_swapped,
        # `bug_hunt_` may stand for either
        *([] if name[:-1].rstrip("_") in COURSE.names else [name[:-1]]),
    ):
        assert meant(COURSE, written) == name, written


def test_what_is_asked_for_in_one_exercise_alone_stands_for_it() -> None:
    assert meant(COURSE, "MySGD") == "optimizers"
    assert meant(COURSE, "LR") == "logistic_regression"


@pytest.mark.parametrize("name", ["", "no_such", "linear_algebra", "/", ".", "my", "bug_hunt_"])
def test_what_stands_for_none_is_refused(name: str) -> None:
    with pytest.raises(SubmissionError, match="`grader list` shows them: "):
        meant(COURSE, name)


def test_a_file_in_another_folder_is_not_taken_for_the_one_in_this() -> None:
    with pytest.raises(SubmissionError, match=r"--from other/my_linear\.py"):
        meant(COURSE, "other/my_linear.py")
