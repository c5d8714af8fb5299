"""Torch's global settings, which change what a reference gives: set for each case, and the caller's again afterwards.

Whoever calls the grader may have changed them (a notebook, say), and so may a check. What comes of a case never depends
on that.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch


def set_all() -> None:
    """Sets what one call sets for good: default dtype and device, and that gradients are recorded."""
    torch.set_default_dtype(torch.float32)
    torch.set_default_device(None)
    torch.set_grad_enabled(True)


@contextmanager
def as_they_come() -> Iterator[None]:
    """Has them as they are in a new process, but for one thread; puts back what they were at before."""
    dtype, grad = torch.get_default_dtype(), torch.is_grad_enabled()
    device, threads = torch.get_default_device(), torch.get_num_threads()
    exact: list[Any] = [torch.backends.cuda.matmul, torch.backends.cudnn]
    short = [backend.allow_tf32 for backend in exact]  # 10 bits of mantissa instead of 23
    try:
        with torch.inference_mode(False), torch.autocast("cpu", enabled=False):
            set_all()
            # as in the sandbox; for tensors as small as these, threads only wait for each other
            torch.set_num_threads(1)
            for backend in exact:
                backend.allow_tf32 = False
            yield
    finally:
        for backend, before in zip(exact, short, strict=True):
            backend.allow_tf32 = before
        torch.set_default_dtype(dtype)
        torch.set_default_device(None if device.type == "cpu" else device)
        torch.set_grad_enabled(grad)
        torch.set_num_threads(threads)
