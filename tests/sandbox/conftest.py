"""What several tests of the sandbox start from.

Children that are made for a GPU are made all the same where there is none.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from grader.sandbox import Sandbox, ZygoteServer, start_zygote_server
from grader.sandbox.private_folder import PrivateFolder


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


@pytest.fixture(scope="module")
def zygote_server() -> Iterator[ZygoteServer]:
    """Zygotes that it forks are there at once."""
    running = start_zygote_server()
    yield running
    running.close()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[PrivateFolder]:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    made = PrivateFolder()
    yield made
    made.remove()
    assert list(tmp_path.iterdir()) == []
