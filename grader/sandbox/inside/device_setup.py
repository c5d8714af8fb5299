"""The devices of a zygote and its children: `cpu` and `sim` share one, `cuda` has one of its own.

CUDA does not survive a fork, so a zygote never touches it: of two zygotes one hides the GPU from its
children, and in the other one nothing is warmed up that would make torch ask for it.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from functools import partial

import torch

from ... import devices
from ..isolation.confinement import Confinement
from ..isolation.gpu_diagnosis import LIMITS, explain
from ..isolation.gpu_diagnosis import devices as devices_here
from ..isolation.limits import Limits, apply_limits


def set_up(device: str) -> str:
    """Makes this process ready to fork children for `device`; why `sim` is not there, if it is not."""
    torch.set_num_threads(1)
    if device == "cuda":
        return "it has no place beside cuda"
    for absent in (torch.cuda, torch.xpu, torch.mtia):
        # `torch.manual_seed` has each keep the seed, and the stack of its caller: 2 ms, for a device that never comes
        vars(absent)["manual_seed_all"] = int
    # first uses of the engine and of the operators set up state that every child would set up anew; before the device
    # is known, because the engine's threads would not survive the fork
    weight = torch.ones(3, 2, requires_grad=True)
    (torch.randn(4, 3) @ weight).sigmoid().mean().backward()
    return devices.set_up()


def why_no_cuda(confinement: Confinement) -> str:
    """Why a child, confined as the others are, cannot use the GPU, and what to do; empty where it can."""
    attempt = partial(_sum_on_gpu, confinement)
    problem = attempt(())
    if not problem:
        return ""
    return explain(problem, attempt, devices_here(), str(torch.__version__), torch.version.cuda)


def _sum_on_gpu(confinement: Confinement, without: Collection[str]) -> str:
    """Lets a throwaway child use the GPU, with some layers left out; why it could not."""
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        problem = "it could not be started"
        try:
            os.setsid()
            if LIMITS not in without:
                apply_limits(Limits(), "cuda")
            confinement.apply(confinement.folder, without)
            problem = (
                "" if torch.ones(2, device="cuda").sum().item() == 2 else "it gives wrong numbers"
            )
        except BaseException as error:
            problem = in_a_line(error)
        finally:
            os.write(writer, problem.encode() or b"\0")
            os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        problem = pipe.read().decode()
    os.waitpid(pid, 0)
    return problem.strip("\0") if problem else "it ends the process that uses it"


def in_a_line(error: BaseException) -> str:
    """What is told of an error: its type, and the first line of its text."""
    return f"{type(error).__name__}: {error}".split("\n")[0][:300]


@contextmanager
def on_device(device: str, limits: Limits) -> Iterator[None]:
    """Around a probe: the settings that its device needs."""
    if device == "cuda":
        # the GPU is shared by the children of several workers; less than this is that child's out-of-memory error
        torch.cuda.set_per_process_memory_fraction(limits.gpu_fraction)
        torch.backends.cuda.matmul.allow_tf32 = False
        torch.backends.cudnn.allow_tf32 = False
        torch.backends.cudnn.benchmark = False
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            # where CUDA has no deterministic kernel (a cross-entropy of three dimensions), its own will do;
            # `use_deterministic_algorithms` does the same, but imports torch's compiler, which takes seconds
            torch.set_deterministic_debug_mode("warn")
            yield
            torch.cuda.synchronize()  # what went wrong on the way is told here, and not to the next probe
        return
    with devices.seen_by_torch(device):
        yield
