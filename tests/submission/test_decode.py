"""From bytes to source: every bad file gets a sentence that names it. Any bytes at all: `test_fuzz.py`."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from typing import Any

import nbformat
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.submission import Cell, bounded, decode
from grader.submission.decode import (
    MAX_CELLS,
    MAX_NOTEBOOK_BYTES,
    MAX_SOURCE_BYTES,
    code_cells,
    notebook_of_bytes,
    source_of_bytes,
)
from tests.steps import growth

GOOD = "x = 1\n"


def book(*cells: tuple[str, Any], **more: Any) -> bytes:
    made = [{"cell_type": kind, "source": source, "metadata": {}} for kind, source in cells]
    return json.dumps({"cells": made, "metadata": {}, "nbformat": 4, **more}).encode()


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"", "a.py is empty"),
        (b" \n\n", "a.py is empty"),
        (b"\xef\xbb\xbf", "a.py is empty"),
        (b"x = 1\ny = '\xff'\n", "a.py, line 2: not UTF-8"),
        (b"x = 1\n\0", "a.py, line 2: a NUL byte"),
        (b"#" * (MAX_SOURCE_BYTES + 1), "a.py is larger than 1 MiB"),
    ],
)
def test_unusable_bytes(data: bytes, told: str) -> None:
    source = source_of_bytes(data, "a.py")
    assert not source.cells
    assert source.problem.startswith(told)


def test_other_encodings_are_read_and_told() -> None:
    source = source_of_bytes("x = '값'\n".encode("utf-16"), "a.py")
    assert (source.text, source.problem) == ("x = '값'\n", "")
    assert source.notes == (
        "a.py is not UTF-8 text: it was read as UTF-16. Save the file as UTF-8.",
    )


def test_a_notebook_under_another_name_is_a_notebook() -> None:
    source = source_of_bytes(book(("code", GOOD)), "a.py")
    assert source.notebook
    assert source.text == GOOD
    assert "is a notebook" in source.notes[0]
    assert not source_of_bytes(b"{1: 2}\n", "a.py").notebook


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le"])
def test_a_notebook_in_another_encoding_of_json(encoding: str) -> None:
    data = book(("code", GOOD)).decode().encode(encoding)
    assert notebook_of_bytes(data, "a.ipynb").text == GOOD


def test_commands_of_notebooks_are_passed_over_and_told() -> None:
    source = source_of_bytes(b"x = 1\n!pip install torch\n", "a.py")
    assert "a.py, line 2" in source.notes[0]
    assert source.programs == ("x = 1\npass\n",)


def test_an_empty_file_names_what_brings_the_stub_back() -> None:
    assert "`grader reset a`" in source_of_bytes(b"", "there/a (1).py").problem


def test_a_byte_order_mark_is_no_text() -> None:
    assert source_of_bytes(b"\xef\xbb\xbf" + GOOD.encode(), "a.py").text == GOOD


@settings(max_examples=100)
@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")))
def test_text_comes_back_as_it_was_written(text: str) -> None:
    source = source_of_bytes(text.encode(), "a.py")
    assert source.text == ("" if source.problem else text.removeprefix("\ufeff"))


def test_the_largest_file_is_read() -> None:
    assert source_of_bytes(b"#" * MAX_SOURCE_BYTES, "a.py").cells


def test_cells_are_numbered_as_in_the_notebook() -> None:
    data = book(("markdown", "# hi"), ("code", GOOD), ("raw", "x"), ("code", ["a = 1\n", "b = 2"]))
    source = notebook_of_bytes(data, "a.ipynb")
    assert source.notebook
    assert source.cells[0] == Cell("a.ipynb, cell 2", GOOD)
    assert [cell.place for cell in source.cells] == ["a.ipynb, cell 2", "a.ipynb, cell 4"]


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (book(("markdown", "x = 1")), "has no code cells"),
        (book(("code", "")), "has no code cells"),
        (book(), "has no code cells"),
        (book(*[("code", "x")] * (MAX_CELLS + 1)), "is larger than 1 MiB of code"),
        (book(("code", "#" * (MAX_SOURCE_BYTES + 1))), "is larger than 1 MiB of code"),
        (bytes(MAX_NOTEBOOK_BYTES + 1), "is larger than 128 MiB of code"),
        (b"x = 1", "is not a Jupyter notebook"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_unusable_notebooks(data: bytes, told: str) -> None:
    source = notebook_of_bytes(data, "a.ipynb")
    assert not source.cells
    assert source.problem.startswith(f"a.ipynb {told}")


def test_large_outputs_are_no_code() -> None:
    output = {"output_type": "stream", "name": "stdout", "text": "x" * (MAX_SOURCE_BYTES + 1)}
    cell = {"cell_type": "code", "source": GOOD, "metadata": {}, "outputs": [output]}
    data = json.dumps({"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5})
    assert notebook_of_bytes(data.encode(), "a.ipynb").text == GOOD


def test_nothing_is_said_of_a_notebooks_form(
    caplog: pytest.LogCaptureFixture, recwarn: pytest.WarningsRecorder
) -> None:
    data = book(("code", GOOD), nbformat_minor=5, surplus=1)  # cells of 4.5 have ids
    assert notebook_of_bytes(data, "a.ipynb").text == GOOD
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []
    assert list(recwarn) == []


def test_the_newest_form_is_read() -> None:
    made = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(GOOD)])
    assert notebook_of_bytes(nbformat.writes(made).encode(), "a.ipynb").text == GOOD


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{}",
        b"[]",
        b"not json",
        b"\xff\xfe",
        b'{"cells": 1, "nbformat": 4, "nbformat_minor": 5, "metadata": {}}',
        b'{"cells": [1], "nbformat": 4, "nbformat_minor": 5, "metadata": {}}',
        b'{"nbformat": 99}',
        b"[" * 100_000,
    ],
)
def test_what_is_no_notebook(data: bytes) -> None:
    source = notebook_of_bytes(data, "a.ipynb")
    assert not source.cells
    assert source.problem.startswith("a.ipynb ")


def test_half_a_surrogate_pair_is_read() -> None:
    cell = {"cell_type": "code", "source": 'x = "\ud800"', "metadata": {}, "outputs": []}
    notebook = {"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    source = notebook_of_bytes(json.dumps(notebook).encode(), "work.ipynb")
    assert source.text == 'x = "?"'
    assert len(source.digest) == 64


def test_an_old_notebook_is_read() -> None:
    old = nbformat.v3.new_notebook(
        worksheets=[nbformat.v3.new_worksheet(cells=[nbformat.v3.new_code_cell(input="x = 1")])]
    )
    data = nbformat.v3.writes_json(old).encode()
    assert [cell.text for cell in notebook_of_bytes(data, "a.ipynb").cells] == ["x = 1"]


CODE = {"cell_type": "code", "metadata": {}, "source": "x = 1", "outputs": [], "id": "a0"}


def markdown(number: int, name: str = "a") -> list[dict[str, object]]:
    return [
        {"cell_type": "markdown", "metadata": {}, "source": "", "id": f"{name}{n}" if name else "a"}
        for n in range(number)
    ]


@pytest.mark.parametrize(
    "shape",
    [
        lambda size: {"cells": [CODE, *markdown(size)], "metadata": {}},
        lambda size: {"cells": [CODE, *markdown(size, "")], "metadata": {}},
        lambda size: {"cells": [CODE], "metadata": {"a": [{}] * size}},
        lambda size: {"cells": [{**CODE, "source": ["x\n"] * size}], "metadata": {}},
        lambda size: {"cells": [{**CODE, "outputs": [{"a": 1}] * size}], "metadata": {}},
    ],
    ids=["cells", "ids that are the same", "metadata", "lines", "outputs"],
)
def test_the_work_is_linear(shape: Callable[[int], dict[str, object]]) -> None:
    """Whether a notebook is valid is not asked; it took minutes for some."""

    def text(size: int) -> str:
        return json.dumps({**shape(size), "nbformat": 4, "nbformat_minor": 5})

    assert growth(lambda made: code_cells([made]), text, 100) < 5
    assert notebook_of_bytes(text(2000).encode(), "a.ipynb").cells


def test_a_large_notebook_is_read_in_a_process_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    picture = {"output_type": "display_data", "data": {"image/png": "A" * (5 << 20)}}
    large = json.dumps({"cells": [{**CODE, "outputs": [picture]}], "nbformat": 4}).encode()
    source = notebook_of_bytes(large, "a.ipynb")
    assert source.text == "x = 1"
    monkeypatch.setattr(decode, "code_cells", None)
    with pytest.raises(AttributeError):  # what it hands to that process
        notebook_of_bytes(large, "a.ipynb")


def test_a_notebook_that_unfolds_is_not_held_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounded, "MEMORY_BYTES", 100 << 20)
    monkeypatch.setattr(decode, "MEMORY_BYTES", 100 << 20)
    unfolds = b'{"cells": [], "metadata": {"a": [' + b"{}," * (2 << 20) + b'1]}, "nbformat": 4}'
    source = notebook_of_bytes(unfolds, "a.ipynb")
    assert source.problem.startswith("a.ipynb cannot be read within 30 s and 100 MiB.")


def test_depth_in_a_large_notebook_is_told() -> None:
    deep = b'{"nbformat": 4, "metadata": ' + b"[" * (5 << 20)
    assert "is not a Jupyter notebook" in notebook_of_bytes(deep, "a.ipynb").problem


@pytest.mark.parametrize("most", [MAX_CELLS, 0])
def test_nothing_is_left_out_below_the_bounds(most: int) -> None:
    """Cells that are just within the bounds are all there, also the empty ones."""
    sources = ["", *["x" * 500] * (MAX_CELLS - 1)] if most else ["x" * MAX_SOURCE_BYTES, ""]
    source = notebook_of_bytes(book(*[("code", each) for each in sources]), "a.ipynb")
    assert [cell.text for cell in source.cells] == sources
