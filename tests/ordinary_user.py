"""An ordinary user, for tests that root runs."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class OrdinaryUser:
    """A user without privileges, with a Python that has the packages of this one.

    Args:
        folder: where this user may write.
    """

    python: Path
    folder: Path
    number: int = 65534

    def run(self, program: str, *arguments: str, text: str = "") -> str:
        """What a Python program prints. `text` is its input."""
        done = subprocess.run(
            [str(self.python), "-c", program, *arguments],
            cwd="/",
            env=os.environ | {"TMPDIR": str(self.folder)},
            input=text,
            timeout=110,
            user=self.number,
            group=self.number,
            extra_groups=[],
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout


def ordinary_user(folder: Path) -> OrdinaryUser:
    """One whose Python is made in `folder`, which everybody has to be able to reach.

    Where there is none, the test is skipped, also where it is run by an ordinary user anyhow.
    """
    if not hasattr(os, "getuid") or os.getuid() != 0:
        pytest.skip(
            "only root can become another user; this user is an ordinary one, so all tests show it"
        )
    theirs = folder / "theirs"
    theirs.mkdir()
    for path, mode in ((folder, 0o755), (theirs, 0o777)):
        path.chmod(mode)
    name = f"python{sys.version_info[0]}.{sys.version_info[1]}"
    for number, base in enumerate((sys.executable, f"/usr/bin/{name}")):
        place = folder / str(number)
        if not Path(base).exists():
            continue
        made = subprocess.run([base, "-m", "venv", "--without-pip", str(place)], check=False)
        packages = place / "lib" / name / "site-packages" / "these.pth"
        if made.returncode == 0 and packages.parent.is_dir():
            packages.write_text("\n".join([str(ROOT), sysconfig.get_path("purelib")]))
            user = OrdinaryUser(place / "bin" / name, theirs)
            with contextlib.suppress(PermissionError, AssertionError):
                user.run("import torch, grader")
                return user
    pytest.skip("no Python here that another user may run with these packages")
