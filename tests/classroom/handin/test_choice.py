"""Who has handed in what, where one student's work may lie there more than once."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.classroom.handin.choice import choose, knows, require_known
from grader.classroom.handin.hand_in import HandIn
from grader.classroom.handin.roster import ID_LENGTH
from grader.classroom.handin.services import told_by_names
from grader.classroom.records import FORMERLY, Enrolled
from grader.errors import LayoutError
from tests.gradebooks import NOON

ADA = Enrolled("1", "Ada Lovelace", login="ada")


def lying(path: str, *aliases: str, **details: object) -> HandIn:
    return HandIn(aliases or (path,), Path(path), **details)  # type: ignore[arg-type]


def test_a_hand_in_goes_to_the_student_whom_it_names() -> None:
    chosen, new = choose([lying("ada"), lying("eve", name="Eve", email="e@x")], [ADA])
    assert {who: mine.hand_in.path.name for who, mine in chosen.items()} == {
        "1": "ada",
        "eve": "eve",
    }
    assert new == [Enrolled("eve", "Eve", "e@x")]
    assert {mine.notes for mine in chosen.values()} == {()}


def test_the_latest_counts_and_the_others_are_noted() -> None:
    late = lying("b", "ada", when=NOON + timedelta(hours=1))
    chosen, _ = choose([late, lying("a", "ada", when=NOON), lying("z", "ada")], [ADA])
    assert chosen["1"].hand_in == late
    assert chosen["1"].notes == ("b counts; there is also z, a.",)


def test_without_times_the_last_name_counts_in_any_order() -> None:
    several = [lying(name, "ada") for name in ("ada-1", "ada-3", "ada-2")]
    for order in (several, several[::-1]):
        assert choose(order, [ADA])[0]["1"].hand_in.path.name == "ada-3"


def test_files_are_named_rather_than_their_folder() -> None:
    one = lying("all", "ada", files={"losses": Path("all/ada_losses.py")})
    two = lying("ada-zip", "ada")
    [mine] = choose([one, two], [ADA])[0].values()
    assert mine.notes == ("ada_losses.py counts; there is also ada-zip.",) or mine.notes == (
        "ada-zip counts; there is also ada_losses.py.",
    )


def test_a_name_from_outside_is_cut_and_plain() -> None:
    chosen, [new] = choose([lying("x" * 400 + "\x1b[2J", name="E\x1bve")], [])
    assert list(chosen) == [new.id]
    assert len(new.id) <= ID_LENGTH
    assert new.id.isprintable()
    assert new.name.isprintable()


def moodle(number: str, name: str, kind: str = "file") -> HandIn:
    aliases = number, f"Participant {number}", name
    path = Path(f"{name}_{number}_assignsubmission_{kind}_")
    return HandIn(aliases, path, name=name, numbered=2)


def owner(hand_in: HandIn, *students: Enrolled) -> str:
    chosen, _ = choose([hand_in], students)
    return next(iter(chosen))


def test_what_holds_an_exercise_counts_before_what_is_later() -> None:
    early, late = lying("a", "ada", when=NOON), lying("b", "ada", when=NOON + timedelta(hours=1))
    [mine] = choose([late, early], [ADA], lambda each: each is early)[0].values()
    assert (mine.hand_in, mine.notes) == (early, ("a counts; there is no exercise in b.",))
    [mine] = choose([late, early], [ADA], lambda each: False)[0].values()
    assert mine.hand_in == late


@pytest.mark.parametrize("counts", ["file", "onlinetext"])
def test_of_online_text_and_files_what_holds_exercises_counts(counts: str) -> None:
    both = [moodle("5", "Ada Lovelace", kind) for kind in ("file", "onlinetext")]
    for order in (both, both[::-1]):
        [mine] = choose(order, [ADA], lambda each: counts in each.path.name)[0].values()
        assert counts in mine.hand_in.path.name
        assert bool(mine.notes) == (counts == "onlinetext")  # a greeting is nothing to look at
        [mine] = choose(order, [ADA])[0].values()
        assert "counts; there is also" in mine.notes[0]


def test_a_number_of_the_service_is_that_of_its_own_roster() -> None:
    for identifier in ("5000", "Participant 5000"):
        assert owner(moodle("5000", "Ada Lind"), Enrolled(identifier, "Ada Lind")) == identifier


@given(st.permutations(["Ada", "van", "Lind"]), st.booleans())
def test_a_name_that_one_student_has_is_enough(words: list[str], comma: bool) -> None:
    name = f"{words[0]}, {' '.join(words[1:])}" if comma else " ".join(words).upper()
    assert owner(moodle("5000", "Ada van Lind"), Enrolled("1", name), Enrolled("2", "Bob")) == "1"
    assert owner(lying("Ada van Lind"), Enrolled("1", name), Enrolled("2", "Bob")) == "1"


@pytest.mark.parametrize("listed", ["김민준", "김, 민준", "민준 김"])
def test_a_korean_name_may_be_written_in_one_word_and_either_way(listed: str) -> None:
    student = Enrolled("20260008", listed)
    assert owner(moodle("5007", "민준 김"), student) == "20260008"
    assert owner(moodle("5007", "김민준"), student) == "20260008"
    assert owner(moodle("5007", "김준민"), student) == "5007"


def test_a_name_that_two_have_is_nobodys() -> None:
    two = Enrolled("1", "Ada Lind"), Enrolled("2", "Ada Lind")
    for hand_in in (
        moodle("5000", "Ada Lind"),
        lying("Ada Lind"),
        lying("lindada", "70000", "lindada"),
    ):
        chosen, [new] = choose([hand_in], two)
        assert list(chosen) == [new.id]
        assert chosen[new.id].notes[0].startswith("2 students (1, 2) have the name of")
    # the number knows better
    assert owner(moodle("2", "Ada Lind"), *two) == "2"


def test_a_number_of_one_and_a_name_of_another_are_not_guessed() -> None:
    students = Enrolled("1", "Bob Berg"), Enrolled("2", "Ada Lind")
    with pytest.raises(
        LayoutError,
        match=r"number 1 is that of 1 \(Bob Berg\), and the name that of 2 \(Ada Lind\)",
    ):
        owner(moodle("1", "Ada Lind"), *students)
    assert owner(moodle("2", "Ada Lind"), *students) == "2"


@pytest.mark.parametrize("name", ["visitorvera", "Bob Ray"])
def test_a_number_that_was_merged_by_hand_is_that_students_whatever_its_name_is(name: str) -> None:
    ada = Enrolled("70000", "Lind, Ada", ids=((FORMERLY, "70055"),))
    bob = Enrolled("70001", "Ray, Bob")
    own = HandIn(("70000", "lindada"), Path("a"), name="lindada", numbered=1)
    other = HandIn(("70055", name), Path("b"), name=name, numbered=1)
    chosen, new = choose([own, other], [ada, bob])
    assert new == []
    assert list(chosen) == ["70000"]
    assert chosen["70000"].hand_in == own  # without times, what has her own identifier
    later = replace(other, when=NOON)
    assert (
        choose([later, replace(own, when=NOON - timedelta(1))], [ada])[0]["70000"].hand_in == later
    )
    chosen, new = choose([other], [Enrolled("70055", "Eve, Eve"), ada])
    assert "70000" not in chosen  # who has the identifier now, has it


def test_nobody_on_the_roster_stops_with_an_example_of_each_side() -> None:
    roster = [Enrolled("1", "Ada", login="ada-l"), Enrolled("2", "Bob")]
    stranger = Enrolled("5000", "Eve")
    with pytest.raises(
        LayoutError, match=r"0 of the 1 .* roster of 2\. .*5000 \(Eve\).* 1 \(Ada, ada-l\)\. .*--id"
    ):
        require_known(["5000"], [stranger], roster, True)
    require_known(["5000"], [stranger], roster, False)
    require_known(["5000", "2"], [stranger], roster, True)
    require_known(["5000"], [stranger], [], True)
    # who was graded before without standing on the roster is graded again
    known = Enrolled("5000", "Eve", on_roster=False)
    require_known(["5000"], [], [*roster, known], True)
    with pytest.raises(LayoutError):
        require_known(["5000", "6000"], [Enrolled("6000")], [*roster, known], True)


def test_who_is_known() -> None:
    assert knows([ADA])(["x", "ada"])
    assert not knows([ADA])(["x"])
    assert not knows([])(["ada"])


def test_a_number_that_is_another_ones_in_this_roster_gives_nobodys_points_away() -> None:
    bob = Enrolled("1", "Bob Berg")
    chosen, [new] = choose([moodle("1", "Ada Lind")], [bob])
    assert list(chosen) == [new.id] == ["Participant 1"]
    assert chosen[new.id].notes == (
        "The number 1 is that of 1 (Bob Berg) on the roster, who has another name.",
    )
    # a part of the name is enough, as are other letters and no name
    for name in ("Robert Berg", "김민준", ""):
        assert owner(moodle("1", "Bob Berg"), Enrolled("1", name)) == "1"
    canvas = HandIn(("70000", "lindada"), Path("lindada_70000_1_x.py"), name="lindada", numbered=1)
    assert owner(canvas, Enrolled("70000", "Lind, Ada M.")) == "70000"


def test_a_folder_around_the_class_is_no_student_of_a_number() -> None:
    """A repository `lab-ada` is Ada's, but a folder `lab-1` may hold the class of student 1."""
    known = knows([Enrolled("1", "Ada Lind", "ada@x.org", login="ada")])
    assert [known([name]) for name in ("1", "ADA", "ada@x.org", "Lind, Ada")] == [True] * 4
    assert [known([name]) for name in ("lab-1", "lab-ada", "ad", "Lind", "")] == [False] * 5


