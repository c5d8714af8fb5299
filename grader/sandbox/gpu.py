"""What a GPU itself may have to do with an error of a student's code; found by trying, and not from words alone.

an error of CUDA's own ──▶ a new child, with code of ours ──▶ it fails, or lacks memory: a fault of the machine's
                                                          └─▶ it works: the student's code is asked once more
"""

from __future__ import annotations

import ctypes
import re
from typing import Any

from ..errors import NoAnswer
from .child import Child

MIB = 1 << 20
# what torch's errors begin with, or hold, where CUDA or one of its libraries refused; after most of them nothing works
# in that process any more
_OWN = re.compile(
    r"CUDA(?: driver)? error|CUDA out of memory|CUBLAS_STATUS|CUDNN_STATUS|cuDNN error|cusolver error|CUSOLVER_STATUS|"
    r"CUFFT_|cudaGetDeviceCount|NVIDIA driver|device-side assert|No CUDA GPUs|NVML",
    re.IGNORECASE,
)
_OWN_TYPES = ("AcceleratorError", "OutOfMemoryError")
_TRY = """
import torch

def left():
    free, whole = torch.cuda.mem_get_info()
    works = torch.ones(2, device="cuda").sum().item() == 2
    return [free, whole, works]
"""
_PROBE = "def ask(student):\n    return student.left()\n"


def is_of_cuda(error: Any) -> bool:
    """Whether an error, as a child has told it, is of CUDA's own making: the device may be the cause, or the code."""
    if not isinstance(error, dict):
        return False
    kind, message = error.get("type"), error.get("message")
    return kind in _OWN_TYPES or (isinstance(message, str) and bool(_OWN.search(message)))


def trouble_seen_by(child: Child, fraction: float) -> str:
    """What keeps a new child, with code of ours in it, from the device and from its share of it; empty if nothing does.

    Args:
        fraction: the share of the GPU's memory that a child may take.
    """
    from .wire.values import code_of, decode  # it imports torch

    try:
        header = child.load("left", [("left.py", _TRY)])
        if header.get("errors"):
            header = {"error": header["errors"][0]}
        if "error" not in header:
            arguments = {"probe": "ask", "code": code_of(_PROBE), "arguments": {"dict": []}}
            header, block, _ = child.call(arguments | {"seed": 0, "device": "cpu"}, b"")
    except NoAnswer as error:
        return f"a process with code of ours {error}"
    if "error" in header:
        return "{type}: {message}".format_map(header["error"])
    free, whole, works = decode(header["value"], block, lambda tensor, facts: tensor)
    if not works:
        return "it gives wrong numbers"
    share = int(fraction * whole)
    if free < share:
        return (
            f"of its {whole // MIB:,} MiB of memory {free // MIB:,} are left, and a submission may take "
            f"{share // MIB:,}: other processes have the rest"
        )
    return ""


def smallest_gpu_bytes(library: str = "libnvidia-ml.so.1") -> int | None:
    """The memory of this machine's smallest GPU, as its driver has it (NVML, without starting CUDA).

    Args:
        library: the driver's.

    Returns:
        Bytes; `None` where there is no driver, or it does not tell.
    """
    try:
        nvml = ctypes.CDLL(library)
        if nvml.nvmlInit_v2() != 0:
            return None
        count = ctypes.c_uint()
        nvml.nvmlDeviceGetCount_v2(ctypes.byref(count))
        found = [_bytes_of(nvml, index) for index in range(count.value)]
        nvml.nvmlShutdown()
    except (OSError, AttributeError):
        return None
    return min((size for size in found if size), default=None)


def _bytes_of(nvml: ctypes.CDLL, index: int) -> int:
    """Zero where it is not told. `nvmlMemory_t` has three numbers: all of it, what is free, what is in use."""
    handle, memory = ctypes.c_void_p(), (ctypes.c_ulonglong * 3)()
    if nvml.nvmlDeviceGetHandleByIndex_v2(ctypes.c_uint(index), ctypes.byref(handle)) != 0:
        return 0
    if nvml.nvmlDeviceGetMemoryInfo(handle, ctypes.byref(memory)) != 0:
        return 0
    return int(memory[0])
