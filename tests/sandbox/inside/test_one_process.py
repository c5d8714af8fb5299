"""What would start another process, or share memory with one, goes by in a child, and is itself where it can be."""

from __future__ import annotations

import subprocess

import pytest

from grader.sandbox import Sandbox
from tests.children import told_by


@pytest.mark.parametrize(
    ("attempt", "answer"),
    [
        ("subprocess.run(['nvidia-smi'], check=True, capture_output=True, text=True).stdout", ""),
        ("subprocess.check_output('ls; ls', shell=True)", "bytes"),
        ("subprocess.call(['pip', 'install', 'torch'])", 0),
        ("subprocess.run(['cat'], input=b'text', stdout=-1).stdout", "bytes"),
        ("subprocess.Popen(['ls']).wait(timeout=1)", 0),
        ("os.popen('ls').read()", ""),
        ("ThreadPool(2).map(abs, [-1, -2])", [1, 2]),
        ("[q.put(3), q.get()][1]", 3),
        ("[lock.acquire(), lock.acquire(False), lock.release(), lock.acquire(True, 1)]", [True, False, None, True]),
        ("[r.acquire(), r.acquire(), r.release(), r.release()]", [True, True, None, None]),
        # as joblib makes it, which scikit-learn imports
        ("__import__('_multiprocessing').SemLock(kind=1, value=1, maxvalue=1, name='/x', unlink=True).acquire()", True),
        ("torch.ones(3).share_memory_().tolist()", [1.0, 1.0, 1.0]),
        ("len(list(torch.nn.Linear(2, 2).share_memory().parameters()))", 2),
    ],
)  # fmt: skip
def test_it_goes_by(sandbox: Sandbox, attempt: str, answer: object) -> None:
    source = (
        "import multiprocessing, os, subprocess, torch\n"
        "from multiprocessing.pool import ThreadPool\n"
        "q, lock, r = multiprocessing.Queue(), multiprocessing.Lock(), multiprocessing.RLock()\n"
        f"def f():\n    found = {attempt}\n"
        "    return 'bytes' if found == b'' else found\n"
    )
    assert told_by(sandbox, source) == answer


def test_a_lock_is_released_by_its_owner_alone(sandbox: Sandbox) -> None:
    source = "import multiprocessing\ndef f():\n    multiprocessing.{}.release()\n"
    assert told_by(sandbox, source.format("RLock()"))["type"] == "AssertionError"
    assert told_by(sandbox, source.format("Lock()"))["type"] == "ValueError"


def test_threads_wait_for_each_other(sandbox: Sandbox) -> None:
    source = """
import multiprocessing
import threading
def f():
    ready, seen = multiprocessing.Condition(), []
    def tell():
        with ready:
            seen.append(1)
            ready.notify()
    with ready:
        thread = threading.Thread(target=tell)
        thread.start()
        told = ready.wait_for(lambda: seen, timeout=20)
    thread.join()
    return [bool(told), seen]
"""
    assert told_by(sandbox, source) == [True, [1]]


def test_without_the_kernels_layers_it_is_as_python_has_it() -> None:
    source = (
        "import multiprocessing, subprocess, torch\n"
        "def f():\n"
        "    said = subprocess.run(['echo', 'text'], capture_output=True, text=True).stdout\n"
        "    lock = type(multiprocessing.Lock()._semlock).__module__\n"
        "    return [said, lock, torch.ones(1).share_memory_().is_shared()]\n"
    )
    with Sandbox(confined=False) as box:
        assert told_by(box, source) == ["text\n", "_multiprocessing", True]


def test_this_process_is_as_it_was() -> None:
    """It is put into Python's modules in the zygote, and not where the grader runs."""
    assert not hasattr(vars(subprocess.Popen)["_execute_child"], "__wrapped__")
