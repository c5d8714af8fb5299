"""What was handed in comes back with its text: what counts, and some of what was there before."""

from __future__ import annotations

from datetime import timedelta

from grader.classroom.gradebook.hand_ins import MOST
from grader.classroom.gradebook.reader import Gradebook
from grader.classroom.gradebook.writer import GradebookWriter
from grader.classroom.records import HandedIn
from tests.gradebooks import NOON, graded, received, submitted


def of(gradebook: Gradebook, student: str = "ada") -> list[HandedIn]:
    return list(gradebook.record(student, texts=True).hand_ins)


def texts(several: list[HandedIn]) -> list[str]:
    return [each.files["my_linear"].cells[0][1] for each in several if each.files]


def test_the_newest_comes_first_with_its_result(sqlite_gradebook: Gradebook) -> None:
    graded(sqlite_gradebook, "ada", "first", 3)
    writer = GradebookWriter.begin(sqlite_gradebook, {}, False)
    received(writer, "ada", submitted("second", NOON + timedelta(hours=1)), "key")
    found = of(sqlite_gradebook)
    assert texts(found) == ["second", "first"]
    assert [(each.counts, each.score, each.max_score) for each in found] == [
        (True, None, None),
        (False, 3, 10),
    ]
    assert found[1].when == NOON
    assert found[1].commit == "c0ffee"
    assert found[1].files["my_linear"].filename == "my_linear.py"
    assert of(sqlite_gradebook, "bob") == []


def test_the_same_text_twice_is_told_once(sqlite_gradebook: Gradebook) -> None:
    writer = GradebookWriter.begin(sqlite_gradebook, {}, False)
    for hours, text in enumerate(["a", "b", "a"]):
        received(writer, "ada", submitted(text, NOON + timedelta(hours=hours)), text)
    found = of(sqlite_gradebook)
    assert texts(found) == ["a", "b"]
    assert [each.counts for each in found] == [True, False]


def test_what_counts_is_there_even_if_it_is_old(sqlite_gradebook: Gradebook) -> None:
    writer = GradebookWriter.begin(sqlite_gradebook, {}, False)
    for hours in range(1, MOST + 4):
        received(writer, "ada", submitted(str(hours), NOON + timedelta(hours=hours)), str(hours))
    received(writer, "ada", submitted("old"), "old")
    found = of(sqlite_gradebook)
    assert texts(found) == [*map(str, range(MOST + 3, 3, -1)), "old"]
    assert [each.counts for each in found] == [False] * MOST + [True]


def test_nobody_reads_texts_who_did_not_ask(sqlite_gradebook: Gradebook) -> None:
    graded(sqlite_gradebook, "ada", "first", 3)
    assert {record.hand_ins for record in sqlite_gradebook.records()} == {()}
    by_name = {
        record.student.id: texts(list(record.hand_ins))
        for record in sqlite_gradebook.records(texts=True)
    }
    assert by_name == {"bob": [], "ada": ["first"]}


def test_the_file_that_counts_is_the_records(sqlite_gradebook: Gradebook) -> None:
    graded(sqlite_gradebook, "ada", "first", 3)
    record = sqlite_gradebook.record("ada", texts=True)
    assert record.files["my_linear"].cells == (("my_linear.py", "first"),)
    assert sqlite_gradebook.record("ada").files == {}
