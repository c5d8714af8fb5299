"""A preview waits, is replaced or accepted; its fingerprint tells what counted and what would."""

from __future__ import annotations

from dataclasses import replace

import pytest

from grader.classroom.gradebook.enrolment import enrol
from grader.classroom.gradebook.identities import rename
from grader.classroom.gradebook.late import LatePolicy
from grader.classroom.gradebook.previews import (
    Preview,
    waiting_preview,
    what_counts,
    what_would_count,
    write_accepted,
    write_preview,
)
from grader.classroom.gradebook.reader import Gradebook
from grader.classroom.gradebook.scratch import copied
from grader.classroom.gradebook.settings import GradebookSettings, write_settings
from grader.classroom.records import Enrolled
from tests.gradebooks import NOON, graded

PREVIEW = Preview(NOON, "me", "f" * 64, {"ada": (3, 5), "bob": (None, 2)}, ("eve",))


def test_one_preview_waits_until_it_is_accepted(gradebook: Gradebook) -> None:
    assert waiting_preview(gradebook) is None
    write_preview(gradebook, PREVIEW)
    found = waiting_preview(gradebook)
    assert found == replace(PREVIEW, changes={"ada": [3, 5], "bob": [None, 2]})
    write_preview(gradebook, replace(PREVIEW, fingerprint="e" * 64))
    found = waiting_preview(gradebook)
    assert found
    assert found.fingerprint == "e" * 64
    # nothing is told of it before
    assert gradebook.history("ada") == []
    write_accepted(gradebook, "Prof. Noether")
    assert waiting_preview(gradebook) is None
    write_preview(gradebook, replace(PREVIEW, changes={}))
    write_accepted(gradebook, "another")
    rename(gradebook, "ada", "20260042", who="me", why="her number")
    told = [
        (event.kind, event.text, event.score)
        for name in ("20260042", "bob")
        for event in gradebook.history(name)
        if event.kind != "renamed"
    ]
    assert told == [
        ("accepted", "3 → 5, by a preview that Prof. Noether accepted", 5),
        ("accepted", "none → 2, by a preview that Prof. Noether accepted", 2),
    ]


@pytest.mark.parametrize("digest", [what_counts, what_would_count])
def test_all_that_counts_is_in_a_fingerprint(sqlite_gradebook: Gradebook, digest: object) -> None:
    assert callable(digest)
    book = sqlite_gradebook
    writer = graded(book, "ada", "one", 5)
    seen = {digest(book)}
    for change in (
        lambda: graded(book, "ada", "two", 5),
        lambda: graded(book, "ada", "two", 6, forced=True),
        lambda: writer.add_note("ada", "look"),
        lambda: enrol(book, None, [Enrolled("eve")]),
        lambda: write_settings(book, GradebookSettings(title="another")),
        lambda: write_settings(book, GradebookSettings(policy=LatePolicy(points=1))),
    ):
        change()
        assert digest(book) not in seen
        seen.add(digest(book))
    book.adjust("ada", 1, why="by hand", who="me")  # which no preview touches
    assert digest(book) in seen


def test_a_copy_has_the_same_fingerprints(gradebook: Gradebook) -> None:
    graded(gradebook, "ada", "one", 5).finish()
    with copied(gradebook) as copy:
        assert what_counts(copy) == what_counts(gradebook)
        assert what_would_count(copy) == what_would_count(gradebook)
        # rows that are written elsewhere have other numbers, and are of the same
        graded(copy, "bob", "one", 3).finish()
        graded(copy, "ada", "two", 7).finish()
        graded(gradebook, "ada", "two", 7).finish()
        graded(gradebook, "bob", "one", 3).finish()
        assert what_counts(copy) != what_counts(gradebook)
        assert what_would_count(copy) == what_would_count(gradebook)
