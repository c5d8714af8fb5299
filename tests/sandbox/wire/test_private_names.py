"""Private names of torch and Python: where one has gone, the sandbox says so in a sentence."""

from __future__ import annotations

import pytest

from grader.errors import UnsupportedVersion
from grader.sandbox import Sandbox
from grader.sandbox import sandbox as sandbox_module
from grader.sandbox.wire import private_names

GONE = (
    "import json.scanner, torch; del torch._C.DisableTorchFunction, json.scanner.c_make_scanner; "
)


def test_here_they_are_there() -> None:
    assert private_names.why_not() == ""


def test_without_them_nothing_is_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox_module, "_BOOT", GONE + sandbox_module._BOOT)
    with Sandbox() as running:
        for ask in (running.open, running.layers, lambda: running.absent("sim")):
            with pytest.raises(UnsupportedVersion) as caught:
                ask()
    assert str(caught.value) == (
        "The sandbox cannot be used: this installation has no json.scanner.c_make_scanner, "
        "torch._C.DisableTorchFunction, which it needs (tried: torch 2.11.0 and 2.13.0, Python 3.11 to 3.14)."
    )
