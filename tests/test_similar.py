"""Similar submissions: planted copies stand out, honest right answers do not."""

from __future__ import annotations

import ast
import json
import sys
from functools import cache
from pathlib import Path
from random import Random
from types import ModuleType
from typing import Any

import pytest
from click.testing import CliRunner

from grader.classroom.records import Enrolled
from grader.classroom.report.pseudonyms import Pseudonyms
from grader.classroom.similarity.fingerprint import fingerprint_of
from grader.classroom.similarity.pairs import Comparison, Finding, compare, usual_limit
from grader.cli import main

ROOT = Path(__file__).resolve().parent.parent
SUBMISSIONS = ROOT / "tests" / "submissions"
EXERCISES = sorted(path.name for path in SUBMISSIONS.iterdir() if path.is_dir())
Texts = dict[str, str]


def text_of(path: Path) -> str:
    return path.read_text(encoding="utf-8")


@cache
def right(exercise: str) -> tuple[str, ...]:
    """The right answers that the tests know, each by another hand or in another style."""
    return tuple(text_of(path) for path in sorted((SUBMISSIONS / exercise / "right").glob("*.py")))


def stubs() -> Texts:
    return {name: text_of(ROOT / "exercises" / f"{name}.py") for name in EXERCISES}


def honest(size: int = 6) -> list[Texts]:
    """Students of whom no two have the same answer to anything."""
    return [
        {name: right(name)[at] for name in EXERCISES if at < len(right(name))} for at in range(size)
    ]


class Renamed(ast.NodeTransformer):
    """What someone does who hides a copy: other names for what is his to name, nothing else."""

    def __init__(self, tree: ast.AST) -> None:
        stored = {
            node.id
            for node in ast.walk(tree)
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
        }
        arguments = {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)}
        self.names = {name: f"var_{at}" for at, name in enumerate(sorted(stored | arguments))}

    def visit_Name(self, node: ast.Name) -> ast.Name:
        node.id = self.names.get(node.id, node.id)
        return node

    def visit_arg(self, node: ast.arg) -> ast.arg:
        node.arg, node.annotation = self.names[node.arg], None
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.FunctionDef:
        self.generic_visit(node)
        node.body.insert(0, ast.Expr(ast.Constant("My own work.")))
        return node


def disguised(text: str, seed: int = 1) -> str:
    """A copy with other names and docstrings, no comments, and its functions in another order."""
    tree = ast.parse(text)
    tree = ast.fix_missing_locations(Renamed(tree).visit(tree))
    moved = [node for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)]
    places = [at for at, node in enumerate(tree.body) if node in moved]
    Random(seed).shuffle(moved)
    for at, node in zip(places, moved, strict=True):
        tree.body[at] = node
    return ast.unparse(tree)


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


@pytest.mark.parametrize("exercise", EXERCISES)
def test_a_disguise_changes_no_shape(exercise: str) -> None:
    for text in right(exercise)[:2]:
        plain, hidden = fingerprint_of(text), fingerprint_of(disguised(text))
        assert plain
        assert hidden
        assert plain.grams.tolist() == hidden.grams.tolist()


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
    import numpy as np

    background = np.linspace(0.1, 10, 15)
    assert usual_limit(background, 6, 5) > background.max()
    assert usual_limit(2 * background, 6, 5) == pytest.approx(2 * usual_limit(background, 6, 5))
    assert usual_limit(background, 6, 5) < usual_limit(background, 6, 8)
    # copies do not move it: half as many pairs as students are no background
    assert usual_limit(np.array([*background[:-3], 900, 900, 900]), 6, 5) == usual_limit(
        background, 6, 5
    )
    assert usual_limit(background[:3], 100, 5) == 0


def told(students: list[Texts], hide: Any = None) -> list[Finding]:
    people = [(str(at), f"Student {at}") for at in range(len(students))]
    keep = hide or (lambda _who, text: text)
    findings, _ = compare(people, lambda who: students[int(who)], stubs(), keep)
    return findings


def test_marked_lines_are_what_both_have() -> None:
    students = honest()
    students.append({name: disguised(text) for name, text in students[3].items()})
    [finding] = told(students)
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
    [finding] = told(students, lambda who, text: hidden.text(text, people[int(who)]))
    shown = json.dumps(finding.data()).casefold()
    assert "lovelace" not in shown
    assert hidden.of(people[3]) in shown


def test_similar_command(monkeypatch: pytest.MonkeyPatch) -> None:
    students = honest()
    students.append({name: disguised(text) for name, text in students[2].items()})
    students[0] = {**students[0], "losses": "def f(:"}

    class Book:
        title = "class"

        def __enter__(self) -> Book:
            return self

        def __exit__(self, *_: object) -> None:
            return None

        def students(self) -> list[Enrolled]:
            return [Enrolled(str(at), f"[red]Name {at}") for at in range(7)]

        def sources(self, student: str) -> Texts:
            return students[int(student)]

    module = ModuleType("grader.classroom.gradebook.reader")
    vars(module).update(open_gradebook=lambda where: Book())
    monkeypatch.setitem(sys.modules, "grader.classroom.gradebook.reader", module)
    done = CliRunner().invoke(main, ["similar", "class.db", "--format", "json"])
    assert done.exit_code == 0, done.output
    [pair] = json.loads(done.output)
    assert pair["students"] == ["[red]Name 2 (2)", "[red]Name 6 (6)"]
    assert "is usual" in pair["why"]
    assert len(pair["exercises"]) > 10
    done = CliRunner().invoke(main, ["similar", "class.db"])
    assert done.exit_code == 0, done.output
    assert "[red]Name 2" in done.output
    assert "7 students compared; pairs that stand out: 1." in done.output
    assert "A hint, not a verdict" in done.output
    assert "valid Python: 1 file." in done.output
