"""Similar submissions: planted copies stand out, honest right answers do not."""

from __future__ import annotations

import json
from random import Random
from typing import Any

import numpy as np
import pytest

from grader.classroom.records import Enrolled
from grader.classroom.report.pseudonyms import Pseudonyms
from grader.classroom.similarity import pairs
from grader.classroom.similarity.fingerprint import K, fingerprint_of
from grader.classroom.similarity.pairs import (
    LONGEST,
    MOST_LINES,
    Comparison,
    Finding,
    Pair,
    PairTable,
    SharedCode,
    compare,
    most_shared,
    usual_limit,
)
from tests.copies import EXERCISES, SUBMISSIONS, Texts, disguised, honest, right, stubs, text_of


def found(students: list[Texts]) -> list[tuple[int, int]]:
    comparison = Comparison(stubs())
    for texts in students:
        comparison.add(texts)
    return [pair.students for pair in comparison.pairs()]


@pytest.mark.parametrize("size", [2, 3, 6, 9])
def test_honest_right_answers_are_not_told_of(size: int) -> None:
    assert found(honest(size)) == []


@pytest.mark.parametrize("exercise", EXERCISES)
def test_right_answers_to_one_exercise_are_not_told_of(exercise: str) -> None:
    assert found([{exercise: text} for text in right(exercise)]) == []


def test_the_class_that_answers_alike_is_not_told_of() -> None:
    """Sixty students with three answers among them: that many can have found the same."""
    assert found([honest(3)[at % 3] for at in range(60)]) == []


@pytest.mark.parametrize("source", range(6))
def test_a_disguised_copy_stands_out(source: int) -> None:
    students = honest()
    students.append({name: disguised(text) for name, text in students[source].items()})
    assert found(students) == [(source, 6)]


def test_a_copy_of_a_third_of_the_exercises_stands_out() -> None:
    students = honest()
    other = dict(students[5])
    for name in ("batching", "logistic_regression", "mlp_backward", "train_step", "folder_dataset"):
        other[name] = disguised(students[1][name])
    assert found([*students[:5], other]) == [(1, 5)]


def test_one_copied_exercise_is_enough_where_it_is_long() -> None:
    students = honest()
    other = {**students[5], "logistic_regression": disguised(students[2]["logistic_regression"])}
    assert found([*students[:5], other]) == [(2, 5)]


def test_three_who_share_are_three_pairs() -> None:
    students = honest()
    copies = [{name: disguised(text, at) for name, text in students[0].items()} for at in (1, 2)]
    assert sorted(found([*students, *copies])) == [(0, 6), (0, 7), (6, 7)]


def test_a_copy_in_a_class_of_near_copies() -> None:
    """Forty who all hand in variations of a few texts, often the same ones: only who shares all of them stands out."""
    random = Random(1)
    wrong = {
        name: [text_of(path) for path in sorted((SUBMISSIONS / name).glob("wrong/*.py"))]
        for name in EXERCISES
    }
    students = [
        {
            name: random.choice(wrong[name] if random.random() < 0.5 else right(name))
            for name in EXERCISES
        }
        for _ in range(40)
    ]
    assert found(students) == []
    assert found([*students, students[0]]) == [(0, 40)]


def test_the_stub_is_no_evidence() -> None:
    assert found([stubs() for _ in range(2)] + honest(4)) == []


def test_texts_that_cannot_be_read_are_counted() -> None:
    comparison = Comparison({})
    deep = "x = " + "(" * 150 + "1" + ")" * 150
    nested = "x = " + "-" * 3000 + "1"
    for text in ("def f(:", "\x00", deep, nested, "x = " + "[" * 5000):
        comparison.add({"one": text})
    assert comparison.students == 5
    assert comparison.unread >= 4
    assert comparison.pairs() == []


def test_the_line_rises_with_the_class_and_with_its_background() -> None:
    background = np.linspace(0.1, 10, 15)
    assert usual_limit(background, 6, 5) > background.max()
    assert usual_limit(2 * background, 6, 5) == pytest.approx(2 * usual_limit(background, 6, 5))
    assert usual_limit(background, 6, 5) < usual_limit(background, 6, 8)
    # copies do not move it: half as many pairs as students are no background
    assert usual_limit(np.array([*background[:-3], 900, 900, 900]), 6, 5) == usual_limit(
        background, 6, 5
    )
    assert usual_limit(background[:3], 100, 5) == 0


def test_the_line_goes_through_the_middle_and_through_the_highest_of_the_background() -> None:
    """Of six students' 15 pairs, 8 exceed 7 and 3 exceed 12: the median, and half as many pairs as students."""
    values = np.arange(1.0, 16.0)
    assert usual_limit(values, 6, np.log(2)) == pytest.approx(7)
    assert usual_limit(values, 6, np.log(2) + 1) == pytest.approx(12)


def compared(students: list[Texts], hide: Any = None) -> list[Finding]:
    people = [(str(at), f"Student {at}") for at in range(len(students))]
    keep = hide or (lambda _who, text: text)
    findings, _ = compare(people, lambda who: students[int(who)], stubs(), keep)
    return findings


def test_marked_lines_are_what_both_have() -> None:
    students = honest()
    students.append({name: disguised(text) for name, text in students[3].items()})
    [finding] = compared(students)
    assert finding.names == ("Student 3", "Student 6")
    data = json.loads(json.dumps(finding.data()))
    by_name = {name: (left, right) for name, _, left, right in data["exercises"]}
    left, right_side = by_name["train_step"]
    for side, text in ((left, students[3]["train_step"]), (right_side, students[6]["train_step"])):
        assert [shown for shown, _ in side] == text.rstrip("\n").split("\n") or side[-1][0] == ""
        marked = [shown for shown, mark in side if mark]
        assert len(marked) > 10
        assert not [shown for shown in marked if shown.startswith(("import ", "from "))]


