"""Messages on a stream: a header of JSON and a block of bytes, each preceded by its length.

Lengths are checked before anything is allocated, so the far side cannot make this one run out of memory. The JSON is
of the strictest kind: no name twice in an object, no number but an integer of 64 bits, nothing around it.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from json.encoder import encode_basestring_ascii
from types import SimpleNamespace
from typing import Any, NamedTuple

from .private_names import make_encoder, make_scanner

LENGTHS = struct.Struct("<II")  # of header and block, in bytes
HEADER_BYTES = 1 << 20
_MAX_DIGITS = 20  # of an integer of 64 bits, with its sign
# what a child sends before all messages, once it is confined and has read no code of a student's: that it is ready, or
# that its device does not start
READY, NOT_STARTED = b"\x06", b"\x15"
# in what it prints: what stands before this belongs to a rehearsal (ASCII's record separator)
PRINTED_ANEW = b"\x1e"


class MessageError(Exception):
    """What arrived is not a message."""


class Message(NamedTuple):
    """A header, a block, and the header's text as it came."""

    header: dict[str, Any]
    block: bytes
    text: bytes


def _refuse(value: object) -> Any:
    raise ValueError(value)


def _integer(text: str) -> int:
    if len(text) > _MAX_DIGITS or not -(2**63) <= (number := int(text)) < 2**63:
        raise ValueError(text)
    return number


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise ValueError("a name twice")
    return made


# what `json.JSONEncoder` and `json.JSONDecoder` make for themselves
_encode = make_encoder and make_encoder(
    None, _refuse, encode_basestring_ascii, None, ":", ",", False, False, False
)
_scan = make_scanner and make_scanner(
    SimpleNamespace(
        strict=True,
        object_hook=None,
        object_pairs_hook=_object,
        parse_float=_refuse,
        parse_int=_integer,
        parse_constant=_refuse,
        memo={},
    )
)


def pack(header: dict[str, Any], block: bytes = b"") -> bytes:
    """One message, as `unpack` reads it. The header is to be plain data, as JSON has it, without floats."""
    text = "".join(_encode(header, 0)).encode()
    return LENGTHS.pack(len(text), len(block)) + text + block


def unpack(read: Callable[[int], bytes], most: int) -> Message:
    """Reads one message.

    Args:
        read: gives exactly as many bytes as it is asked for, or raises.
        most: bytes that the block may have.

    Raises:
        MessageError: if the lengths are out of bounds or the header is not a JSON object.
    """
    text_length, block_length = LENGTHS.unpack(read(LENGTHS.size))
    if text_length > HEADER_BYTES or block_length > most:
        raise MessageError("it is too large")
    text, block = read(text_length), read(block_length)
    return Message(parse(text), block, text)


def parse(text: bytes) -> dict[str, Any]:
    """The header that `text` is.

    Raises:
        MessageError: if it is not a JSON object.
    """
    try:
        characters = text.decode()
        header, end = _scan(characters, 0)
    except (ValueError, RecursionError, StopIteration) as error:
        raise MessageError("its header is not JSON") from error
    if type(header) is not dict or end != len(characters):
        raise MessageError("its header is not a JSON object")
    return header
