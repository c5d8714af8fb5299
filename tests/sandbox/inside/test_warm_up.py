"""Warming up goes the way of a student's code: through the server, on each device, watched and not."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from grader.sandbox.inside import server, warm_up
from grader.sandbox.wire.messages import LENGTHS, pack, parse


def test_each_device_is_warmed_up_with_and_without_the_trace(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen: list[tuple[str, bool]] = []
    headers: list[dict[str, Any]] = []
    begin = server.begin

    def on_the_cpu(own: SimpleNamespace, request: dict[str, Any]) -> None:
        seen.append((request["device"], bool(request["trace"])))
        begin(own, request | {"device": "cpu"})

    def kept(header: dict[str, Any], block: bytes) -> bytes:
        assert block
        message = pack(header, block)
        length, _ = LENGTHS.unpack_from(message)
        headers.append(parse(message[LENGTHS.size :][:length]))
        return message

    monkeypatch.setattr(server, "begin", on_the_cpu)
    monkeypatch.setattr(server, "pack", kept)
    warm_up.warm_up(["cpu", "sim"])
    assert seen == [("cpu", False), ("cpu", True), ("sim", False), ("sim", True)]
    for header in headers:
        assert [key for key, _ in header["value"]["dict"]] == ["w", "loss", "parameters", "rest"]
        assert header["changed"] == []
    assert [bool(header["seen"]) for header in headers] == [False, True, False, True]
