"""What was written by hand, as it is read for many at once: to each student what is theirs."""

from __future__ import annotations

from sqlalchemy.orm import Session

from grader.classroom.gradebook.comments import add_comment
from grader.classroom.gradebook.enrolment import enrol
from grader.classroom.gradebook.hand_marks import adjustments_of, comments_of, mark_events
from grader.classroom.gradebook.reader import Gradebook
from grader.classroom.gradebook.regrade_requests import ask_for_regrade
from grader.classroom.gradebook.rubric import RubricChange, add_item, change_item, give_item
from grader.classroom.handin.roster import RosterEntry
from grader.classroom.records import Enrolled


def test_to_each_student_what_is_theirs(gradebook: Gradebook) -> None:
    items = [add_item(gradebook, text, 1, who="me").number for text in ("one", "two")]
    give_item(gradebook, "bob", items[1], who="me")
    give_item(gradebook, "ada", items[0], who="me")
    give_item(gradebook, "ada", items[1], who="me")
    give_item(gradebook, "ada", items[0], who="me", given=False)
    gradebook.adjust("bob", -3, why="x", who="me")
    add_comment(gradebook, "bob", "hello", who="me")
    for each in items:
        change_item(gradebook, each, RubricChange(points=2), who="me")

    def read(session: Session) -> None:
        found = adjustments_of(session, ["ada", "bob"])
        assert [(each.points, each.item) for each in found["ada"]] == [(2, items[1])]
        assert [(each.points, each.item) for each in found["bob"]] == [(-3, None), (2, items[1])]
        assert [each.text for each in comments_of(session, ["ada", "bob"])["bob"]] == ["hello"]
        assert comments_of(session, ["ada"]) == {}
        assert adjustments_of(session, []) == {}
        kinds = [kind for _, kind, _ in mark_events(session, "ada")]
        assert kinds == ["rubric"] * 3

    gradebook.write(read)


def test_who_is_renamed_takes_everything_along(sqlite_gradebook: Gradebook) -> None:
    """Graded before there was a roster, and in it by another identifier."""
    enrol(sqlite_gradebook, None, [Enrolled("lovelace@x.org")])
    add_comment(sqlite_gradebook, "lovelace@x.org", "hello", who="me")
    item = add_item(sqlite_gradebook, "kind", 2, who="me")
    give_item(sqlite_gradebook, "lovelace@x.org", item.number, who="me")
    ask_for_regrade(sqlite_gradebook, "lovelace@x.org", "why?", who="me")
    enrol(sqlite_gradebook, [RosterEntry(Enrolled("4711", email="lovelace@x.org"))], [])
    record = sqlite_gradebook.record("4711")
    assert ([each.text for each in record.comments], record.by_hand) == (["hello"], 2)
    assert len(sqlite_gradebook.history("4711")) == 3
    assert sqlite_gradebook.check() == []
