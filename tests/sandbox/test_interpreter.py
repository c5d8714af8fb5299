"""A fresh Python: it has what it is given, and nothing else of this process."""

from __future__ import annotations

import json
import os
import socket
from pathlib import Path

import pytest

from grader.sandbox import Sandbox
from grader.sandbox.interpreter import PACKAGES, clean_environment, start_python
from tests.children import told_by
from tests.conftest import ROOT, Grade

pytestmark = pytest.mark.xdist_group("cuda_child")


def test_the_user_has_a_name(either: Sandbox) -> None:
    source = "import getpass, os\ndef f():\n    return [getpass.getuser(), os.environ['USER']]\n"
    assert told_by(either, source) == ["student", "student"]
    hidden = "def f():\n    open('/etc/passwd')\n"
    assert told_by(either, hidden)["type"] == "PermissionError"


SECRETS = ("GITHUB_TOKEN", "PYTHONPATH", "LD_PRELOAD", "LD_LIBRARY_PATH", "SSH_AUTH_SOCK", "HOME")


@pytest.mark.parametrize("device", ["cpu", "cuda"])
def test_the_environment_has_nothing_of_this_process(
    monkeypatch: pytest.MonkeyPatch, device: str
) -> None:
    for name in SECRETS:
        monkeypatch.setenv(name, "secret")
    environment = clean_environment(device)
    left = [name for name, value in environment.items() if value == "secret"]
    assert left == (
        ["LD_LIBRARY_PATH"] if device == "cuda" else []
    )  # where its driver's libraries are
    assert environment["PYTHONHASHSEED"] == "0"
    assert environment["OMP_NUM_THREADS"] == "1"


def test_a_gpu_is_hidden_from_those_that_are_not_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "2")
    assert clean_environment("cpu")["CUDA_VISIBLE_DEVICES"] == ""
    assert clean_environment("cuda")["CUDA_VISIBLE_DEVICES"] == "2"


TELL = """
import json, os, socket, sys
def is_open(number):
    try:
        os.fstat(number)
    except OSError:
        return False
    return True
answer = [os.getcwd(), dict(os.environ), sys.path[0], os.getsid(0) == os.getpid(), sys.stdin.read(),
          [number for number in range(3, 1000) if is_open(number)]]
socket.socket(fileno=NUMBER).sendall(json.dumps(answer).encode())
"""


def test_it_starts_with_what_it_is_given(tmp_path: Path) -> None:
    ours, theirs = socket.socketpair()
    kept, other = os.pipe()
    os.set_inheritable(kept, True)  # and yet it is not passed on
    with ours, theirs:
        number = theirs.fileno()
        program = TELL.replace("NUMBER", str(number))
        process = start_python(
            program, [number], tmp_path, {"NAME": "value", "LC_CTYPE": "C.UTF-8"}
        )
        theirs.close()
        with ours.makefile() as answer:
            folder, environment, path, session, text, descriptors = json.load(answer)
    os.close(kept)
    os.close(other)
    assert process.wait() == 0
    assert Path(folder) == tmp_path.resolve()
    assert environment == {"NAME": "value", "LC_CTYPE": "C.UTF-8"}
    assert path not in ("", folder)  # nothing that lies where it starts is imported
    assert session
    assert text == ""
    assert descriptors == [number]


def test_the_package_is_found_where_it_lies() -> None:
    assert (Path(PACKAGES) / "grader" / "sandbox" / "interpreter.py").is_file()


def test_by_hand_work_may_ask_torch_for_threads(graded: Grade) -> None:
    """There are none for it: once such work is watched, OpenMP would end a process that asks for one."""
    solution = (ROOT / "solutions" / "mlp_backward.py").read_text(encoding="utf-8")
    asked = "import torch\ntorch.set_num_threads(4)\n"
    busy = "\n_given = cross_entropy\ndef cross_entropy(logits, labels):\n    torch.set_num_threads(2)\n"
    busy += "    large = torch.rand(600, 600)\n    (large @ large + large).sum()\n"
    busy += "    return _given(logits, labels)\n"
    for text in (asked + solution, solution + busy):
        result = graded("mlp_backward", text)
        assert result.status == "passed", result
