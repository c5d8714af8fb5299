"""What an exception means, by what its line had in hand: named where that decides, and left general where not."""

from __future__ import annotations

from typing import Any

import pytest

from grader.checking.telling.raised_causes import Facts, cause_of, facts_in

X = "x|tensor|device=cpu|dtype=float32|shape=3|leaf|given"
ELSEWHERE = "w|tensor|device=sim:0|dtype=float32|shape=3|leaf"
NONE_REQUIRED = "element 0 of tensors does not require grad and does not have a grad_fn"
TWO_DEVICES = (
    "Expected all tensors to be on the same device, but got mat1 is on cpu, different from sim:0"
)
NO_GRAD = "'NoneType' object has no attribute 'clone'"


def facts(*values: str, **more: str) -> Facts:
    told = [["value", value] for value in values] + [[kind, text] for kind, text in more.items()]
    return facts_in(told)


def told(
    message: str, line: str, seen: Facts, device: str = "cpu", body: str = "", kind: str = "Error"
) -> tuple[str, str]:
    cause = cause_of(kind, message, line, body, seen, device)
    return (cause.id, cause.text) if cause else ("", "")


@pytest.mark.parametrize(
    ("message", "line", "values", "name", "part"),
    [
        (NONE_REQUIRED, "autograd.grad(f(x), x)", [X], "raised-input-needs-none", "`x` does not"),
        # one that requires gradients is there: it was lost on the way
        (NONE_REQUIRED, "f(x)", [X, "w|tensor|requires_grad|leaf"], "raised-graph-cut", ""),
        # two were given: which one is meant is not known
        (NONE_REQUIRED, "f(x, y)", [X, X.replace("x|", "y|")], "raised-graph-cut", ""),
        # labels never require gradients
        (NONE_REQUIRED, "f(x)", [X.replace("float32", "int64")], "raised-graph-cut", ""),
        (NONE_REQUIRED, "f(x)", [X + "|odd=require_grad,requires_grad"], "raised-name", "`requires_grad`"),
        (NO_GRAD, "y.grad.clone()", ["y|tensor|shape=3|requires_grad"], "raised-non-leaf", "`y` is the result"),
        (NO_GRAD, "y.grad.clone()", ["y|tensor|shape=3|requires_grad|leaf"], "raised-none", "`y.grad` is None"),
        (NO_GRAD, "g.clone()", ["g|NoneType"], "raised-none", "`g` is None there"),
        # which of the two it was is not known
        (NO_GRAD, "f(g, h)", ["g|NoneType", "h|NoneType"], "raised-none", "Something is None"),
        ("'float' object has no attribute 'to'", "lr.to(d)", ["lr|float|argument"], "raised-number", "`lr` may be"),
        # worked out, and not handed in: then `.item()` may be the reason
        ("'float' object has no attribute 'to'", "s.to(d)", ["s|float"], "raised-number", "autograd's graph"),
        ("'float' object has no attribute 'grad'", "a.grad", ["a|float|argument"], "raised-number", "autograd's graph"),
    ],
)  # fmt: skip
def test_what_a_line_had_in_hand_decides(
    message: str, line: str, values: list[str], name: str, part: str
) -> None:
    found, text = told(message, line, facts(*values))
    assert found == name
    assert part in text


def test_who_is_where() -> None:
    line, body = "loss = model(x) * w", "x.to(device)\nloss = model(x) * w"
    both = facts(X, ELSEWHERE)
    assert told(TWO_DEVICES, line, both, "sim")[0] == "raised-not-moved"
    assert "leaves the old one" not in told(TWO_DEVICES, line, both, "sim")[1]
    assert "leaves the old one" in told(TWO_DEVICES, line, both, "sim", body)[1]
    # a student's own: made elsewhere
    own = facts(X.removesuffix("|given"), ELSEWHERE)
    assert (
        "`x` is on `cpu`, and the inputs are on `sim:0`" in told(TWO_DEVICES, line, own, "sim")[1]
    )
    # one number may lie anywhere, and what is not on the line is not it
    for other in (X.replace("shape=3", "shape="), X.replace("x|", "y|")):
        assert "a tensor of yours" in told(TWO_DEVICES, line, facts(other, ELSEWHERE), "sim")[1]
    assert told(TWO_DEVICES, line, both, "cpu")[0] != "raised-not-moved"


