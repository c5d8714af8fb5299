"""Who has handed in what, where one student's work may lie there more than once."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from grader.classroom.handin.choice import choose
from grader.classroom.handin.hand_in import HandIn
from grader.classroom.handin.roster import ID_LENGTH
from grader.classroom.records import Enrolled
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
