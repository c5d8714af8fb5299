"""Children that are made for a GPU. Where there is none, such children are made all the same."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from grader.sandbox import Sandbox


@pytest.fixture(scope="session")
def cuda_sandbox(sandbox: Sandbox) -> Iterator[Sandbox]:
    """One for children with a GPU; tests that use it are of the group `cuda_child`, so that one worker has it."""
    if off := [layer.name for layer in sandbox.layers() if not layer.on]:
        pytest.skip(f"this machine lacks layers: {', '.join(off)}")
    with Sandbox(device="cuda") as running:
        assert running.layers() == sandbox.layers()
        yield running


@pytest.fixture(params=["cpu", "cuda"])
def either(request: pytest.FixtureRequest) -> Sandbox:
    """A sandbox for children without a GPU, and one for children with it."""
    running = request.getfixturevalue("cuda_sandbox" if request.param == "cuda" else "sandbox")
    assert isinstance(running, Sandbox)
    return running
