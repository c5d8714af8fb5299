"""Files that were not saved as UTF-8: read where one encoding alone can be meant."""

from __future__ import annotations

import pytest

from grader.submission.encodings import other_text

KOREAN = "# 선형 계층 → 가중치\nx = '값'\n"
WESTERN = "# größer als die Hälfte – déjà vu\nx = 'café'\n"


@pytest.mark.parametrize(
    ("text", "encoding", "shown"),
    [
        (KOREAN, "utf-16", "UTF-16"),
        (KOREAN, "utf-16-be", "UTF-16"),
        ("x = 1\n", "utf-16-le", "UTF-16"),
        (KOREAN, "cp949", "CP949"),
        (KOREAN, "euc-kr", "CP949"),
        (WESTERN, "cp1252", "Windows-1252"),
        (WESTERN.replace("–", "-"), "latin-1", "Windows-1252"),
        ("# coding: shift_jis\nx = '値'\n", "shift_jis", "shift_jis"),
        ("#!/bin/sh\n# -*- coding: latin-1 -*-\nx = 'ÿ'\n", "latin-1", "latin-1"),
    ],
)
def test_what_can_be_meant_alone_is_read(text: str, encoding: str, shown: str) -> None:
    if encoding == "utf-16-be":
        text = "x = 1  # 값\n" * 3
    assert other_text(text.encode(encoding)) == (text, shown)


@pytest.mark.parametrize(
    "data",
    [
        b"x = '\xff'\n",
        b"x = 1\n\0",
        "# 値を返す\n".encode("shift_jis"),
        b"# coding: rot13\nx = '\xff'\n",
        b"# coding: no_such_encoding\nx = '\xff'\n",
        b"\xff\xfex",
        bytes(range(256)),
        "# смотри\n".encode("cp1251"),
    ],
)
def test_what_may_be_anything_is_not(data: bytes) -> None:
    assert other_text(data) is None
