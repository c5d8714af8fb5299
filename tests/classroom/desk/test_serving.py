"""The desk is served on this machine alone, at the address that it tells."""

from __future__ import annotations

import socket
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import HTTPCookieProcessor, ProxyHandler, build_opener

import pytest

from grader.classroom.desk.serving import HOST, Desk
from grader.errors import OutputError
from tests.desks import class_at_a_desk
from tests.served import desk_of


def test_the_address_that_is_told_is_answered(tmp_path: Path) -> None:
    with class_at_a_desk(tmp_path / "g.db") as book, desk_of(book) as address:
        assert address.startswith("http://127.0.0.1:")
        opener = build_opener(HTTPCookieProcessor(), ProxyHandler({}))
        root = address.partition("?")[0]
        with pytest.raises(HTTPError, match="403"):
            opener.open(root, timeout=20)
        opener.open(address, timeout=20).close()
        with opener.open(root, timeout=20) as answer:
            assert "Ada Lovelace" in answer.read().decode()
            assert "waitress" not in answer.headers.get("Server", "")


def test_a_port_that_is_taken_is_told_in_a_sentence(tmp_path: Path) -> None:
    with class_at_a_desk(tmp_path / "g.db") as book, socket.create_server((HOST, 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(OutputError, match=f"Port {port} cannot be used: .* Choose another"):
            Desk(book, "me", port)
