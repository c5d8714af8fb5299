"""Text is read here where it is small and plain, and else in a process that ends by its limits."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from grader.checking.source.remarks import reaches_in
from grader.checking.source.source_scan import first_line_of, found_in
from grader.checking.telling.look_at import definitions_in
from grader.classroom.similarity.fingerprint import grams_in
from grader.errors import Fault, UnreadableError
from grader.submission import bounded as module
from grader.submission.bounded import PLAIN_LENGTH, PLAIN_LINE, apart, bounded, is_plain
from grader.submission.decode import code_cells
from tests import odd_readers
from tests.conftest import ROOT
from tests.odd_readers import lengths

LARGE = "x = 1\n" * (PLAIN_LENGTH // 5)


def test_what_a_person_writes_is_read_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subprocess, "Popen", None)
    assert bounded(lengths, ["ab", "c"], 1, double=True) == [6, 4]


@pytest.mark.parametrize(
    ("texts", "plain"),
    [
        ([], True),
        (["x" * PLAIN_LINE], True),
        (["x" * (PLAIN_LINE + 1)], False),
        (["x\n" * (PLAIN_LENGTH // 2)], True),
        (["x\n" * (PLAIN_LENGTH // 2), "x"], False),
    ],
)
def test_what_a_person_writes(texts: list[str], plain: bool) -> None:
    assert is_plain(texts) == plain


def test_no_solution_needs_a_process() -> None:
    for path in (ROOT / "solutions").glob("*.py"):
        assert is_plain([path.read_text(encoding="utf-8")])


def test_the_rest_is_read_elsewhere_with_the_same_result() -> None:
    texts = [LARGE, "é\n\ud800", ""]
    assert bounded(lengths, texts, 1, double=True) == lengths(texts, 1, double=True)


def test_who_does_not_end_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SECONDS", 1)
    monkeypatch.setattr(module, "_PATIENCE", 60)  # the limit is the kernel's, and not the clock's
    with pytest.raises(UnreadableError, match="cannot be read within 1 s and 1024 MiB"):
        apart(odd_readers.never_ends, [""])


@pytest.mark.parametrize(
    "reader", [odd_readers.answers_without_end, odd_readers.dies, odd_readers.hoards]
)
def test_who_gives_no_answer_is_told(
    reader: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MEMORY_BYTES", 200 << 20)
    with pytest.raises(UnreadableError, match="cannot be read within 30 s and 200 MiB"):
        bounded(reader, [LARGE])


@pytest.mark.parametrize(
    ("reader", "why"), [(odd_readers.is_killed, ""), (odd_readers.is_at_fault, "IndexError")]
)
def test_what_says_nothing_of_the_texts_is_no_verdict_on_them(
    reader: Callable[..., Any], why: str
) -> None:
    with pytest.raises(Fault, match=f"has ended.*{why}"):
        bounded(reader, [LARGE])


def test_nor_is_a_machine_that_gives_it_no_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_PATIENCE", 0)
    with pytest.raises(Fault, match="has ended"):
        bounded(odd_readers.never_ends, [LARGE])


def test_who_goes_too_deep_is_told() -> None:
    for reader in (odd_readers.goes_deep, odd_readers.asks_for_too_much):
        with pytest.raises(RecursionError):
            apart(reader, [""])
        for text in ("", LARGE):
            with pytest.raises(UnreadableError, match="nested too deeply"):
                bounded(reader, [text])


def test_it_writes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert apart(odd_readers.writes, [""]) is False
    assert odd_readers.writes([""]) is True


def test_it_imports_nothing_from_the_folder_that_it_starts_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "json.py").write_text("raise SystemExit(3)")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    places = apart(odd_readers.where_it_imports_from, [""])
    assert "" not in places
    assert str(tmp_path) not in places


READERS: list[tuple[Callable[..., Any], tuple[Any, ...]]] = [
    (found_in, ({"by hand": {}}, ["f"])),
    (first_line_of, (["f"],)),
    (definitions_in, ()),
    (reaches_in, (True, ["f"])),
    (grams_in, ()),
    (code_cells, ()),
]


@pytest.mark.parametrize(("reader", "arguments"), READERS)
def test_every_reader_answers_alike_in_both_places(
    reader: Callable[..., Any], arguments: tuple[Any, ...]
) -> None:
    text = "import torch, gc\n\ndef f(x):\n    gc.get_objects()\n    return torch.func.grad(x)\n"
    if reader is code_cells:
        text = '{"nbformat": 4, "cells": [{"cell_type": "code", "source": "x"}]}'
    here = reader([text], *arguments)
    assert here
    assert _plain(apart(reader, [text], *arguments)) == _plain(here)


def _plain(value: Any) -> Any:
    return [_plain(each) for each in value] if isinstance(value, list | tuple) else value


def test_the_readers_need_nothing_but_python_itself() -> None:
    """The process sees no packages that only the caller's settings lead to."""
    names = ", ".join(sorted({reader.__module__ for reader, _arguments in READERS}))
    program = f"import sys; sys.path.append({str(ROOT)!r}); import {names}"
    subprocess.run([sys.executable, "-I", "-S", "-c", program], check=True, timeout=60)
