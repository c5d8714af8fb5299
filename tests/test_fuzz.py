"""Readers and grader meet anything: properties by Hypothesis, and some submissions of the larger run in `fuzz.py`."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from grader.checking.source.source_scan import scan
from grader.course.catalog import Course
from grader.sandbox.wire.messages import MessageError, pack, unpack
from grader.sandbox.wire.received import Opaque, Received
from grader.sandbox.wire.values import WireError, as_received, decode, encode
from grader.submission import Source
from grader.submission.decode import notebook_of_bytes, source_of_bytes
from grader.text import clean

from .fuzz import Fuzzer

QUICK = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)
PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


def expect_source(source: Source) -> None:
    assert bool(source.problem) != bool(source.cells)
    assert "\n" not in source.problem


@QUICK
@given(st.binary() | st.text().map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_any_bytes_are_a_source_or_a_problem(data: bytes) -> None:
    expect_source(source_of_bytes(data, "x.py"))
    expect_source(notebook_of_bytes(data, "x.ipynb"))


CELL = st.fixed_dictionaries(
    {}, optional={"cell_type": st.sampled_from(["code", "markdown", "raw", "?"]) | JSON,
                  "source": st.text() | st.lists(st.text()) | JSON, "outputs": JSON, "metadata": JSON}
)  # fmt: skip
BOOK = st.fixed_dictionaries(
    {"nbformat": st.sampled_from([3, 4]) | JSON, "nbformat_minor": st.sampled_from([2, 5]) | JSON},
    optional={"cells": st.lists(CELL, max_size=4) | JSON, "metadata": JSON, "worksheets": JSON},
)


@QUICK
@given(BOOK | JSON)
def test_any_json_is_a_notebook_or_a_problem(book: Any) -> None:
    source = notebook_of_bytes(json.dumps(book).encode(), "x.ipynb")
    expect_source(source)
    assert all(isinstance(cell.text, str) for cell in source.cells)


@QUICK
@given(st.text())
def test_cleaned_text_is_printable_and_short(text: str) -> None:
    shown = clean(text, 50)
    assert all(character.isprintable() or character == "\n" for character in shown)
    assert len(shown) <= 8 * 50 + 40


@QUICK
@given(PLAIN)
def test_plain_values_come_back(value: Any) -> None:
    tree, block = encode(value)
    assert decode(json.loads(json.dumps(tree)), block, as_received("cpu")) == value


@QUICK
@given(JSON, st.binary())
def test_any_answer_decodes_or_is_refused(tree: Any, block: bytes) -> None:
    try:
        value = decode(tree, block, as_received("cpu"))
    except (WireError, ValueError, TypeError, OverflowError):
        return
    todo = [value]
    while todo:
        one = todo.pop()
        assert type(one) in (type(None), bool, int, float, str, list, tuple, dict, Received, Opaque)
        todo += (
            one.values() if isinstance(one, dict) else one if isinstance(one, list | tuple) else ()
        )


@QUICK
@given(st.data())
def test_a_damaged_answer_decodes_or_is_refused(data: st.DataObject) -> None:
    tree, block = encode({"x": torch.arange(6.0).reshape(2, 3), "y": [torch.ones(2), 1.5]})
    text = json.dumps(tree)
    spot = data.draw(st.integers(0, len(text)))
    damaged = (
        text[:spot] + data.draw(st.text(max_size=3)) + text[spot + data.draw(st.integers(0, 3)) :]
    )
    cut = data.draw(st.integers(0, len(block)))
    torn = (
        block[:cut] + data.draw(st.binary(max_size=3)) + block[cut + data.draw(st.integers(0, 3)) :]
    )
    with contextlib.suppress(WireError, ValueError, TypeError, OverflowError):
        decode(json.loads(damaged), torn, as_received("cpu"))


@QUICK
@given(st.binary(max_size=200), st.integers(0, 300))
def test_any_frame_is_read_or_refused(data: bytes, most: int) -> None:
    rest = [pack({"id": 1}, b"abc")[: most % 20] + data]

    def read(count: int) -> bytes:
        part, rest[0] = rest[0][:count], rest[0][count:]
        if len(part) < count:
            raise EOFError
        return part

    try:
        header, block, _ = unpack(read, most)
    except (MessageError, EOFError):
        return
    assert isinstance(header, dict)
    assert len(block) <= most


@pytest.mark.parametrize(
    "deep",
    ["1+" * 3000 + "1", "x." * 2500 + "x", "not " * 2500 + "1", "-" * 2500 + "1", "x" + "[0]" * 2500, "f" + "()" * 2500,
     "getattr(torch, " + "'a'+" * 2500 + "'b')"],
)  # fmt: skip
def test_deep_sources_are_read_or_passed_over(course: Course, deep: str) -> None:
    text = f"import torch\ndef gradients(x, y, a, b):\n    return {deep}\n"
    scan(course["line_fit"], Source.of_text("line_fit.py", text))


def test_some_odd_submissions_are_met() -> None:
    fuzzer = Fuzzer(seed=7)
    fuzzer.run(27)
    assert fuzzer.problems == []
    assert sum(fuzzer.outcomes.values()) == 27
