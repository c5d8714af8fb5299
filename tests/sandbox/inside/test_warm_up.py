"""Warming up goes the way of a student's code: through the server, on each device, watched and not."""

from __future__ import annotations

from typing import Any

import pytest

from grader.sandbox.inside import warm_up
from grader.sandbox.inside.server import Server


def test_each_device_is_warmed_up_with_and_without_the_trace(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen: list[tuple[str, bool]] = []
    answers: list[Any] = []
    answer = Server.call

    def call(server: Server, request: dict[str, Any], block: bytes) -> Any:
        seen.append((request["device"], request["trace"]))
        answers.append(answer(server, request | {"device": "cpu"}, block))
        return answers[-1]

    monkeypatch.setattr(Server, "call", call)
    warm_up.warm_up(["cpu", "sim"])
    assert seen == [("cpu", False), ("cpu", True), ("sim", False), ("sim", True)]
    for header, block in answers:
        assert [key for key, _ in header["value"]["dict"]] == ["w", "loss", "parameters", "rest"]
        assert header["changed"] == []
        assert block
    assert [bool(header["seen"]) for header, _ in answers] == [False, True, False, True]
