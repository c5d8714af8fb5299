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
    ],
)
def test_malformed_messages_are_refused(data: bytes) -> None:
    with pytest.raises(MessageError):
        unpack(io.BytesIO(data).read, 99)
