"""Messages on a stream: what goes in comes out, and what is malformed is refused."""

from __future__ import annotations

import io
import struct

import pytest

from grader.sandbox.wire.messages import HEADER_BYTES, MessageError, pack, unpack


def test_a_message() -> None:
    stream = io.BytesIO(pack({"a": 1}, b"xyz"))
    assert unpack(stream.read, 3) == ({"a": 1}, b"xyz", b'{"a":1}')


@pytest.mark.parametrize(
    "data",
    [
        struct.pack("<II", HEADER_BYTES + 1, 0),
        struct.pack("<II", 2, 100) + b"{}",
        struct.pack("<II", 2, 0) + b"[]",
        struct.pack("<II", 2, 0) + b"{'",
        struct.pack("<II", 2, 0) + b"\xff\xff",
        struct.pack("<II", 60000, 0) + b"[" * 60000,
        struct.pack("<II", 60000, 0) + b'{"a":' * 12000,
        *(
            struct.pack("<II", len(text), 0) + text
            for text in (
                b'{"a":1,"a":2}',
                b'{"b":{"a":1,"a":1}}',
                b'{"a":1.5}',
                b'{"a":1e9}',
                b'{"a":NaN}',
                b'{"a":-Infinity}',
                b'{"a":9223372036854775808}',
                b'{"a":' + b"1" * 4000 + b"}",
                b' {"a":1}',
                b'{"a":1} ',
                b'{"a":1}{"a":1}',
                '{"a":1}'.encode("utf-16"),
                b"",
            )
        ),
    ],
)
def test_malformed_messages_are_refused(data: bytes) -> None:
    with pytest.raises(MessageError):
        unpack(io.BytesIO(data).read, 99)


def test_a_header_alone() -> None:
    assert unpack(io.BytesIO(pack({})).read, 0) == ({}, b"", b"{}")


def test_one_after_another() -> None:
    stream = io.BytesIO(pack({"a": "ŷ"}, b"\0" * 9) + pack({"b": None}) + b"rest")
    assert unpack(stream.read, 9).header == {"a": "ŷ"}
    assert unpack(stream.read, 9).header == {"b": None}
    assert stream.read() == b"rest"


def test_lengths_are_looked_at_before_anything_else_is_read() -> None:
    """Else the far side could have this one take all of its memory."""
    for lengths in ((HEADER_BYTES + 1, 0), (2, 100), (2**32 - 1, 2**32 - 1)):
        asked: list[int] = []

        def read(count: int, lengths: tuple[int, int] = lengths, asked: list[int] = asked) -> bytes:
            asked.append(count)
            return struct.pack("<II", *lengths)

        with pytest.raises(MessageError, match="it is too large"):
            unpack(read, 99)
        assert asked == [8]


def test_a_block_of_the_most_that_is_allowed() -> None:
    assert unpack(io.BytesIO(pack({}, b"x" * 99)).read, 99).block == b"x" * 99
    with pytest.raises(MessageError):
        unpack(io.BytesIO(pack({}, b"x" * 100)).read, 99)
