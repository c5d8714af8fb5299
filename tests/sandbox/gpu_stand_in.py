"""A sandbox on a machine that seems to have a GPU: its driver does at its start what a text says, on the CPU."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from grader.sandbox import Sandbox
from grader.sandbox import sandbox as sandbox_module

_DRIVER = """
import os, resource, socket, threading
from pathlib import Path
import torch
import grader.sandbox.isolation.gpu_diagnosis as there

def pretend():
    ones = torch.ones
    def on_gpu(*size, device=None, **rest):
        if device == "cuda":
            local = socket.socket(socket.AF_UNIX)
            address = "\\0grader-test-%d" % os.getpid()
            local.bind(address)
            local.listen(1)
            with open("/proc/self/task/%d/comm" % threading.get_native_id(), "w") as file:
                file.write("of-the-driver")
            pass
        return ones(*size, **rest)
    torch.ones = on_gpu
    torch.version.cuda = "13.0"
    torch.cuda.set_per_process_memory_fraction = lambda share: None
    torch.cuda.synchronize = lambda: None
    torch.cuda.mem_get_info = lambda: (50 << 30, 80 << 30)
    there.devices = lambda: [Path("/dev/null")]

pretend()
"""


class GpuStandIn:
    """Starts such sandboxes, and ends them.

    Args:
        folder: for what the drivers do.
    """

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch) -> None:
        self._folder = folder
        self._patch = patch
        self._running: list[Sandbox] = []

    def start(self, driver: str = "pass", **given: Any) -> Sandbox:
        """One with `given`, whose driver does `driver` whenever a process starts CUDA.

        The text is indented by twelve; `address` is that of the socket that a driver has.
        """
        script = self._folder / f"driver{len(self._running)}.py"
        script.write_text(_DRIVER.replace("pass", driver), encoding="utf-8")
        before = f"exec(open({str(script)!r}).read(), dict()); from grader"
        boot = sandbox_module._BOOT.replace("from grader", before)
        with self._patch.context() as patched:
            patched.setattr(sandbox_module, "_BOOT", boot)
            self._running.append(Sandbox(device="cuda", **given))
        return self._running[-1]

    def close(self) -> None:
        for sandbox in self._running:
            sandbox.close()
