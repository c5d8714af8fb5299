"""`grader --version` names what a question about the grader has to name, and imports no torch for it."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import subprocess
import sys
from importlib.metadata import PackageNotFoundError

import pytest
from click.testing import CliRunner

from grader import __version__
from grader.cli import main
from grader.sandbox.isolation.confinement import LANDLOCK, PRIVILEGES, SECCOMP

OFFERED = "grader.sandbox.isolation.confinement.offered"


def told() -> list[str]:
    result = CliRunner().invoke(main, ["--version"])
    assert result.exit_code == 0, result.output
    return result.output.splitlines()


def test_versions_and_layers_without_torch() -> None:
    program = (
        "import sys; sys.modules['torch'] = None; from grader.cli import main; main(['--version'])"
    )
    done = subprocess.run(
        [sys.executable, "-P", "-c", program],
        env=os.environ | {"GRADER_LANG": "en"}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    first, second, third, *_ = done.stdout.splitlines()
    torch = importlib.metadata.version("torch")
    assert first == f"grader, version {__version__}"
    assert second == f"Python {platform.python_version()}, torch {torch}"
    assert "solation by" in third


def test_what_a_machine_lacks(monkeypatch: pytest.MonkeyPatch) -> None:
    lacking = {LANDLOCK: "this kernel has no Landlock", SECCOMP: "", PRIVILEGES: ""}
    monkeypatch.setattr(OFFERED, lambda: lacking)
    _, _, layers, lack = told()
    assert layers.startswith("Isolation by seccomp, the loss of privileges; ")
    assert lack == "Without Landlock: this kernel has no Landlock."


def test_no_kernel_that_isolates_and_no_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(OFFERED, lambda: {LANDLOCK: "not on darwin"})

    def version(name: str) -> str:
        raise PackageNotFoundError(name)

    monkeypatch.setattr("grader.cli.about.version", version)
    _, second, *rest = told()
    assert second == f"Python {platform.python_version()}; torch is not installed"
    assert rest == ["No isolation by the kernel.", "Without Landlock: not on darwin."]
