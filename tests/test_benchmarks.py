"""What benchmarks put a clock around, or take out, is there: they run rarely, and by names."""

from __future__ import annotations

import pytest

from benchmarks import layers, phases
from benchmarks.__main__ import PARTS
from grader.sandbox import sandbox


@pytest.mark.parametrize(
    ("owner", "name"),
    [
        layers.TRACE,
        layers.RULES,
        *((owner, name) for _, owner, name in phases.PHASES if owner is not None),
    ],
)
def test_what_a_benchmark_names_is_there(owner: object, name: str) -> None:
    assert callable(getattr(owner, name))


def test_a_zygote_begins_as_the_benchmark_of_layers_has_it() -> None:
    assert layers._ENTRY in sandbox._BOOT
    assert {"layers", "phases"} <= PARTS.keys()
