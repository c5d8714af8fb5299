"""Text is read here where it is small and plain, and else in a process that ends by its limits."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from grader.checking.look_at import definitions_in
from grader.checking.remarks import reaches_in
from grader.checking.rules import first_line_of, found_in
from grader.classroom.similarity.fingerprint import grams_in
from grader.errors import UnreadableError
from grader.submission import bounded as module
from grader.submission.bounded import PLAIN_LENGTH, PLAIN_LINE, apart, bounded, is_plain
from grader.submission.decode import code_cells
from tests.conftest import ROOT

# what the process is asked for below; it lies here, where the process finds it by the name of this module
TOO_MUCH = "x = 1\n" * PLAIN_LENGTH


def lengths(texts: Sequence[str], add: int = 0, *, double: bool = False) -> list[int]:
    return [(len(text) + add) * (1 + double) for text in texts]


def never_ends(_texts: Sequence[str]) -> None:
    while True:
        pass


def hoards(_texts: Sequence[str]) -> int:
    return len(bytearray(1 << 40))


def answers_without_end(_texts: Sequence[str]) -> str:
    return "x" * (9 << 20)


def writes(_texts: Sequence[str]) -> bool:
    try:
        Path("written").write_text("x")
    except OSError:
        return False
    return True


def folder(_texts: Sequence[str]) -> list[str]:
    return sys.path


def goes_deep(texts: Sequence[str]) -> None:
    goes_deep(texts)


@pytest.fixture(autouse=True)
def _finds_this_module(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_PACKAGES", ROOT)


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


def test_the_rest_is_read_elsewhere_with_the_same_result() -> None:
    texts = [TOO_MUCH, "é\n\ud800", ""]
    assert bounded(lengths, texts, 1, double=True) == lengths(texts, 1, double=True)


def test_who_does_not_end_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SECONDS", 1)
    with pytest.raises(UnreadableError, match="cannot be read within 1 s and 1024 MiB"):
        apart(never_ends, [""])


@pytest.mark.parametrize("reader", [answers_without_end, len])
def test_who_answers_too_much_or_nothing_is_told(reader: Callable[[Sequence[str]], object]) -> None:
    with pytest.raises(UnreadableError, match="cannot be read within"):
        apart(reader, ["x"]) if reader is answers_without_end else apart(_no_such_reader, ["x"])


def _no_such_reader(_texts: Sequence[str]) -> None: ...


_no_such_reader.__qualname__ = "there_is_none"


def test_who_goes_too_deep_or_wants_too_much_memory_is_told() -> None:
    for reader in (goes_deep, hoards):
        with pytest.raises(RecursionError):
            apart(reader, [""])
        with pytest.raises(UnreadableError, match="nested too deeply"):
            bounded(reader, [TOO_MUCH])
    with pytest.raises(UnreadableError, match="nested too deeply"):
        bounded(goes_deep, [""])


def test_it_writes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert apart(writes, [""]) is False


def test_it_imports_nothing_from_the_folder_that_it_starts_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "json.py").write_text("raise SystemExit(3)")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    assert str(tmp_path) not in apart(folder, [""])


READERS: list[tuple[Callable[..., object], tuple[object, ...]]] = [
    (found_in, ({"by hand": {}}, ["f"])),
    (first_line_of, (["f"],)),
    (definitions_in, ()),
    (reaches_in, (True,)),
    (grams_in, ()),
    (code_cells, ()),
]


@pytest.mark.parametrize(("reader", "arguments"), READERS)
def test_every_reader_answers_alike_in_both_places(
    reader: Callable[..., object], arguments: tuple[object, ...]
) -> None:
    text = "import torch, gc\n\ndef f(x):\n    gc.collect()\n    return torch.func.grad(x)\n"
    if reader is code_cells:
        text = '{"nbformat": 4, "cells": [{"cell_type": "code", "source": "x"}]}'
    here = reader([text], *arguments)
    assert here
    assert _plain(apart(reader, [text], *arguments)) == _plain(here)


def _plain(value: object) -> object:
    return [_plain(each) for each in value] if isinstance(value, list | tuple) else value


def test_the_readers_need_nothing_but_python_itself() -> None:
    """The process sees no packages that only the caller's settings lead to."""
    names = ", ".join(sorted({reader.__module__ for reader, _arguments in READERS}))
    program = f"import sys; sys.path.insert(0, {str(ROOT)!r}); import {names}"
    subprocess.run([sys.executable, "-I", "-S", "-c", program], check=True, timeout=60)
