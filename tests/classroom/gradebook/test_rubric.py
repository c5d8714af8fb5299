"""Rubric items: used again, renamed with all their uses, and added up exactly."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.classroom.gradebook.reader import Gradebook, open_gradebook
from grader.classroom.gradebook.rubric import (
    RubricChange,
    add_item,
    change_item,
    give_item,
    item_versions,
    items_on_earlier,
    rubric_items,
)
from grader.classroom.gradebook.settings import GradebookSettings, write_settings
from grader.errors import ChangedMeanwhileError, GradebookError
from tests.gradebooks import graded, small_gradebook


def halves(gradebook: Gradebook) -> None:
    write_settings(gradebook, GradebookSettings(half_points=True))


def scores(gradebook: Gradebook) -> list[float | None]:
    return [gradebook.record(student).score for student in ("ada", "bob")]


def test_an_item_is_renamed_and_pointed_anew_with_all_its_uses(gradebook: Gradebook) -> None:
    halves(gradebook)
    graded(gradebook, "ada", "a", 4)
    graded(gradebook, "bob", "b", 8)
    item = add_item(gradebook, "no docstring", -0.5, who="me", exercise="my_linear")
    for student in ("ada-l", "bob", "bob"):
        assert give_item(gradebook, student, item.number, who="you").number == item.number
    assert scores(gradebook) == [3.5, 7.5]
    change = RubricChange(text="no docstrings", points=-1)
    changed = change_item(gradebook, item.number, change, who="you", seen=1)
    assert (changed.version, changed.uses, changed.exercise) == (2, 2, "my_linear")
    assert scores(gradebook) == [3, 7]
    assert repr(scores(gradebook)) == "[3, 7]"
    [given] = gradebook.record("bob").rubric
    assert (given.exercise, given.points, given.why) == ("my_linear", -1, "no docstrings")
    assert (given.who, given.item) == ("you", item.number)
    give_item(gradebook, "bob", item.number, who="me", given=False)
    assert scores(gradebook) == [3, 8]
    assert [each.uses for each in rubric_items(gradebook)] == [1]
    versions = item_versions(gradebook, item.number)
    assert [(each.text, each.points, each.who) for each in versions] == [
        ("no docstring", -0.5, "me"),
        ("no docstrings", -1, "you"),
    ]
    told = [event.text for event in gradebook.history("bob") if event.kind == "rubric"]
    assert told[0].startswith(f"item {item.number} given by you: -1 in my_linear")
    assert told[1].startswith(f"item {item.number} taken back by me")


def test_who_has_not_seen_what_it_says_is_told(gradebook: Gradebook) -> None:
    item = add_item(gradebook, "style", -1, who="me")
    change_item(gradebook, item.number, RubricChange(points=-5), who="you", seen=1)
    with pytest.raises(ChangedMeanwhileError, match=r"you has changed .* style \(-5\)"):
        change_item(gradebook, item.number, RubricChange(text="x"), who="me", seen=1)
    with pytest.raises(ChangedMeanwhileError, match=r"\(-5\)"):
        give_item(gradebook, "ada", item.number, who="me", seen=1)
    assert gradebook.record("ada").rubric == ()
    give_item(gradebook, "ada", item.number, who="me", seen=2)
    give_item(gradebook, "ada", item.number, who="you", seen=2)
    assert len(gradebook.record("ada").rubric) == 1


def test_a_retired_item_stays_with_who_has_it(sqlite_gradebook: Gradebook) -> None:
    item = add_item(sqlite_gradebook, "kind", 1, who="me")
    give_item(sqlite_gradebook, "ada", item.number, who="me")
    change_item(sqlite_gradebook, item.number, RubricChange(retired=True), who="me")
    assert rubric_items(sqlite_gradebook) == []
    assert [each.uses for each in rubric_items(sqlite_gradebook, with_retired=True)] == [1]
    assert scores(sqlite_gradebook) == [1, None]
    give_item(sqlite_gradebook, "ada", item.number, who="me")
    with pytest.raises(GradebookError, match="is retired"):
        give_item(sqlite_gradebook, "bob", item.number, who="me")


def test_another_hand_in_has_an_item_of_the_one_before(sqlite_gradebook: Gradebook) -> None:
    graded(sqlite_gradebook, "ada", "one", 4)
    item = add_item(sqlite_gradebook, "style", -1, who="me")
    give_item(sqlite_gradebook, "ada", item.number, who="me")

    def found(counting: int | None) -> dict[str, list[int]]:
        return sqlite_gradebook.write(lambda s: items_on_earlier(s, {"ada": counting}))

    assert found(1) == {}
    assert found(2) == {"ada": [item.number]}


@pytest.mark.parametrize(
    ("text", "points", "exercise", "told"),
    [
        (" ", 1, "", "A rubric item needs a text"),
        ("x", 0.5, "", "half_points = true"),
        ("x", 0.3, "", "whole or half"),
        ("x", 1, "losses", "no exercise 'losses'"),
    ],
)
def test_an_item_that_is_none(
    sqlite_gradebook: Gradebook, text: str, points: float, exercise: str, told: str
) -> None:
    with pytest.raises(GradebookError, match=told):
        add_item(sqlite_gradebook, text, points, who="me", exercise=exercise)
    item = add_item(sqlite_gradebook, "good", 0, who="me")
    change = RubricChange(text=text, points=points, exercise=exercise)
    with pytest.raises(GradebookError, match=told):
        change_item(sqlite_gradebook, item.number, change, who="me")
    assert [each.version for each in rubric_items(sqlite_gradebook)] == [1]


def test_a_number_that_is_none(sqlite_gradebook: Gradebook) -> None:
    for call in (
        lambda: give_item(sqlite_gradebook, "ada", 9, who="me"),
        lambda: change_item(sqlite_gradebook, 9, RubricChange(text="x"), who="me"),
        lambda: item_versions(sqlite_gradebook, 9),
    ):
        with pytest.raises(GradebookError, match="no rubric item 9"):
            call()


def test_points_of_all_kinds_add_up(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Whatever is given and taken back in whatever order, the score is the sum of what holds, and never noise."""
    steps = st.lists(
        st.tuples(st.integers(0, 2), st.booleans(), st.integers(-9, 9)), min_size=1, max_size=6
    )
    book = tmp_path_factory.mktemp("rubric") / "grades.db"
    with small_gradebook(book) as opened:
        halves(opened)
        graded(opened, "ada", "a", 10)
        items = [add_item(opened, f"item {each}", 0, who="me").number for each in range(3)]

    @given(steps)
    @settings(max_examples=4, deadline=None)
    def tried(steps: list[tuple[int, bool, int]]) -> None:
        with open_gradebook(book) as opened:
            by_hand = opened.record("ada").by_hand
            before = {given.item: given.points for given in opened.record("ada").rubric}
            worth = {item.number: item.points for item in rubric_items(opened)}
            has = dict.fromkeys(items, False) | dict.fromkeys(filter(None, before), True)
            other = by_hand - sum(before.values())
            for at, given_now, points in steps:
                item = items[at]
                change_item(opened, item, RubricChange(points=points / 2), who="me")
                give_item(opened, "ada", item, who="me", given=given_now)
                worth[item], has[item] = points / 2, given_now
                if points:
                    opened.adjust("ada", points / 2, why="x", who="me")
                    other += points / 2
            record = opened.record("ada")
            expected = 10 + other + sum(worth[each] for each in items if has[each])
            assert record.score == max(0, expected)
            assert ".0" not in str(record.score)

    tried()


def test_of_several_changes_at_the_same_moment_one_is_first(
    gradebook: Gradebook, where: str
) -> None:
    item = add_item(gradebook, "style", -1, who="me")

    def change(number: int) -> bool:
        with open_gradebook(where) as own:
            try:
                points = RubricChange(points=-number)
                change_item(own, item.number, points, who=f"grader {number}", seen=1)
            except ChangedMeanwhileError:
                return False
        return True

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(change, range(2, 6))) == 1
    assert [each.version for each in item_versions(gradebook, item.number)] == [1, 2]
