"""What the names of files and folders tell, as four services write them."""

from __future__ import annotations

from datetime import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.classroom.handin.services import told_by_names


@pytest.mark.parametrize(
    ("name", "aliases", "file"),
    [
        ("Ada Lind_5000_assignsubmission_file_", ("5000", "Participant 5000", "Ada Lind"), ""),
        ("Ada Lind_5000_assignsubmission_file", ("5000", "Participant 5000", "Ada Lind"), ""),
        ("Participant_5000_assignsubmission_file_x.py", ("5000", "Participant 5000"), "x.py"),
        (
            "Ada_1_assignsubmission_file_Bob_2_assignsubmission_file_x.py",
            ("1", "Participant 1", "Ada"),
            "Bob_2_assignsubmission_file_x.py",
        ),
        ("lindada_70000_1_my_linear-1.py", ("70000", "lindada"), "my_linear.py"),
        ("lindada_LATE_70000_1_my_linear.py", ("70000", "lindada"), "my_linear.py"),
        ("lindada_70000_1_LATE_my_linear-1.py", ("70000", "lindada"), "my_linear.py"),
        ("anon_Ks1qR_1_my_linear.py", ("Ks1qR", "anon"), "my_linear.py"),
        ("Lab 1_ada_attempt_2026-11-20-13-00-00_x_1.py", ("ada",), "x_1.py"),
        ("12-34 - Ada Lind - Nov 20, 2026 130 PM", ("12", "Ada Lind"), ""),
        ("12-34 - Jean-Luc Picard - 20 November, 2026 1330", ("12", "Jean-Luc Picard"), ""),
        (
            "12-34 - Ada Lind- Nov 20, 2026 130 PM - my_linear.py",
            ("12", "Ada Lind"),
            "my_linear.py",
        ),
    ],
)
def test_a_name_tells_whose_it_is(name: str, aliases: tuple[str, ...], file: str) -> None:
    [told] = told_by_names([name]).values()
    assert (told.aliases, told.file) == (aliases, file)
    assert told.late == ("LATE" in name)


def test_times_are_of_this_machines_zone() -> None:
    wanted = datetime(2026, 11, 20, 13, 30).astimezone()
    names = [
        "Lab 1_ada_attempt_2026-11-20-13-30-00_x.py",
        "12-34 - Ada - Nov 20, 2026 130 PM",
        "12-34 - Ada - November 20, 2026 1:30 PM",
        "12-34 - Ada - 20 Nov, 2026 1330",
    ]
    assert {told.when for told in told_by_names(names).values()} == {wanted}
    [midnight] = told_by_names(["12-34 - Ada - Nov 20, 2026 1230 AM"]).values()
    assert midnight.when == datetime(2026, 11, 20, 0, 30).astimezone()


def test_a_time_that_is_none_is_told() -> None:
    [told] = told_by_names(["12-34 - Ada - 2026 11월 20일 오후 1시"]).values()
    assert told.when is None
    assert "not known when" in told.notes[0]


def test_blackboards_logins_and_assignments_may_have_underlines() -> None:
    names = [f"Lab_1_{login}_attempt_2026-11-20-13-00-00_x.py" for login in ("a_lind", "a_berg")]
    receipts = [name.replace("_x.py", ".txt") for name in names]

    def read(name: str) -> str:
        login = "a_lind" if "lind" in name else "a_berg"
        return f"\ufeffName: A Person ({login})\n"

    told = told_by_names(names + receipts, read)
    assert [told[name].aliases[0] for name in names] == ["a_lind", "a_berg"]
    assert told[names[0]].hand_in == told[receipts[0]].hand_in
    assert (told[receipts[0]].receipt, told[names[0]].receipt) == (True, False)
    # without receipts, what all names begin with is the assignment's
    others = [name.replace("a_berg", "bob") for name in names]
    assert [each.aliases[0] for each in told_by_names(others).values()] == ["a_lind", "bob"]
    # a student's own text is no receipt of somebody else
    told = told_by_names(names + receipts, lambda name: "Name: Eve (eve)\n")
    assert "eve" not in {each.aliases[0] for each in told.values()}


def test_brightspace_numbers_the_student_or_the_assignment_first() -> None:
    for names in (
        ["7-1 - Ada - Nov 20, 2026 130 PM", "7-2 - Bob - Nov 20, 2026 130 PM"],
        ["1-7 - Ada - Nov 20, 2026 130 PM", "2-7 - Bob - Nov 20, 2026 130 PM"],
    ):
        assert [each.aliases[0] for each in told_by_names(names).values()] == ["1", "2"]


def test_a_name_twice_in_one_hand_in_keeps_both_files() -> None:
    names = ["lindada_7_9_x-1.py", "lindada_7_10_x.py", "lindada_8_1_x.py"]
    assert [each.file for each in told_by_names(names).values()] == [
        "earlier/lindada_7_9_x-1.py/x.py",
        "x.py",
        "x.py",
    ]


@pytest.mark.parametrize(
    "name", ["ada", "ada_my_linear.py", "my_linear.py", "lab-1-ada", "2026-11-20 - notes"]
)
def test_other_names_tell_nothing(name: str) -> None:
    assert told_by_names([name]) == {}


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.text("ab_-1 ")
        | st.sampled_from(["x_attempt_2026-99-99-00-00-00.txt", "_1_assignsubmission_file_"]),
        unique=True,
    )
)
def test_any_names_tell_a_student_or_nothing(names: list[str]) -> None:
    told = told_by_names(names, lambda name: name)
    assert told.keys() <= {*names}
    for each in told.values():
        assert all(each.aliases)
    files = [(each.hand_in, each.file) for each in told.values() if each.file]
    assert len({*files}) == len(files)
