"""A fresh Python for the untrusted side: of this process it gets the descriptors that are named, and nothing else."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

PACKAGES = str(Path(__file__).resolve().parents[2])  # the folder that this package lies in
_MOST_WORDS = 2000  # bytes


def start_python(
    program: str,
    descriptors: Sequence[int],
    folder: str | Path,
    environment: dict[str, str],
    errors: int = subprocess.DEVNULL,
) -> subprocess.Popen[bytes]:
    """Runs `program` in a process of its own session. It imports from the standard library and the installed packages.

    Args:
        program: Python text.
        descriptors: what it gets besides its standard ones, under the same numbers. The caller closes its own copies.
        folder: where it starts.
        environment: all of its environment's variables.
        errors: where what it writes to its standard error goes; input and output are empty.

    Raises:
        OSError: if it cannot be started.
    """
    return subprocess.Popen(
        [sys.executable, "-P", "-s", "-c", program],
        pass_fds=descriptors,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=errors,
        cwd=folder,
        env=environment,
        start_new_session=True,
    )


def last_words(errors: int) -> str:
    """What such a process wrote to its standard error before it ended, its last line first.

    Args:
        errors: a descriptor of the file.
    """
    size = os.fstat(errors).st_size
    kept = os.pread(errors, _MOST_WORDS, max(size - _MOST_WORDS, 0))
    said = kept.decode(errors="replace").strip()
    head, _, last = said.rpartition("\n")
    return f"{last}\n{said}" if head else last


def clean_environment(device: str) -> dict[str, str]:
    """The environment for children with `device`: no tokens, no PYTHON*, no LD_*; what students' code needs."""
    environment = {
        "PATH": os.defpath,
        "LANG": "C.UTF-8",
        # torch asks for the user's name when it imports `torch._dynamo`, and /etc/passwd is hidden
        "USER": "student",
        "LOGNAME": "student",
        "OMP_NUM_THREADS": "1",
        # also where a file asks torch for more: a child that may start none would end, as OpenMP ends it then
        "OMP_THREAD_LIMIT": "1",
        "MKL_NUM_THREADS": "1",
        "PYTHONHASHSEED": "0",
        "PYTHONDONTWRITEBYTECODE": "1",
        "KINETO_LOG_LEVEL": "5",  # the profiler keeps to itself what it does
    }
    kept = ["SYSTEMROOT", "TMPDIR"]
    if device == "cuda":
        kept += ["CUDA_VISIBLE_DEVICES", "LD_LIBRARY_PATH"]
        environment |= {
            "CUBLAS_WORKSPACE_CONFIG": ":4096:8",  # cuBLAS sums in the same order each time
            "PYTORCH_NVML_BASED_CUDA_CHECK": "1",  # asks for a GPU without starting CUDA
            "CUDA_CACHE_DISABLE": "1",
            # one queue for work is enough where kernels are waited for, and twice as many contexts start in a second
            "CUDA_DEVICE_MAX_CONNECTIONS": "1",
            "CUDA_LAUNCH_BLOCKING": "1",  # what goes wrong in a kernel is raised at the line that started it
        }
    else:
        environment["CUDA_VISIBLE_DEVICES"] = ""  # the same with and without a GPU
    return environment | {name: os.environ[name] for name in kept if name in os.environ}


def has_ended(process: subprocess.Popen[bytes], seconds: float) -> bool:
    """Whether it ends within that time."""
    with suppress(subprocess.TimeoutExpired):
        process.wait(timeout=seconds)
        return True
    return False
