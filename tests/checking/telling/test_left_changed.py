"""What a call did not leave as it was is told, unless the probe itself does that."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from grader.checking.probes import Probe
from grader.checking.telling.left_changed import changed, impolite
from grader.checking.telling.raised import strings


def plain(student: Any, x: Any) -> Any:
    return student.f(x)


def seeding(student: Any, x: Any) -> Any:
    torch.manual_seed(4)
    return student.f(x)


def marking(student: Any, x: Any) -> Any:
    x.requires_grad_()
    return torch.autograd.grad(student.f(x), x)


def differentiating(student: Any, x: Any) -> Any:
    return torch.autograd.grad(student.f(x), x)


ASKS = Probe(plain)


def test_inputs_that_were_changed() -> None:
    one, two = changed(["x"]), changed(["x", "y"])
    assert one.message == "The input `x` was changed; inputs are to be left as they were."
    assert two.message.startswith("The inputs `x` and `y` were changed")
    assert [cause.id for cause in one.causes] == ["in-place"]


def test_an_input_has_the_name_that_a_student_knows() -> None:
    """A probe may call its inputs by names that stand nowhere in what was handed in."""
    known = frozenset({"x"})
    assert changed(["given", "x"], known).message.startswith("The input `x` was")
    assert changed(["given"], known).message.startswith("An input was changed;")
    for kind in ("touched", "shared"):
        for name in ("given", "x"):
            outcome = impolite({kind: [name]}, ASKS, known)
            assert outcome
            assert "given" not in outcome.message
            assert ("`x`" in outcome.message) == (name == "x")
            assert ("an input" in outcome.message) == (name != "x" or kind == "shared")


@pytest.mark.parametrize(
    ("told", "sentence", "cause"),
    [
        ({"set": ["default dtype"]}, "default dtype", "left-set"),
        ({"set": ["default device"]}, "default device", "left-set"),
        ({"set": ["recording"], "shared": ["x"]}, "gradients are recorded", "left-set"),
        ({"set": ["autocast"]}, "autocast", "left-set"),
        ({"set": ["seed"]}, "torch's global generator has another seed", "left-set"),
        ({"set": ["Python's seed"]}, "Python's `random` has another seed", "left-set"),
        ({"set": ["NumPy's seed"]}, "NumPy's generator has another seed", "left-set"),
        ({"earlier": ["changed"]}, "second call", "kept-result"),
        ({"touched": ["x", "y"]}, "`.grad` of `x` and `y` is", "touched"),
        ({"shared": ["x"]}, "memory with an input (`x`):", "shared-memory"),
    ],
)
def test_what_was_not_left_as_it_was(told: dict[str, Any], sentence: str, cause: str) -> None:
    outcome = impolite(told, ASKS)
    assert outcome
    assert sentence in outcome.message
    assert [each.id for each in outcome.causes] == [cause]


def test_what_a_probe_does_itself_is_nobodys_fault() -> None:
    assert impolite({"set": ["seed", "NumPy's seed"]}, Probe(seeding)) is None
    assert impolite({"set": ["seed", "recording"]}, Probe(seeding))
    for kind in ("touched", "shared"):
        assert impolite({kind: ["x"]}, Probe(differentiating)) is None
        assert impolite({kind: ["x"]}, Probe(plain, changes=("x",))) is None
        assert impolite({kind: ["x", "y"]}, Probe(plain, changes=("x",)))


def test_who_asks_for_a_derivative_marks_no_other_input() -> None:
    outcome = impolite({"touched": ["x", "y"], "marked": ["y"]}, Probe(differentiating))
    assert outcome
    assert "`.grad` of `y` is not what it was" in outcome.message
    assert impolite({"touched": ["x"], "marked": ["x"]}, Probe(marking)) is None


@pytest.mark.parametrize(
    "told", [7, [], {}, {"set": "seed"}, {"set": ["no such"]}, {"shared": [3]}, {"earlier": []}]
)
def test_what_a_child_tells_of_manners_need_not_be_of_the_right_form(told: Any) -> None:
    assert impolite(told, ASKS) is None


def test_a_little_of_what_a_child_tells_is_looked_at() -> None:
    assert len(strings(["x" * 1000] * 5000)) == 1000
    assert len(changed(["x" * 80] * 5000).message) < 2000
