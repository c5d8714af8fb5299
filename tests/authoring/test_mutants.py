"""Each mutant is a solution with one small mistake, in what a student writes."""

from __future__ import annotations

import ast

import pytest

from grader.authoring.mutants import mutants_of

KINDS = [
    ("return a + b", "operator", "return a - b"),
    ("return a @ b", "operator", "return a * b"),
    ("return x.T", "transpose", "return x"),
    ("return x.mean()", "reduction", "return x.sum()"),
    ("return x.sum(dim=1)", "dim", "return x.sum(dim=0)"),
    ("return x.sum(dim=1)", "dropped argument", "return x.sum()"),
    ("return f(a, b)", "swapped", "return f(b, a)"),
    ("return (a, b)", "swapped", "return (b, a)"),
    ("return torch.exp(x)", "dropped call", "return x"),
    ("return x * 2", "constant", "return x * 3"),
    ("return -x", "sign", "return x"),
    ("return a * b", "sign", "return -(a * b)"),
    ("return a * b", "detach", "return (a * b).detach()"),
    ("return a * b", "dtype", "return (a * b).float()"),
    ("return x.detach()", "detach", "return x"),
    ("x += a", "operator", "x -= a"),
    ("x.zero_()", "dropped statement", "pass"),
    ("return a < b", "comparison", "return a <= b"),
    ("return f(x, True)", "constant", "return f(x, False)"),
    ("return torch.zeros(2, device=d)", "device", "return torch.zeros(2)"),
    ("y = torch.zeros_like(x)", "device", "y = torch.zeros_like(x).cpu()"),
    ("y = x.new_zeros(2)", "device", "y = x.new_zeros(2).cpu()"),
]


@pytest.mark.parametrize(("line", "kind", "mutated"), KINDS)
def test_kinds_of_mutants(line: str, kind: str, mutated: str) -> None:
    text = f"def f(x, a, b, d):\n    ### BEGIN SOLUTION\n    {line}\n    ### END SOLUTION\n"
    made = {(mutant.kind, mutant.mutated) for mutant in mutants_of(text)}
    assert (kind, mutated) in made


def test_only_what_a_student_writes_is_mutated() -> None:
    text = "X = 1 + 2\n\n\ndef f(x):\n    y = x + 1\n    ### BEGIN SOLUTION\n    return y\n    ### END SOLUTION\n"
    assert mutants_of(text) == []


def solution(*lines: str) -> str:
    inner = "".join(f"    {line}\n" for line in lines)
    return f"def f(x, a, b):\n    ### BEGIN SOLUTION\n{inner}    ### END SOLUTION\n"


def test_each_mutant_is_another_program_with_one_change() -> None:
    text = solution(
        "y = max(a, a) @ x + b", "if y.sum() > 0:", "    y = y.mean(dim=0)", "return y.T"
    )
    made = mutants_of(text)
    plain = ast.unparse(ast.parse(text)).splitlines()
    assert len({mutant.text for mutant in made}) == len(made) > 15
    for mutant in made:
        ast.parse(mutant.text)
        changed = set(mutant.text.splitlines()) ^ set(plain)
        assert changed, mutant.diff
        # one statement, or an `if` with what it holds
        assert len(changed) <= 4, mutant.diff


def test_mutants_come_in_the_order_of_the_lines_and_show_their_change() -> None:
    made = mutants_of(solution("y = x + 1", "return y"))
    assert [mutant.line for mutant in made] == sorted(mutant.line for mutant in made)
    [minus] = [mutant for mutant in made if mutant.mutated == "y = x - 1"]
    assert minus.diff == "line 3 (operator):\n- y = x + 1\n+ y = x - 1"


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("y = torch.zeros(2, device=d)", True),
        ("y = torch.zeros_like(x)", True),
        ("return torch.exp(x)", True),  # a result on the CPU
        ("y = x + 1", False),
    ],
)
def test_some_mutants_show_on_a_second_device_only(line: str, wanted: bool) -> None:
    made = mutants_of(solution(line))
    assert any(mutant.device_only for mutant in made) is wanted
    assert not all(mutant.device_only for mutant in made)


@pytest.mark.parametrize(
    "line", ['raise ValueError(f"{x} is wrong")', "pass", '"""Only words."""', "y: int | None = x"]
)
def test_words_and_annotations_are_no_mistake(line: str) -> None:
    kinds = {mutant.kind for mutant in mutants_of(solution(line))}
    assert kinds <= {"dropped statement", "dropped call"}
