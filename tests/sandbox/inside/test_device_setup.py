"""The devices of a child: a GPU that is there is reached."""

from __future__ import annotations

import pytest
import torch

from grader.sandbox import Sandbox

pytestmark = pytest.mark.xdist_group("cuda_child")


@pytest.mark.cuda
def test_a_gpu_that_is_there_is_reached() -> None:
    """Elsewhere a GPU that children cannot reach skips the tests; here it fails one."""
    if not torch.cuda.is_available():
        pytest.skip("this machine has no GPU that torch can use")
    with Sandbox(device="cuda") as running:
        assert running.absent("cuda") == ""
        assert [layer for layer in running.layers() if not layer.on] == []
