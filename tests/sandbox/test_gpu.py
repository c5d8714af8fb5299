"""What a GPU itself has to do with an error: which errors are of CUDA's own, and what a child of ours finds."""

from __future__ import annotations

import ctypes
from typing import Any, cast

import pytest

from grader.errors import NoAnswer
from grader.sandbox import Child, Message
from grader.sandbox.gpu import is_of_cuda, smallest_gpu_bytes, trouble_seen_by
from grader.sandbox.wire.values import encode

GIB = 1 << 30


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("AcceleratorError", "CUDA error: device-side assert triggered\nCUDA kernel errors might"),
        ("AcceleratorError", "CUDA error: unspecified launch failure"),
        ("AcceleratorError", "CUDA error: an illegal memory access was encountered"),
        ("AcceleratorError", "CUDA error: uncorrectable ECC error encountered"),
        ("AcceleratorError", "CUDA error: CUDA-capable device(s) is/are busy or unavailable"),
        ("AcceleratorError", "CUDA error: invalid device ordinal"),
        ("RuntimeError", "CUDA error: out of memory"),  # before torch had a type for it
        ("OutOfMemoryError", "CUDA out of memory. Tried to allocate 20.00 MiB. GPU 0 has a total"),
        ("RuntimeError", "CUDA driver error: device not ready"),
        ("RuntimeError", "CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
        ("RuntimeError", "cuDNN error: CUDNN_STATUS_NOT_INITIALIZED"),
        ("RuntimeError", "Unexpected error from cudaGetDeviceCount(). Did you run some cuda functions"),
        ("RuntimeError", "Found no NVIDIA driver on your system. Please check that you have"),
        ("RuntimeError", "No CUDA GPUs are available"),
    ],
)  # fmt: skip
def test_errors_of_cudas_own(kind: str, message: str) -> None:
    assert is_of_cuda({"type": kind, "message": message, "lines": []})


@pytest.mark.parametrize(
    "error",
    [
        {"type": "RuntimeError", "message": "Expected all tensors to be on the same device, but"
            " found at least two devices, cuda:0 and cpu!"},
        {"type": "TypeError", "message": "can't convert cuda:0 device type tensor to numpy."},
        {"type": "AssertionError", "message": "Torch not compiled with CUDA enabled"},
        {"type": "IndexError", "message": "index 7 is out of bounds"},
        {"type": "RuntimeError", "message": ["CUDA error"]},
        {"type": "RuntimeError"},
        {},
        None,
        "CUDA error",
    ],
)  # fmt: skip
def test_errors_that_are_none_of_cudas(error: Any) -> None:
    assert not is_of_cuda(error)


class Answering:
    """Stands for a child with code of ours in it."""

    def __init__(self, answer: Any, loaded: Any = None) -> None:
        self._answer, self._loaded = answer, loaded or {"names": ["left"]}

    def load(self, name: str, cells: Any) -> Any:
        compile(cells[0][1], name, "exec")
        return self._loaded

    def call(self, request: dict[str, Any], block: bytes) -> Message:
        if isinstance(self._answer, Exception):
            raise self._answer
        if isinstance(self._answer, dict):
            return Message({"error": self._answer}, b"", b"")
        tree, block = encode({"answer": self._answer})
        return Message({"value": tree["dict"][0][1]}, block, b"")


ERROR = {"type": "AcceleratorError", "message": "CUDA error: the device is lost"}


@pytest.mark.parametrize(
    ("answer", "trouble"),
    [
        ([8 * GIB, 80 * GIB, True], ""),
        ([8 * GIB - 1, 80 * GIB, True], "of its 81,920 MiB of memory 8,191 are left, and a submission may take 8,192"),
        ([80 * GIB, 80 * GIB, False], "wrong numbers"),
        (ERROR, "AcceleratorError: CUDA error: the device is lost"),
        (NoAnswer("timeout", "did not finish within 5 seconds"), "code of ours did not finish"),
    ],
)  # fmt: skip
def test_what_a_child_of_ours_finds(answer: Any, trouble: str) -> None:
    told = trouble_seen_by(cast(Child, Answering(answer)), 0.1)
    assert trouble in told
    assert bool(told) == bool(trouble)


def test_a_child_of_ours_that_cannot_load_its_code_tells_why() -> None:
    child = cast(Child, Answering(None, {"error": ERROR}))
    assert trouble_seen_by(child, 0.1) == "AcceleratorError: CUDA error: the device is lost"


class Nvml:
    """Stands for the driver's library; a GPU of no bytes is one that it does not tell of."""

    def __init__(self, gpus: list[int], starts: bool = True) -> None:
        self._gpus = gpus
        self.nvmlInit_v2 = lambda: 0 if starts else 9
        self.nvmlShutdown = lambda: 0

    def nvmlDeviceGetCount_v2(self, count: Any) -> int:
        count._obj.value = len(self._gpus)
        return 0

    def nvmlDeviceGetHandleByIndex_v2(self, index: ctypes.c_uint, handle: Any) -> int:
        handle._obj.value = index.value + 1
        return 0

    def nvmlDeviceGetMemoryInfo(self, handle: ctypes.c_void_p, memory: Any) -> int:
        memory._obj[0] = size = self._gpus[(handle.value or 0) - 1]
        return 0 if size else 3


@pytest.mark.parametrize(
    ("nvml", "found"),
    [
        (Nvml([80 * GIB, 16 * GIB, 24 * GIB]), 16 * GIB),
        (Nvml([0, 24 * GIB]), 24 * GIB),
        (Nvml([]), None),
        (Nvml([0]), None),
        (Nvml([GIB], starts=False), None),
        (object(), None),  # another library of that name
    ],
)
def test_the_memory_of_the_smallest_gpu(
    monkeypatch: pytest.MonkeyPatch, nvml: object, found: int | None
) -> None:
    monkeypatch.setattr(ctypes, "CDLL", lambda name: nvml)
    assert smallest_gpu_bytes() == found


def test_without_a_driver_nothing_is_known() -> None:
    assert smallest_gpu_bytes("libnowhere-of-the-grader.so.1") is None