def test_a_moodle_group_before_a_name_is_no_part_of_it() -> None:
    ada, jean = Enrolled("1", "Ada Lind"), Enrolled("2", "Jean-Luc Picard")
    kim, park = Enrolled("3", "김민준"), Enrolled("4", "Lee Park", login="park")
    names = ["Group A-Ada Lind", "Jean-Luc Picard", "Lab-1-Jean-Luc Picard", "1조-김민준"]
    for name, student in zip(names, (ada, jean, jean, kim), strict=True):
        assert owner(moodles(name), ada, jean, kim, park) == student.id
    # half of a family's name is nobody's
    assert owner(moodles("Anna Kim-Park"), ada, jean, kim, park) == "5000"


def moodles(name: str) -> HandIn:
    file = f"{name}_5000_assignsubmission_file_"
    [by_name] = told_by_names([file]).values()
    return HandIn(by_name.aliases, Path(file), name=by_name.name, numbered=by_name.numbered)


def test_the_end_of_a_login_is_not_another_one_s() -> None:
    smith = Enrolled("1", login="smith")
    class_ = [smith, Enrolled("2", login="ada"), Enrolled("3", login="bob")]
    john = lying("lab-1-john-smith")
    chosen, _ = choose([john, lying("lab-1-ada"), lying("lab-1-bob")], class_)
    assert sorted(chosen) == ["2", "3", "lab-1-john-smith"]
    chosen, _ = choose([lying("john-smith"), lying("ada"), lying("bob")], class_)
    assert sorted(chosen) == ["2", "3", "john-smith"]
    # where the classroom's own prefix is known, one alone is enough to see it
    whole = lying("lab-1-john-smith", "john-smith", "lab-1-john-smith", whole=True)
    assert owner(whole, *class_) == "john-smith"
    assert owner(lying("x", "smith-1", "lab-1-smith-1", whole=True), *class_) == "1"
    assert owner(lying("lab-1-smith"), *class_) == "1"


def test_an_identifier_and_the_name_together_are_one_student() -> None:
    kim, other = Enrolled("20260042", "김민준"), Enrolled("20260043", "김민준")
    ada = Enrolled("7", "Lind, Ada", login="ada")
    for name in ("20260042_김민준", "김민준(20260042)", "20260042 김민준 lab1"):
        assert owner(lying(name), kim, other, ada) == "20260042"
    assert owner(lying("Ada Lind (7)"), kim, other, ada) == "7"
    # one of them alone, or those of two, name nobody
    for name in ("lab 7", "7 Bob", "20260043 Ada Lind", "20260042 20260043 김민준", "ada_smith"):
        assert owner(lying(name), kim, other, ada) == name
