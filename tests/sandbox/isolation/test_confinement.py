"""The layers around a child: what they refuse, what they leave, and what is told of them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from grader.sandbox import Sandbox
from grader.sandbox.isolation import confinement, landlock
from grader.sandbox.isolation.confinement import Confinement, Layer, as_data
from tests.children import call, load
from tests.conftest import ROOT


@pytest.mark.parametrize(
    "attempt",
    [
        "open('/etc/passwd').read()",
        f"open({str(ROOT / 'solutions' / 'my_linear.py')!r}).read()",
        f"open({str(ROOT / 'grader' / 'checks' / 'my_linear.py')!r}).read()",
        "open('/proc/%d/environ' % os.getppid()).read()",
        "os.listdir(os.path.expanduser('~root'))",
        "open('/tmp/grader-test-of-writing', 'w')",
        "open('/dev/shm/grader-test-of-writing', 'w')",
        "os.fork()",
        "os.execv('/bin/true', ['true'])",
        "os.kill(os.getppid(), 0)",
        "os.kill(1, 0)",
        "socket.socket()",
        "socket.socket(socket.AF_UNIX)",
        "socket.socket(socket.AF_INET, socket.SOCK_DGRAM)",
        "resource.prlimit(os.getppid(), resource.RLIMIT_CPU, (1, 1))",
        "os.sched_setaffinity(os.getppid(), {0})",
        "os.setpriority(os.PRIO_PROCESS, os.getppid(), 19)",
        "os.memfd_create('x')",
        "os.pidfd_open(os.getppid())",
        "os.setsid()",
    ],
)
def test_the_kernel_refuses(strict_sandbox: Sandbox, attempt: str) -> None:
    layers = {layer.name: layer for layer in strict_sandbox.layers()}
    for name in ("files hidden", "no network"):
        if not layers[name].on:
            assert (
                layers[name].why != "a file could be read all the same"
            )  # a hole, and no old kernel
            pytest.skip(f"{name}: {layers[name].why}")
    child, _ = load(strict_sandbox, f"import os, socket, resource\ndef f():\n    {attempt}\n")
    error = call(child)
    child.close()
    assert error["type"] == "PermissionError"


def test_layers_that_are_off_are_told() -> None:
    with Sandbox(confined=False) as box:
        layers = {layer.name: layer for layer in box.layers()}
    assert layers["wall clock"].on
    assert not layers["files hidden"].on
    assert layers["files hidden"].why == layers["no network"].why == "switched off"


def test_what_a_solution_needs_is_left(strict_sandbox: Sandbox) -> None:
    source = (
        "import os, tempfile, threading, torch\n"
        "def f():\n"
        "    with tempfile.NamedTemporaryFile() as file:\n"
        "        file.write(b'x')\n"
        "    threads = [threading.Thread(target=print) for _ in range(3)]\n"
        "    [t.start() for t in threads]\n"
        "    [t.join() for t in threads]\n"
        "    torch.set_num_threads(2)\n"
        "    torch.randn(300, 300) @ torch.randn(300, 300)\n"
        "    torch.save({'a': torch.ones(2)}, 'a.pt')\n"
        "    import statistics, fractions, sqlite3\n"
        "    return torch.load('a.pt')['a'].sum().item()\n"
    )
    child, _ = load(strict_sandbox, source)
    assert call(child) == 2.0
    child.close()


def test_each_layer_was_tried(strict_sandbox: Sandbox) -> None:
    tried = [layer.name for layer in strict_sandbox.layers()][-5:]
    assert tried == [*confinement._attempts()]


def test_a_layer_counts_as_on_where_the_attempt_failed() -> None:
    def works() -> None:
        pass

    def fails() -> None:
        raise PermissionError

    assert confinement._stopped(fails)
    assert not confinement._stopped(works)


def test_where_a_process_can_be_started_it_ends_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    ended: list[int] = []
    monkeypatch.setattr("os._exit", ended.append)
    monkeypatch.setattr("os.fork", lambda: 4711)  # as the one that starts it sees it
    confinement._attempts()["no new processes"]()
    assert ended == []
    monkeypatch.setattr("os.fork", lambda: 0)
    confinement._attempts()["no new processes"]()
    assert ended == [0]


def test_without_landlock_the_reason_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(landlock, "version", lambda: 0)
    made = Confinement(tmp_path, [], wanted=True)
    assert made.reasons == {"landlock": "this kernel has no Landlock"}
    assert made.descriptors == []


def test_on_another_system_there_are_no_layers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.platform", "darwin")
    made = Confinement(tmp_path, [], wanted=True)
    assert set(made.reasons.values()) == {"not on darwin"}
    made.apply()  # which does nothing: this process can open what it could
    Path("/etc/passwd").read_bytes()


@pytest.mark.skipif(not landlock.version(), reason="this kernel has no Landlock")
def test_the_rules_stay_open_until_they_are_applied(tmp_path: Path) -> None:
    made = Confinement(tmp_path, [], wanted=True)
    [descriptor] = made.descriptors
    os.close(descriptor)  # which raises where it is not open


def test_layers_as_the_wire_carries_them() -> None:
    layer = Layer("no network", False, "switched off")
    assert as_data([layer]) == [{"name": "no network", "on": False, "why": "switched off"}]
    assert Layer(**as_data([layer])[0]) == layer
