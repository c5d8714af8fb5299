"""Owner, mode and times: in a child's own folder nothing happens, elsewhere it is refused."""

from __future__ import annotations

import os

import pytest

from grader.sandbox import Sandbox
from tests.children import told_by

OWN = """
import os
from pathlib import Path
def f():
    Path("a").write_text("text")
    os.mkdir("folder")
    os.symlink("a", "link")
    before = os.stat("a")
    with open("a") as file:
        number = file.fileno()
        os.chmod("a", 0o777)
        os.chmod(b"a", 0o777)
        os.chmod(number, 0o777)
        os.fchmod(number, 0o777)
        os.utime("a", (1, 1))
        os.utime(number, ns=(1, 1))
        os.chown("a", -1, -1)
        os.fchown(number, -1, -1)
    os.utime("link", follow_symlinks=False)
    os.lchown("link", -1, -1)
    Path("folder").chmod(0)
    Path(os.getcwd(), "folder", "..", "a").chmod(0)
    os.chmod(".", 0)
    after = os.stat("a")
    return [before.st_mode == after.st_mode, before.st_mtime == after.st_mtime, os.listdir("folder")]
"""


def test_in_its_own_folder_nothing_happens(sandbox: Sandbox) -> None:
    assert told_by(sandbox, OWN) == [True, True, []]


@pytest.mark.parametrize(
    ("attempt", "error"),
    [
        ("os.chmod('/tmp', 0o777)", "PermissionError"),
        ("os.chmod('..', 0)", "PermissionError"),
        ("os.symlink('/tmp', 'out'), os.chmod('out', 0)", "PermissionError"),
        ("os.utime(os.open(os.__file__, os.O_RDONLY))", "PermissionError"),
        ("os.chmod(os.getcwd() + '-beside', 0)", "FileNotFoundError"),
        ("os.chmod('missing', 0)", "FileNotFoundError"),
        ("os.utime('missing')", "FileNotFoundError"),
        ("os.chmod(99, 0)", "OSError"),
        ("os.chmod('a', 0, dir_fd=os.open('/tmp', os.O_PATH))", "PermissionError"),
        ("os.chmod('a')", "TypeError"),
        ("os.truncate(os.__file__, 0)", "PermissionError"),
        ("os.truncate('missing', 0)", "FileNotFoundError"),
    ],
)
def test_elsewhere_it_is_as_the_kernel_says(sandbox: Sandbox, attempt: str, error: str) -> None:
    assert told_by(sandbox, f"import os\ndef f():\n    {attempt}\n")["type"] == error


def test_a_file_of_its_own_is_shortened_by_name(sandbox: Sandbox) -> None:
    source = (
        "import os\n"
        "def f():\n"
        "    open('a', 'w').write('text')\n"
        "    os.truncate('a', 2)\n"
        "    return open('a').read()\n"
    )
    assert told_by(sandbox, source) == "te"


def test_what_they_can_do_is_asked_as_before(sandbox: Sandbox) -> None:
    """`shutil` and `tarfile` look into these sets before they call."""
    sets = ("supports_fd", "supports_dir_fd", "supports_follow_symlinks")
    names = ("chmod", "chown", "utime", "truncate")
    expected = [getattr(os, name) in getattr(os, each) for each in sets for name in names]
    source = (
        "import os\n"
        "def f():\n"
        f"    return [getattr(os, name) in getattr(os, each) for each in {sets} for name in {names}]\n"
    )
    assert told_by(sandbox, source) == expected


def test_without_the_kernels_layers_it_happens() -> None:
    source = (
        "import os\n"
        "def f():\n"
        "    open('a', 'w').close()\n"
        "    os.chmod('a', 0o640)\n"
        "    return oct(os.stat('a').st_mode)\n"
    )
    with Sandbox(confined=False) as box:
        assert told_by(box, source) == "0o100640"


def test_this_process_is_as_it_was() -> None:
    """They are put into `os` in the zygote, and not where the grader runs."""
    assert not hasattr(os.chmod, "__wrapped__")
