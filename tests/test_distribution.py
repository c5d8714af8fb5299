"""What is built: an sdist without solutions, and a wheel that is the same wherever and whenever it was built."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tarfile
import zipfile
from io import BytesIO
from pathlib import Path

import pytest
from babel.messages.mofile import write_mo

from grader.authoring.po_files import read
from tests.conftest import ROOT

pytestmark = pytest.mark.timeout(300)
HEADING = re.compile(r"Unreleased|(\d+)\.(\d+)\.(\d+) – \d{4}-\d\d-\d\d")


def build(kind: str, source: Path, out: Path, **environment: str) -> Path:
    """What hatchling makes of a folder; of a checkout that is changed, git's version would have the day in it."""
    environment["SETUPTOOLS_SCM_PRETEND_VERSION"] = "1.2.3"
    command = [sys.executable, "-m", "hatchling", "build", "--target", kind, "--directory"]
    subprocess.run(
        [*command, str(out)],
        cwd=source,
        check=True,
        capture_output=True,
        env=os.environ | environment,
    )
    [built] = out.iterdir()
    return built


@pytest.fixture(scope="module")
def sdist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build("sdist", ROOT, tmp_path_factory.mktemp("sdist"))


def unpacked(sdist: Path, place: Path) -> Path:
    with tarfile.open(sdist) as archive:
        archive.extractall(place, filter="data")
    [folder] = place.iterdir()
    return folder


def test_the_sdist_holds_no_solutions(sdist: Path, tmp_path: Path) -> None:
    folder = unpacked(sdist, tmp_path / "source")
    names = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    texts = [path.read_text(encoding="utf-8") for path in folder.rglob("*.py")]
    assert not any(re.search(r"^\s*### BEGIN SOLUTION$", text, re.M) for text in texts)
    assert not any(name.split("/")[0] in ("solutions", "tests", "examples") for name in names)
    assert {"LICENSE", "README.md", "exercises/my_linear.py", "grader/checks/my_linear.py"} < names
    assert "grader/locale/ko/LC_MESSAGES/messages.po" in names


def test_the_wheel_is_the_same_wherever_it_was_built(sdist: Path, tmp_path: Path) -> None:
    here, there = unpacked(sdist, tmp_path / "a"), unpacked(sdist, tmp_path / "b")
    for path in there.rglob("*"):
        os.utime(path, (1_000_000_000, 1_000_000_000))
    (tmp_path / "c").mkdir()
    one = build("wheel", here, tmp_path / "c" / "one")
    other = build("wheel", there, tmp_path / "c" / "other", TZ="Asia/Seoul", PYTHONHASHSEED="7")
    checkout = build("wheel", ROOT, tmp_path / "c" / "checkout")
    assert one.name == other.name == checkout.name
    assert one.read_bytes() == other.read_bytes() == checkout.read_bytes()
    with zipfile.ZipFile(one) as wheel:
        for mine, its in (
            ("grader/locale", "grader/locale"),
            ("locale", "grader/built_in/locale"),
        ):
            fresh = BytesIO()
            write_mo(fresh, read(ROOT / mine / "ko/LC_MESSAGES/messages.po"))
            assert wheel.read(f"{its}/ko/LC_MESSAGES/messages.mo") == fresh.getvalue()


def test_solutions_that_are_not_there_are_not_built_in(sdist: Path, tmp_path: Path) -> None:
    folder = unpacked(sdist, tmp_path / "source")
    with pytest.raises(subprocess.CalledProcessError) as raised:
        build("wheel", folder, tmp_path / "out", GRADER_SOLUTIONS="1")
    assert b"the sdist leaves them out" in raised.value.stderr


def test_the_changelog_is_by_version_and_dated() -> None:
    """The newest first; what is not released yet is on top."""
    headings = re.findall(r"^## (.*)$", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.M)
    matches = [HEADING.fullmatch(each) for each in headings]
    assert matches
    assert all(matches), headings
    numbers = [tuple(map(int, each.groups())) for each in matches if each and each[1]]
    assert numbers == sorted(numbers, reverse=True)
    assert "Unreleased" not in headings[1:]
