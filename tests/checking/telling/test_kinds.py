"""What another kind of thing than is asked says of the code that gave it."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from grader.checking.telling.kinds import cause_of_kind
from grader.sandbox.wire.values import Opaque, Received

VECTOR = torch.ones(3)


def received(*shape: int) -> Received:
    return Received(torch.ones(shape), "cpu", False, False, "cpu")


@pytest.mark.parametrize(
    ("actual", "expected", "part"),
    [
        (1.5, torch.tensor(1.0), "`.item()`"),
        (1, torch.tensor(1.0), "`.item()`"),
        # a number for many says nothing of where the others went
        (1.5, VECTOR, ""),
        (Opaque("ndarray"), VECTOR, "`torch.from_numpy(…)`"),
        (Opaque("numpy.ndarray"), VECTOR, "`torch.from_numpy(…)`"),
        (Opaque("Net"), VECTOR, ""),
        ((received(3),), VECTOR, "`[0]`"),
        ([received(3), received(3)], VECTOR, ""),
        ([received(), received(), received()], VECTOR, "`torch.stack(…)`"),
        ([1.0, 2.0, 3.0], VECTOR, "`torch.stack(…)`"),
        ([], VECTOR, ""),
        ("text", VECTOR, ""),
        (1, True, "`bool(…)`"),
        (received(), False, "`bool(…)`"),
        ("yes", True, ""),
        (received(), 2, "`int(…)`"),
        (received(2), 2, ""),
        ("a", 2, ""),
        (Opaque("filter"), [VECTOR], "`list(…)`"),
        (Opaque("generator"), [VECTOR], "`list(…)`"),
        (Opaque("set"), [VECTOR], ""),
        ({}, [VECTOR], ""),
    ],
)
def test_what_another_kind_says(actual: Any, expected: Any, part: str) -> None:
    cause = cause_of_kind(actual, expected)
    assert (cause is not None) == bool(part)
    assert part in (cause.text if cause else "")
