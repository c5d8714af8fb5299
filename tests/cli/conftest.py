"""The fixtures of a student's folder, and of commands that share the tests' own sandbox."""

import pytest

from grader.machines import Machines
from tests.workspaces import folder, keep, run

__all__ = ["folder", "keep", "run", "shared_machines"]


@pytest.fixture
def shared_machines(machines: Machines, monkeypatch: pytest.MonkeyPatch) -> Machines:
    """What a command grades with here: to start a sandbox of its own would take seconds."""
    monkeypatch.setattr(Machines, "_started", lambda _: machines._sandboxes)
    monkeypatch.setattr(Machines, "close", lambda _: None)
    return machines
