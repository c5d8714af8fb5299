"""A fingerprint: the same for a copy whatever it is disguised with, another for other code."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from grader.classroom.similarity.fingerprint import (
    DEEPEST,
    MOST_TEXT,
    Fingerprint,
    fingerprint_of,
    grams_in,
)
from tests.copies import EXERCISES, disguised, right
from tests.steps import growth

CODE = """
def mean(values):
    total = 0.0
    for value in values:
        total = total + value
    return total / len(values)
"""


def known(text: str) -> Fingerprint:
    found = fingerprint_of(text)
    assert found is not None
    return found


def grams(text: str) -> list[int]:
    return [int(gram) for gram in known(text).grams]


@pytest.mark.parametrize("exercise", EXERCISES)
def test_a_disguise_changes_no_fingerprint(exercise: str) -> None:
    for text in right(exercise)[:2]:
        assert grams(text) == grams(disguised(text))


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace("total", "summe").replace("value", "x"),
        lambda text: "# mine\n" + text.replace("0.0", "0.0  # start"),
        lambda text: text.replace("(values):", '(values: list) -> float:\n    """Mine."""'),
        lambda text: text.replace("    ", "\t"),
        lambda text: "import a, b, c, d, e, f\nfrom os import g, h, i, j, k, l\n" + text,
        lambda text: f"class Box:\n{text}".replace("\n", "\n    "),
    ],
)
def test_what_does_not_change_it(change: object) -> None:
    text = change(CODE)  # type: ignore[operator]
    assert text != CODE
    assert grams(text) == grams(CODE)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("total + value", "value + total * 1"),
        ("0.0", "1.0"),
        ("len(values)", "max(values)"),
        ("for value in values", "for value in sorted(values)"),
    ],
)
def test_what_does_change_it(old: str, new: str) -> None:
    assert grams(CODE.replace(old, new)) != grams(CODE)


def test_functions_count_whatever_their_order() -> None:
    other = "def scale(values, by):\n    return [value * by + 1 for value in values]\n"
    assert grams(CODE + other) == grams(other + CODE)


def test_what_is_not_ones_own_keeps_its_name() -> None:
    assert grams("y = torch.add(a, b, alpha=2)\n" * 2) != grams(
        "y = torch.sub(a, b, alpha=2)\n" * 2
    )


def test_a_gram_knows_its_lines() -> None:
    found = known(CODE)
    lines = {line for covered in found.lines.values() for line in covered}
    assert lines <= set(range(1, CODE.count("\n") + 1))
    assert {2, 3, 4, 5, 6} <= lines
    assert found.grams.tolist() == sorted(found.lines)
    assert all(covered == tuple(sorted(set(covered))) for covered in found.lines.values())


def test_a_short_text_has_one_gram_or_none() -> None:
    assert grams("") == grams("x = 1") == []
    assert len(grams("x = f(1) + g(2)")) == 1


@pytest.mark.parametrize("text", ["def f(:", "\x00", "x = " + "[" * 5000, "\udc80"])
def test_what_does_not_parse_has_none(text: str) -> None:
    assert fingerprint_of(text) is None


def test_what_is_nested_too_deeply_has_none() -> None:
    assert fingerprint_of("x = " + "-" * (DEEPEST // 2) + "1") is not None
    assert fingerprint_of("x = " + "-" * (DEEPEST + 1) + "1") is None


def test_another_name_for_a_function_is_no_change() -> None:
    text = f"{CODE}\n\ndef twice(values):\n    return mean(values) + mean(values) * len(values)\n"
    assert grams(text) == grams(text.replace("mean", "schnitt").replace("twice", "doppelt"))
    assert grams(text) != grams(text.replace("len(", "max("))


def test_what_is_far_too_large_has_none() -> None:
    text = "x = f(1) + g(2)\n"
    assert known(text * (MOST_TEXT // len(text))).lines
    assert fingerprint_of(text * (MOST_TEXT // len(text) + 1)) is None


def test_what_is_large_is_the_same_as_what_is_small() -> None:
    """It is read in a process of its own."""
    assert fingerprint_of(CODE + "#" * 3000) == fingerprint_of(CODE)


def test_a_number_of_a_thousand_digits_is_compared() -> None:
    number = "0x" + "f" * 5000
    assert grams(f"x = f({number}) + g(2)") != grams("x = f(1) + g(2)")


def test_the_work_is_linear() -> None:
    shapes: list[Callable[[int], str]] = [
        lambda size: "x = f(1) + g(2)\n" * size,
        lambda size: "x = [" + "f(1), " * size + "]",
        lambda size: "x" + "[f(1)]" * (size // 3),
        lambda size: f"x = f({'a' * size}) + " + f"g.{'b' * size}(2)" * size,
    ]
    for shape in shapes:
        assert growth(lambda text: grams_in([text]), shape, 20) < 5
