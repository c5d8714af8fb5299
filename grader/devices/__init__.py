"""A second device for machines that have none: `sim`, an accelerator in pure Python that keeps CUDA's rules.

The commonest mistake with devices is a tensor made on the CPU inside of code that was given tensors on a GPU. No
machine without a GPU sees it. On `sim` such code raises what it raises on CUDA, with the same words and `sim:0` for
`cuda:0`, and what works on CUDA works with the same numbers. There are two of it, `sim:0` and `sim:1`, for mistakes
that no machine with one GPU sees: a device named by its number, and one that is the current one and not the inputs'.

A tensor on `sim` is a plain `torch.Tensor` of PyTorch's spare backend, `PrivateUse1`. Its storage points at memory of
the CPU and owns it, so views, aliasing, version counters, autograd and `.data` are torch's own. Operators reach one
fallback, which checks the devices of the operands, runs the CPU's kernel on the same memory, and puts the result on
`sim`. That interface of torch is experimental: where it cannot be set up, `set_up` gives the reason.

Known differences from CUDA: operations wait until they are done; a generator of `sim` may serve the CPU; `.data` and
`Module.to` cannot move a parameter between the CPU and `sim` whose graph is still in use; `.to("sim")` goes to `sim:0`
where another is the current device; no tensors of compressed rows, fused attention or recurrent cells.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import torch

from .frontend import Module, patch
from .memory import COUNT, NAME, state
from .plans import direct_operators
from .torch_private import set_up_backend, why_not

__all__ = ["COUNT", "NAME", "seen_by_torch", "set_up"]

_kept: list[Any] = []  # registrations end when they are collected


def set_up() -> str:
    """Makes the device known to torch in this process, once; the reason if it cannot be, empty otherwise.

    No backward pass may come before it in a process that is to fork afterwards, except one on the CPU alone: torch
    starts a thread for each device that it knows at that time.
    """
    if _kept or why_not():
        return why_not()
    try:
        # each operator is looked up there, and one may have gone
        from .compound import KINDS, kernels
        from .operators import convolution, convolution_backward, run_on_compound, run_on_sim

        module = Module()
        set_up_backend(NAME, backend_module=module)
        library = torch.library.Library("_", "IMPL")
        library.fallback(run_on_sim, "PrivateUse1")
        for kind in KINDS:
            library.fallback(run_on_compound, kind)
        own = torch.library.Library("aten", "IMPL")
        own.impl("convolution_overrideable", convolution, "PrivateUse1")
        own.impl("convolution_backward_overrideable", convolution_backward, "PrivateUse1")
        for kind, op, kernel in kernels(run_on_compound):
            own.impl(op, kernel, kind)
        for mark in ("Conjugate", "Negative"):  # a copy goes by the marks itself
            own.impl("_copy_from", torch.library.fallthrough_kernel, mark)
        for op in direct_operators():
            own.impl(op, partial(run_on_sim, op), "PrivateUse1")
        _kept.extend([library, own])
        patch(module)
        for index in range(COUNT):
            if not _differentiates(torch.device(NAME, index)):
                return "gradients on it are wrong"
    except Exception as error:  # an experimental interface: anything may be missing
        return f"{type(error).__name__}: {error}"[:300]
    return ""


def _differentiates(device: torch.device) -> bool:
    left = torch.ones(2, device=device, requires_grad=True)
    with seen_by_torch(NAME):
        (left * torch.arange(2, device=device)).sum().backward()
    return left.grad is not None and left.grad.tolist() == [0.0, 1.0]


@contextmanager
def seen_by_torch(device: str) -> Iterator[None]:
    """While it lasts, `torch.accelerator` tells of `sim`, if that is the device; at other times it is hidden.

    Args:
        device: `cpu`, `sim`, `sim:1`, …
    """
    if device.partition(":")[0] != NAME:
        yield
        return
    state.visible, state.current = True, 0
    try:
        # the calling thread runs the backward pass: a child of a fork has no thread for the device
        with torch.autograd.set_multithreading_enabled(False):
            yield
    finally:
        state.visible, state.current = False, 0
