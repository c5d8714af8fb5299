"""System calls that a child is refused, and the few that the driver of a GPU needs."""

from __future__ import annotations

import pytest

from grader.sandbox import Sandbox
from tests.children import told_by

pytestmark = pytest.mark.xdist_group("cuda_child")


LOCAL = """
import os, socket
def f():
    with socket.socket(socket.AF_UNIX) as local:
        local.bind("\\0grader-test-%d" % os.getpid())
        local.listen(1)
        return local.getsockname() != ""
"""


TRAFFIC = """
import ctypes, errno, os, socket
libc = ctypes.CDLL(None, use_errno=True)
def f():
    address = "\\0grader-test-%d" % os.getpid()
    local = socket.socket(socket.AF_UNIX)
    local.bind(address)
    local.listen(1)
    local.setblocking(False)
    raw = b"\\1\\0" + address.encode()
    calls = {
        "connect": (raw, len(raw)), "accept": (None, None), "accept4": (None, None, 0), "sendmsg": (None, 0),
        "sendto": (b"x", 1, 0, raw, len(raw)), "send": (b"x", 1, 0), "sendmmsg": (None, 0, 0),
    }
    told = {}
    for name, arguments in calls.items():
        other = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
        end = local if name.startswith("accept") else other
        ctypes.set_errno(0)
        getattr(libc, name)(end.fileno(), *arguments)
        told[name] = errno.errorcode.get(ctypes.get_errno(), "done")
    ctypes.set_errno(0)
    libc.socketpair(1, 1, 0, (ctypes.c_int * 2)())
    told["socketpair"] = errno.errorcode.get(ctypes.get_errno(), "done")
    return told
"""


DOMAINS = """
import ctypes, errno
libc = ctypes.CDLL(None, use_errno=True)
def f():
    told = {}
    for domain in range(64):
        ctypes.set_errno(0)
        libc.socket(domain, 1, 0)
        told[str(domain)] = errno.errorcode.get(ctypes.get_errno(), "done")
    return told
"""


def test_a_local_socket_can_be_listened_on(cuda_sandbox: Sandbox) -> None:
    assert told_by(cuda_sandbox, LOCAL) is True


def test_nothing_goes_through_a_socket(cuda_sandbox: Sandbox) -> None:
    told = told_by(cuda_sandbox, TRAFFIC)
    assert len(told) == 8
    assert set(told.values()) == {"EPERM"}, told


def test_no_other_domain_is_there(cuda_sandbox: Sandbox) -> None:
    told = told_by(cuda_sandbox, DOMAINS)
    assert [domain for domain, what in told.items() if what != "EPERM"] == ["1"]


def test_a_large_answer_comes_back(cuda_sandbox: Sandbox) -> None:
    """The child's own connection is written to, where nothing may be sent."""
    answer = told_by(cuda_sandbox, "import torch\ndef f():\n    return torch.ones(1 << 22)\n")
    assert answer.sum().item() == 1 << 22


def test_a_child_for_the_cpu_has_no_sockets(sandbox: Sandbox) -> None:
    assert told_by(sandbox, LOCAL)["type"] == "PermissionError"
    assert set(told_by(sandbox, DOMAINS).values()) == {"EPERM"}


@pytest.mark.cuda
def test_with_the_gpu_in_use_the_rest_stays_closed(cuda_sandbox: Sandbox) -> None:
    if why := cuda_sandbox.absent("cuda"):
        pytest.skip(f"no cuda here: {why}")
    start = "def f():\n    assert torch.ones(2, device='cuda').sum() == 2\n"
    told = told_by(
        cuda_sandbox, "import torch\n" + TRAFFIC.replace("def f():\n", start), ["torch._dynamo"]
    )
    assert set(told.values()) == {"EPERM"}, told
