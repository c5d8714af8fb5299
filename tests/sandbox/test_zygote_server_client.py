"""The zygote server: zygotes that it forks do as those that were started, and all end together."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from grader import grade
from grader.errors import NoAnswer
from grader.machines import Machines
from grader.sandbox import Limits, Sandbox, ZygoteServer, start_zygote_server
from grader.sandbox.zygote_server_client import ask
from tests.children import GOOD, call, load
from tests.conftest import ROOT
from tests.processes import alive, children_of, parent_of, within

HANGING = "while True: pass\n"


def test_a_forked_zygote_is_as_a_started_one(
    zygote_server: ZygoteServer, machines: Machines
) -> None:
    with Machines(zygote_server=zygote_server.address) as forked:
        assert forked.sandbox()._process is None
        assert forked.sandbox().layers() == machines.sandbox().layers()
        assert forked.environment == machines.environment
        one, other = (
            grade(ROOT / "solutions" / "losses.py", machines=each) for each in (forked, machines)
        )
    assert one.score == 10
    assert [check.status for check in one.exercises[0].checks] == [
        check.status for check in other.exercises[0].checks
    ]


def test_two_at_once_do_not_meet(zygote_server: ZygoteServer) -> None:
    with (
        Sandbox(zygote_server=zygote_server.address) as one,
        Sandbox(zygote_server=zygote_server.address) as two,
    ):
        first, _ = load(one, GOOD)
        second, _ = load(two, GOOD.replace("7", "8"))
        assert (call(first), call(second)) == (7, 8)
        zygotes = [parent_of(child.pid) for child in (first, second)]
        assert zygotes[0] != zygotes[1]
        first.close()  # and reaps what is left of its own alone
        assert call(second) == 8
        folder = two._folder.path
    assert within(60, lambda: not any(map(alive, zygotes)))
    assert not folder.exists()


def test_a_hanging_child_is_told_as_ever(zygote_server: ZygoteServer) -> None:
    with (
        Sandbox(Limits(import_seconds=0.5), zygote_server=zygote_server.address) as box,
        pytest.raises(NoAnswer, match=r"0\.5 seconds") as told,
    ):
        box.open().load("exercise", [("exercise.py", HANGING)])
    assert told.value.place == (0, 1)


def test_without_an_answer_a_zygote_is_started(tmp_path: Path) -> None:
    with Sandbox(zygote_server=str(tmp_path / "nobody")) as box:
        assert box._process
        child, _ = load(box, GOOD)
        assert call(child) == 7


def test_who_talks_nonsense_does_no_harm(zygote_server: ZygoteServer) -> None:
    for said in (b"", b"nonsense", b"[]", b"{}", b'{"folder": "/nowhere", "confined": true}'):
        for descriptors in ([], [0], [0, 0]):
            with socket.socket(socket.AF_UNIX) as connection:
                connection.connect(zygote_server.address)
                socket.send_fds(connection, [said or b" "], descriptors)
    with Sandbox(zygote_server=zygote_server.address) as box:
        assert box._process is None
        assert box.absent("sim") == ""
        assert within(60, lambda: len(children_of(zygote_server._process.pid)) == 1)


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_it_ends_with_whoever_started_it() -> None:
    program = (
        "import time\nfrom grader.sandbox import Sandbox, start_zygote_server\nserver = start_zygote_server()\n"
        "box = Sandbox(zygote_server=server.address)\nchild = box.open()\n"
        "print(server._process.pid, child.pid, flush=True)\ntime.sleep(100)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, cwd=ROOT, text=True
    ) as process:
        assert process.stdout
        pids = [int(word) for word in process.stdout.readline().split()]
        pids.append(parent_of(pids[1]))
        assert all(map(alive, pids))
        os.kill(process.pid, signal.SIGKILL)
    assert within(60, lambda: not any(map(alive, pids)))


def test_where_none_is_the_request_fails_at_once(tmp_path: Path) -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs, pytest.raises(OSError, match="No such file"):
        ask(str(tmp_path / "nobody"), theirs, 2, str(tmp_path), True)


def test_its_end_leaves_no_address() -> None:
    server = start_zygote_server()
    assert Path(server.address).is_socket()
    server.close()
    assert not Path(server.address).parent.exists()
