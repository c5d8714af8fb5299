"""What is known of a hand-in before it is read."""

from __future__ import annotations

from pathlib import Path

from grader.classroom.handin.hand_in import HandIn, composed, nobody


def test_a_name_from_macos_is_the_name_on_the_roster() -> None:
    apart = "Jose\u0301 \u1100\u1175\u11b7"  # é, and 김 as three letters
    assert composed(apart) == "José 김"
    assert composed("José 김") == "José 김"


def test_a_hand_in_tells_nothing_that_its_layout_does_not() -> None:
    plain = HandIn(("ada",), Path("ada"))
    assert (plain.files, plain.when, plain.late, plain.numbered, plain.notes) == (
        {},
        None,
        False,
        0,
        (),
    )
    assert not nobody(["ada"])