def test_sources_are_shown_under_pseudonyms() -> None:
    students = honest()
    students[3] = {
        name: f"# by Ada Lovelace, lovelace1815\n{text}" for name, text in students[3].items()
    }
    students.append(dict(students[3]))
    people = [Enrolled(str(at), "Ada Lovelace", login="lovelace1815") for at in range(7)]
    hidden = Pseudonyms(b"k" * 32, people)
    [finding] = compared(students, lambda who, text: hidden.text(text, people[int(who)]))
    shown = json.dumps(finding.data()).casefold()
    assert "lovelace" not in shown
    assert hidden.of(people[3]) in shown


@pytest.mark.parametrize(("students", "most"), [(2, 5), (50, 5), (80, 8), (500, 50), (9000, 50)])
def test_rare_is_what_a_tenth_of_the_class_has(students: int, most: int) -> None:
    assert most_shared(students) == most


def test_nobody_is_compared_with_nobody() -> None:
    assert compared([]) == []
    assert compared([{}]) == []
    assert compared([{}, {}]) == []
    assert compared(honest(1)) == []


def test_evidence_is_the_inverse_document_frequency() -> None:
    """A k-gram that d of n students have weighs ln(n / d) / k."""
    grams = {0: [1, 2, 3], 1: [2, 3, 4], 2: [3], 3: [3, 9]}
    table = PairTable({who: np.array(of, np.uint64) for who, of in grams.items()}, 5)
    assert table.keys.tolist() == [1, 2, 3, 7, 8, 13]  # all share the 3, which all have
    two_of_four, one_of_four, four_of_four = np.log([2, 4, 1]) / K
    evidence = dict(zip(table.keys.tolist(), table.evidence_of(table.keys), strict=True))
    assert evidence[1] == pytest.approx(two_of_four + four_of_four)
    assert evidence[13] == four_of_four == 0
    # of either: both of one_of_four, and what they share once
    [either, *_] = table.either_of(table.keys)
    assert either == pytest.approx(2 * one_of_four + two_of_four)


def test_what_too_many_have_is_no_evidence() -> None:
    for students, expected in ((5, 10), (6, 0)):
        table = PairTable({who: np.array([7], np.uint64) for who in range(students)}, 100)
        assert len(table.keys) == expected


def test_shared_code_is_what_both_have_and_few_others() -> None:
    comparison = Comparison({})
    first, second = right("mlp_backward")[:2]
    for text in (first, first, second):
        comparison.add({"mlp_backward": text})
    known = fingerprint_of(first)
    assert known
    pair = Pair((0, 1), 0.0, 0.0, "", ())
    assert comparison.shared_grams("mlp_backward", pair).tolist() == known.grams.tolist()


def test_a_finding_is_shown_within_bounds() -> None:
    long = "x = 1\r\n" * (MOST_LINES + 5)
    texts = {"one": long}, {"one": "y" * (LONGEST + 100) + "\x1b[31m"}
    pair = Pair((4, 7), 3.0, 0.9, "why", (SharedCode("one", 3.0, 0.904),))
    finding = Finding(pair, ("a", "b"), texts, ({"one": frozenset({2})}, {}))
    assert (finding.exercises, finding.alike, finding.evidence) == (["one"], 0.9, 3.0)
    data = finding.data()
    [[name, alike, left, right_side]] = data["exercises"]
    assert (name, alike, data["students"]) == ("one", "90% alike", (4, 7))
    assert len(left) == MOST_LINES
    assert left[:3] == [["x = 1", 0], ["x = 1", 1], ["x = 1", 0]]
    [[text, marked]] = right_side
    assert marked == 0
    assert "\x1b" not in text
    assert len(text) <= LONGEST + 100


def test_sums_are_the_same_however_often_they_are_added_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """A hundred students who conspire could share what does not fit into memory at once."""
    chance = np.random.default_rng(0)
    of = {who: np.unique(chance.integers(0, 400, 100)).astype(np.uint64) for who in range(60)}
    whole = PairTable(of, 60)
    held: list[int] = []
    real = pairs._Sums.add

    def counted(sums: Any, keys: Any, values: Any) -> None:
        held.append(len(keys))
        real(sums, keys, values)

    monkeypatch.setattr(pairs, "AT_ONCE", 20)
    monkeypatch.setattr(pairs._Sums, "add", counted)
    parts = PairTable(of, 60)
    assert max(held) <= 20
    assert parts.keys.tolist() == whole.keys.tolist()
    assert np.allclose(parts.evidence_of(whole.keys), whole.evidence_of(whole.keys))


def test_the_clearest_pairs_are_shown_and_the_others_counted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pairs, "MOST_SHOWN", 1)
    students = [*honest(), honest()[1], honest()[2]]
    names = [(str(number), f"student {number}") for number in range(len(students))]
    findings, comparison = compare(names, lambda who: students[int(who)], stubs())
    assert len(findings) == 1
    assert comparison.not_shown == 1


def test_what_is_rare_is_worked_out_once(monkeypatch: pytest.MonkeyPatch) -> None:
    comparison = Comparison({})
    for text in right("mlp_backward")[:3]:
        comparison.add({"mlp_backward": text})
    first = comparison.shared_grams("mlp_backward", Pair((0, 1), 0.0, 0.0, "", ()))
    monkeypatch.setattr(np, "unique", None)
    assert comparison.shared_grams("mlp_backward", Pair((0, 1), 0.0, 0.0, "", ())).tolist() == (
        first.tolist()
    )
