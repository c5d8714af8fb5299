"""`make gpu-bundle`: what is taken along to a machine with a GPU, and what runs there."""

from __future__ import annotations

import subprocess
import tarfile
from pathlib import Path

import pytest

from benchmarks import gpu_bundle

PROJECT = {
    "name": "ours",
    "dependencies": ["torch>=2.11", "click>=8.1"],
    "optional-dependencies": {
        "dev": ["ours[class]", "ruff>=0.9", "types-yaml"],
        "class": ["sqlalchemy>=2.1", "pyarrow>=17"],
    },
}


def test_torch_and_what_no_test_of_a_gpu_needs_stay_at_home() -> None:
    assert list(gpu_bundle.requirements(PROJECT, ["dev"])) == ["click>=8.1", "sqlalchemy>=2.1"]


@pytest.mark.parametrize(("commands", "status"), [(["false", "true"], 1), (["true"], 0)])
def test_each_command_runs_there_and_the_status_tells_of_one_that_failed(
    commands: list[str], status: int
) -> None:
    script = gpu_bundle.run_script([*commands, "echo last"])
    runs = script[script.index("status=0") :]  # without what installs: that needs the wheels
    done = subprocess.run(["sh", "-c", runs], capture_output=True, text=True)
    assert (done.stdout, done.returncode) == ("last\n", status)


def test_the_projects_files_go_along_as_they_are_now_and_ignored_ones_do_not(
    tmp_path: Path,
) -> None:
    root = tmp_path / "checkout"
    root.mkdir()
    for name, text in ((".gitignore", "built"), ("built", ""), ("new.py", "1"), ("old.py", "1")):
        (root / name).write_text(text)
    for command in (["init", "--quiet"], ["add", "old.py"]):
        subprocess.run(["git", *command], cwd=root, check=True)
    (root / "old.py").write_text("2")
    gpu_bundle.pack(root, tmp_path / "all.tar.gz")
    with tarfile.open(tmp_path / "all.tar.gz") as archive:
        assert sorted(archive.getnames()) == [".gitignore", "new.py", "old.py"]
        old = archive.extractfile("old.py")
        assert old
        assert old.read() == b"2"