def test_one_hot_without_a_number_of_classes() -> None:
    message = "The size of tensor a (3) must match the size of tensor b (2) at dimension 1"
    line = "return p - h"
    assert told(message, line, Facts(), body="h = F.one_hot(y)")[0] == "raised-one-hot"
    assert told(message, line, Facts(), body="h = F.one_hot(f(y, 1))")[0] == "raised-one-hot"
    assert told(message, line, Facts(), body="h = F.one_hot(y, 3)")[0] == "raised-shapes"
    assert told(message, line, Facts(), body="h = y")[0] == "raised-shapes"


def test_tensors_that_are_stacked_side_by_side() -> None:
    line = "return powers @ w"
    for message in ("size mismatch, got input (12)", "index 2 is out of bounds for dimension 0"):
        beside = told(message, line, Facts(), body="powers = torch.stack((x**2, x), dim=1)")[1]
        assert "`stack(…, dim=1)`" in beside
        assert "stack" not in told(message, line, Facts(), body="p = torch.stack((x**2, x))")[1]
        assert "stack" not in told(message, line, Facts(), body="p = torch.stack(f(x, 1), 0)")[1]
    # a list has no dimensions
    body = "p = torch.stack(rows, dim=1)\nreturn rows[3]"
    assert "stack" not in told("list index out of range", "rows[3]", Facts(), body=body)[1]


@pytest.mark.parametrize(
    ("kind", "message", "part"),
    [
        ("ValueError", "could not convert string to float: '\"0.5\"'", "quotes around a field"),
        ("ValueError", "could not convert string to float: 'width'", "a name of the header"),
        ("ZeroDivisionError", "integer modulo by zero", "0 on its right"),
        ("TypeError", "iter() returned non-iterator of type 'list'", "`__iter__` gives back"),
    ],
)
def test_what_pythons_words_mean(kind: str, message: str, part: str) -> None:
    assert part in told(message, "x = f(y)", Facts(), kind=kind)[1]


@pytest.mark.parametrize(
    ("kind", "seen", "part"),
    [
        ("NameError", {"name": "nn"}, "from torch import nn"),
        ("NameError", {"name": "weigth", "near": "weight"}, "perhaps `weight` is meant"),
        (
            "AttributeError",
            {"lacks": "Tensor", "name": "gard", "near": "grad"},
            "perhaps `grad` is meant",
        ),
        ("AttributeError", {"lacks": "super", "name": "__int__", "near": "__init__"}, "`__init__`"),
        ("AttributeError", {"lacks": "float", "name": "gard", "near": "grad"}, ""),
        ("AttributeError", {"lacks": "Net", "name": "_modules", "near": "modules"}, ""),
        ("KeyError", {"name": "gard", "near": "grad"}, ""),
    ],
)
def test_did_you_mean(kind: str, seen: dict[str, str], part: str) -> None:
    found, text = told("no", "x", facts(**seen), kind=kind)
    assert part in text
    assert bool(found) == bool(part)


@pytest.mark.parametrize(
    ("unbound", "part"),
    [
        ("n|above|", "were passed over"),
        ("n|above|global", "were passed over"),
        ("n|below|", "before it has a value"),
        ("n|below|function", "another name"),
        ("n|below|enclosing", "`nonlocal n`"),
        ("n|below|global", "`global n`"),
        ("n|deleted|global", "`except … as n:`"),
    ],
)
def test_a_local_name_without_a_value(unbound: str, part: str) -> None:
    message = "cannot access local variable 'n' where it is not associated with a value"
    assert part in told(message, "f(n)", facts(unbound=unbound))[1]
    assert part not in told(message, "f(n)", Facts())[1]


@pytest.mark.parametrize(
    "odd", [None, 7, {}, [7], [["value"]], [["value", 7]], [["near", "x" * 10_000]], [["a", "b"]] * 999]
)  # fmt: skip
def test_a_child_may_tell_what_it_likes(odd: Any) -> None:
    found = facts_in(odd)
    assert all(len(near) < 300 for near in found.near)
    assert cause_of("E", NONE_REQUIRED, "x", "", found, "cpu")
