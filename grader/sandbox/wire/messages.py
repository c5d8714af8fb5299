"""Messages on a stream: a header of JSON and a block of bytes, each preceded by its length.

Lengths are checked before anything is allocated, so the far side cannot make this one run out of memory.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Callable
from typing import Any, NamedTuple

_LENGTHS = struct.Struct("<II")
HEADER_BYTES = 1 << 20
READY = b"\x06"  # what a child sends before all messages, once it is confined and has read no code of a student's


class MessageError(Exception):
    """What arrived is not a message."""


class Message(NamedTuple):
    """A header, a block, and the header's text as it came."""

    header: dict[str, Any]
    block: bytes
    text: bytes


def pack(header: dict[str, Any], block: bytes = b"") -> bytes:
    """One message, as `unpack` reads it. The header is to be plain data, as JSON has it."""
    text = json.dumps(header, separators=(",", ":")).encode()
    return _LENGTHS.pack(len(text), len(block)) + text + block


def unpack(read: Callable[[int], bytes], most: int) -> Message:
    """Reads one message.

    Args:
        read: gives exactly as many bytes as it is asked for, or raises.
        most: bytes that the block may have.

    Raises:
        MessageError: if the lengths are out of bounds or the header is not a JSON object.
    """
    text_length, block_length = _LENGTHS.unpack(read(_LENGTHS.size))
    if text_length > HEADER_BYTES or block_length > most:
        raise MessageError("it is too large")
    text, block = read(text_length), read(block_length)
    try:
        header = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise MessageError("its header is not JSON") from error
    if not isinstance(header, dict):
        raise MessageError("its header is not a JSON object")
    return Message(header, block, text)
