"""What keeps children from a GPU, found by trying, and what to do about it; for `grader doctor`.

A try is a throwaway child that works out a sum on the GPU, with some of the layers left out.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Sequence
from pathlib import Path

from .confinement import LANDLOCK, PRIVILEGES, SECCOMP

LIMITS = "resource limits"
LAYERS = (LIMITS, LANDLOCK, PRIVILEGES, SECCOMP)
# takes the layers to leave out; gives what went wrong, or nothing
Try = Callable[[Collection[str]], str]

NO_DEVICE = (
    "no device file of an NVIDIA GPU is in /dev. Install its driver; start a container with the GPU "
    "(docker run --gpus all)"
)
_NO_BUILD = "torch {version} is built without CUDA. Install a build with it: https://pytorch.org/get-started/locally/"
_NO_RIGHT = "this user may not open {paths}. Ask whoever runs this machine for the right to"
_OUTSIDE = (
    "{error}. The sandbox is not the cause: it is the same with none of its layers. {advice}, until this works: "
    "python -c \"import torch; torch.ones(2, device='cuda').sum()\""
)
_ADVICE = {
    "driver version is insufficient": "Update the driver, or install a torch for an older CUDA",
    "driver on your system is too old": "Update the driver, or install a torch for an older CUDA",
    "no NVIDIA driver": "Install the driver; a container needs its libraries as well",
    "No CUDA GPUs are available": "See whether CUDA_VISIBLE_DEVICES hides the GPU, and what nvidia-smi says",
    "no kernel image": "Install a build of torch that knows this GPU",
}
_LOOK = "See what nvidia-smi says"
_INSIDE = (
    "{error}. The sandbox is the cause: {found}. Please report this line as a fault of the grader's, with the "
    "driver's version; until then, grade on sim"
)


def devices() -> list[Path]:
    """The device files of GPUs that this machine has: the driver's own, or the one under WSL."""
    return sorted(Path("/dev").glob("nvidia[0-9]*")) + [
        path for path in [Path("/dev/dxg")] if path.exists()
    ]


def explain(
    error: str, attempt: Try, nodes: Sequence[Path], version: str, build: str | None
) -> str:
    """Why a child cannot use the GPU.

    Args:
        error: what a try with all layers gave.
        attempt: makes further ones.
        nodes: the GPU's device files.
        version, build: of torch, and of the CUDA that it is built with.
    """
    if not nodes:
        return NO_DEVICE
    if build is None:
        return _NO_BUILD.format(version=version)
    if closed := [str(path) for path in nodes if not os.access(path, os.R_OK | os.W_OK)]:
        return _NO_RIGHT.format(paths=", ".join(closed))
    error = error.rstrip(".")
    if attempt(LAYERS):
        found = (advice for words, advice in _ADVICE.items() if words in error)
        return _OUTSIDE.format(error=error, advice=next(found, _LOOK))
    return _INSIDE.format(error=error, found=_layers_in_the_way(attempt))


def _layers_in_the_way(attempt: Try) -> str:
    """Which layers, if the GPU is reached without any."""
    if alone := [layer for layer in LAYERS if not attempt([layer])]:
        return f"without {' or '.join(alone)} it works"
    stop = [layer for layer in LAYERS if attempt([other for other in LAYERS if other != layer])]
    if stop:
        return f"{' and '.join(stop)} each stop it"
    return "no layer stops it alone, several together do"
