"""What is asked of a zygote, and answered: an answer that is none, or does not come, ends in a sentence."""

from __future__ import annotations

import socket
from typing import Any

import pytest

from grader.errors import SandboxLost
from grader.sandbox import Sandbox, ZygoteServer, zygote_channel
from grader.sandbox import sandbox as sandbox_module
from tests.children import GOOD, load
from tests.processes import alive, within

ANSWERS = """
import socket, sys
control = socket.socket(fileno={{control}})
for answer in {answers!r}:
    control.recv(65536)
    control.sendall(answer)
control.recv(65536)
"""
FORKED = b'{"pid": 1234567, "zygote": 1234567, "layers": [], "absent": {}}'


def answering(monkeypatch: pytest.MonkeyPatch, *answers: bytes) -> Sandbox:
    """One whose zygote says something else."""
    boot = ANSWERS.format(answers=answers).replace("{", "{{").replace("}", "}}")
    boot = boot.replace("{{{{control}}}}", "{control}").replace("{{control}}", "{control}")
    monkeypatch.setattr(sandbox_module, "_BOOT", boot)
    return Sandbox()


@pytest.mark.parametrize(
    "answer",
    [
        b"\n",
        b"nonsense\n",
        b"[]\n",
        b"7\n",
        b"{}\n",
        b'{"pid": 7}\n',
        b'{"status": 9}\n',
        b"[" * 100_000 + b"\n",
        b"\xff\n",
        b" " * 120_000,  # which goes on and on
        *(FORKED.replace(b'"pid": 1234567', b'"pid": ' + pid) + b"\n" for pid in (
            b"-1", b"0", b"1", b"null", b"true", b'"7"', b"1e999", b"7.5")),
        FORKED.replace(b"[]", b"[7]") + b"\n",
        FORKED.replace(b"[]", b'[{"name": 1}]') + b"\n",
        FORKED.replace(b"{}", b"7") + b"\n",
    ],
)  # fmt: skip
def test_an_answer_of_the_zygotes_that_is_none(
    monkeypatch: pytest.MonkeyPatch, answer: bytes
) -> None:
    monkeypatch.setattr(zygote_channel, "_MOST_REPLY", 110_000)
    with answering(monkeypatch, answer) as box:
        for _ in range(2):  # and it is not asked again
            with pytest.raises(SandboxLost, match="sent an answer that is not one"):
                box.open()
        folder = box._folder.path
    assert not folder.exists()


@pytest.mark.parametrize(
    "answer", [b'{"status": "x"}\n', b'{"status": true}\n', b"{}\n", b"null\n"]
)
def test_an_answer_about_an_end_that_is_none(
    monkeypatch: pytest.MonkeyPatch, answer: bytes
) -> None:
    monkeypatch.setattr("grader.sandbox.child._handle_on", lambda _: None)
    monkeypatch.setattr("os.killpg", lambda *_: None)
    with answering(monkeypatch, FORKED + b"\n", answer) as box:
        child = box.open()
        with pytest.raises(SandboxLost, match="sent an answer that is not one"):
            child.close()


def test_an_answer_in_pieces_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("grader.sandbox.child._handle_on", lambda _: None)
    pieces = "control.sendall(answer[:9]); time.sleep(0.01); control.sendall(answer[9:])"
    whole = ANSWERS.replace("control.sendall(answer)", pieces).replace("socket,", "socket, time,")
    monkeypatch.setattr("tests.sandbox.test_zygote_channel.ANSWERS", whole)
    with answering(monkeypatch, FORKED + b"\n", b'{"status": 9}\n') as box:
        assert box.open().close() == 9


def test_a_zygote_that_ends_without_an_answer_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    with answering(monkeypatch) as box, pytest.raises(SandboxLost, match=r"process ended\.$"):
        box.open()


def test_a_zygote_that_says_nothing_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zygote_channel, "_ANSWER_SECONDS", 0.1)
    with answering(monkeypatch, b"") as box, pytest.raises(SandboxLost, match="does not answer"):
        box.open()


class Interrupted:
    """Stands for a connection: what is received is, or the receiving ends in an interrupt."""

    def __init__(self, real: socket.socket, at: str) -> None:
        self._real = real
        self._at = at

    def __getattr__(self, name: str) -> Any:
        if name == self._at:
            raise KeyboardInterrupt
        return getattr(self._real, name)


@pytest.mark.parametrize("at", ["sendmsg", "sendall", "settimeout", "recv"])
def test_after_an_interrupt_no_answer_is_taken_for_anothers(
    zygote_server: ZygoteServer, monkeypatch: pytest.MonkeyPatch, at: str
) -> None:
    with Sandbox(zygote_server=zygote_server.address) as box:
        child, _ = load(box, GOOD)
        pid, real = child.pid, box._channel._ours
        with monkeypatch.context() as interrupted:
            interrupted.setattr(box._channel, "_ours", Interrupted(real, at))
            with pytest.raises(KeyboardInterrupt):
                # it is asked to end a child, and then to make one
                box.open()
        for _ in range(2):
            with pytest.raises(SandboxLost, match="was interrupted"):
                box.open()
        folder = box._folder.path
    assert not folder.exists()
    assert within(60, lambda: not alive(pid))
