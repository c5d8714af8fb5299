"""A kept result comes back as it was, or not at all."""

from __future__ import annotations

import zlib
from dataclasses import replace

import pytest

from grader.classroom.gradebook.kept_report import packed, unpacked
from tests.gradebooks import report


def test_it_comes_back_as_it_was() -> None:
    assert unpacked(packed(report(7))) == report(7)


@pytest.mark.parametrize(
    "data",
    [
        *(b"", b"x", packed(report(7))[:-9], packed(replace(report(7), exercises=()))),
        *map(zlib.compress, (b"{}", b"[]", b"null")),
    ],
)
def test_what_is_damaged_is_none(data: bytes) -> None:
    assert unpacked(data) is None
