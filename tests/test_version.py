"""The version follows the code: what is built from a commit has git's, and all else a digest."""

from __future__ import annotations

import base64
import hashlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import grader
from grader.version import version_of
from tests.conftest import ROOT

DIGEST = re.compile(r"0\+code\.[0-9a-f]{16}")


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A copy of the package, as it stands in a working copy."""
    shutil.copytree(
        ROOT / "grader", tmp_path / "grader", ignore=shutil.ignore_patterns("__pycache__")
    )
    return tmp_path / "grader"


def install(package: Path, number: str) -> Path:
    """Writes beside the package what an installer does; the file that lists what was installed."""
    lines = []
    for path in sorted(package.rglob("*")):
        if path.is_file():
            data = path.read_bytes()
            digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).decode().rstrip("=")
            name = path.relative_to(package.parent).as_posix()
            lines.append(f"{name},sha256={digest},{len(data)}\n")
    record = package.parent / f"torch_grader-{number}.dist-info" / "RECORD"
    record.parent.mkdir()
    record.write_text("".join(lines), encoding="utf-8")
    return record


def test_here_it_is_a_digest_and_the_command_tells_it() -> None:
    assert DIGEST.fullmatch(grader.__version__)
    assert version_of(ROOT / "grader") == grader.__version__
    told = subprocess.run(
        [sys.executable, "-m", "grader", "--version"],
        cwd=ROOT, env=os.environ | {"GRADER_LANG": "en"}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert told.stdout.splitlines()[0] == f"grader, version {grader.__version__}"


def test_equal_code_has_one_version_wherever_it_lies(package: Path) -> None:
    assert version_of(package) == version_of(ROOT / "grader")


@pytest.mark.parametrize(
    "file",
    ["checking/compare.py", "__init__.py", "report.schema.json", "checking/checks.ini",
     "sandbox/parity_programs.toml", "sandbox/inside/server.py"],
)  # fmt: skip
def test_a_changed_file_gives_another_version(package: Path, file: str) -> None:
    before = version_of(package)
    changed = package / file
    changed.write_bytes(changed.read_bytes() + b"\n")
    assert version_of(package) != before


def test_so_does_one_that_comes_goes_or_is_renamed(package: Path) -> None:
    found = [version_of(package)]
    new = package / "checking" / "new.py"
    new.write_text("x = 1\n")
    found.append(version_of(package))
    found.append(version_of(new.rename(new.with_name("newer.py")).parents[1]))
    (package / "checking" / "compare.py").unlink()
    found.append(version_of(package))
    assert len(set(found)) == 4


@pytest.mark.parametrize(
    "file", ["checks/my_linear.py", "locale/ko/LC_MESSAGES/messages.po", "new/__pycache__/x.pyc",
             "built_in/course.toml"],
)  # fmt: skip
def test_what_is_no_code_or_has_a_digest_of_its_own_gives_none(package: Path, file: str) -> None:
    before = version_of(package)
    path = package / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"changed")
    assert version_of(package) == before


@pytest.mark.parametrize(
    "number", ["0.2.0", "1.0", "0.2.1.dev3+g0f75f32", "0.1.0.dev325+g604a38db5"]
)
def test_what_is_installed_has_the_version_that_it_was_built_with(
    package: Path, number: str
) -> None:
    install(package, number)
    assert version_of(package) == number


@pytest.mark.parametrize(
    "number", ["0.1.0.dev0", "0.2.1.dev3+g0f75f32.d20261127", "0.2.1.dev3+d20261127", "0.2.0+mine"]
)
def test_unless_that_names_no_commit(package: Path, number: str) -> None:
    install(package, number)
    assert version_of(package) == grader.__version__


def test_or_it_was_changed_where_it_is_installed(package: Path) -> None:
    install(package, "0.2.0")
    changed = package / "checking" / "compare.py"
    changed.write_text(changed.read_text().replace("torch.float32: 2e-5", "torch.float32: 1e3"))
    assert DIGEST.fullmatch(version_of(package))
    assert version_of(package) != grader.__version__


def test_or_it_cannot_be_told_which_was_installed(package: Path) -> None:
    install(package, "0.2.0")
    install(package, "0.3.0")
    assert version_of(package) == grader.__version__


def test_what_is_built_without_git_is_told_apart() -> None:
    """The number that stands in for git's is one place's, and known in the other."""
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    [number] = re.findall(r'^fallback-version = "(.+)"$', text, re.MULTILINE)
    assert f'"{number}"' in (ROOT / "grader" / "version.py").read_text(encoding="utf-8")


ASK = (
    "import sys\n"
    "from hatchling.metadata.core import ProjectMetadata\n"
    "from hatchling.plugin.manager import PluginManager\n"
    "print(ProjectMetadata(sys.argv[1], PluginManager()).version)\n"
)


def built_from(folder: Path, **environment: str) -> str:
    """The version that a wheel of this folder would have."""
    done = subprocess.run(
        [sys.executable, "-P", "-W", "ignore", "-c", ASK, str(folder)],
        env=os.environ | environment, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return done.stdout.strip()


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for name in ("pyproject.toml", "README.md"):
        shutil.copy(ROOT / name, tmp_path)
    return tmp_path


def test_a_wheel_can_be_built_without_git_and_without_a_repository(project: Path) -> None:
    assert built_from(project) == "0.1.0.dev0"
    (project / ".git").mkdir()  # a repository whose git is missing, or refuses
    assert built_from(project, PATH=str(project)) == "0.1.0.dev0"


def test_an_sdist_knows_its_version(project: Path) -> None:
    (project / "PKG-INFO").write_text("Metadata-Version: 2.4\nName: grader\nVersion: 0.2.0\n")
    assert built_from(project, PATH=str(project)) == "0.2.0"


@pytest.mark.skipif(not shutil.which("git"), reason="git is not installed here")
def test_in_a_repository_the_version_follows_the_commits(project: Path) -> None:
    def git(*arguments: str) -> str:
        identity = ("-c", "user.name=a", "-c", "user.email=a@example.org")
        command = ["git", "-C", str(project), *identity, *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    def commit() -> str:
        git("add", ".")
        git("commit", "--quiet", "--allow-empty", "--message=work")
        return git("rev-parse", "HEAD")[:7]

    git("init", "--quiet")
    first = commit()
    assert re.fullmatch(rf"0\.1\.0\.dev1\+g{first}[0-9a-f]*", built_from(project))
    git("tag", "v0.2.0")
    assert built_from(project) == "0.2.0"
    second = commit()
    assert re.fullmatch(rf"0\.2\.1\.dev1\+g{second}[0-9a-f]*", built_from(project))
    (project / "README.md").write_text("changed")
    assert re.fullmatch(rf"0\.2\.1\.dev1\+g{second}[0-9a-f]*\.d\d{{8}}", built_from(project))
