"""Starts a child's device ahead of its work, so that the first probe finds it at work."""

from __future__ import annotations

import sys

import torch

from ..isolation.limits import Limits
from .device_setup import in_a_line, on_device
from .warm_up import program


def start_device(device: str, limits: Limits) -> bool:
    """Starts a device in a child that is confined, so that the first probe finds it at work.

    Args:
        device: `cuda`; others have nothing to start.

    Returns:
        Whether it can be used; if not, why is printed.
    """
    if device != "cuda":
        return True
    try:
        y = torch.ones(4, 1, device=device)
        for dtype in (torch.float32, torch.float64):
            with on_device(device, limits):
                x = y.to(dtype).expand(4, 3).contiguous()
                program(None, x, y.to(dtype))
    except BaseException as error:
        print(in_a_line(error), file=sys.stderr, flush=True)
        return False
    return True
