"""Packages that a course's students need: named as pip is given them, found here or told, and importable."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader import grade, load_course
from grader.authoring.release.shared import copy_course
from grader.course.packages import folders_of, package_of, require_imported
from grader.errors import CourseError, PackageMissing
from grader.machines import Machines
from grader.submission import Submission
from tests.synthetic_course import make_course

TEXT = "import gadget_box as g\n\n\ndef double(x):\n    return g.TWO * x\n"


def install(folder: Path) -> Path:
    """Something that looks as if pip had installed it into `folder`."""
    (folder / "gadget_box").mkdir(parents=True)
    (folder / "gadget_box" / "__init__.py").write_text("TWO = 2\n")
    info = folder / "gadget_box-1.5.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: gadget-box\nVersion: 1.5\n")
    (info / "RECORD").write_text("gadget_box/__init__.py,,\n")
    return folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return make_course(tmp_path / "course", "").parent / "course"


def write(folder: Path, *packages: str) -> None:
    (folder / "course.toml").write_text(f'title = "Mine"\npackages = {list(packages)}\n')


@pytest.mark.parametrize(
    "requirement",
    ["pandas", "scikit-learn", "a.b_c", "pandas>=2.2,<3", "x[all,more]==1.*", "p~=1.0", "q!=2"],
)
def test_a_requirement(folder: Path, requirement: str) -> None:
    write(folder, requirement)
    assert load_course(folder).packages == (requirement,)
    assert load_course(folder)["double"].packages == (requirement,)
    assert package_of(requirement)


@pytest.mark.parametrize(
    "requirement",
    [
        "",
        " pandas",
        "a b",
        "x; rm -rf",
        "'x'",
        "$(x)",
        "--index-url=x",
        "x @ http://y",
        "./x",
        "x=",
    ],
)
def test_nothing_else_reaches_a_shell(folder: Path, requirement: str) -> None:
    (folder / "course.toml").write_text(f'packages = ["{requirement}"]\n')
    with pytest.raises(CourseError, match="`packages` has"):
        load_course(folder)


@pytest.mark.parametrize("requirement", ["torch", "Torch==2.11.0", "torch>=2"])
def test_torch_is_named_elsewhere(folder: Path, requirement: str) -> None:
    """A release would ask for two versions of it."""
    write(folder, requirement)
    with pytest.raises(CourseError, match=r"torch is always there.*\[ci\]"):
        load_course(folder)


@pytest.mark.parametrize(
    ("name", "module"),
    [
        ("scikit-learn", "sklearn"),
        ("Pillow", "PIL"),
        ("Gadget.Box", "gadget_box"),
        ("numpy", "numpy"),
        ("PyYAML", "yaml"),
    ],
)
def test_what_it_is_imported_by(name: str, module: str) -> None:
    package = package_of(name)
    assert package
    assert module in package.modules


@pytest.mark.parametrize(
    "text",
    [
        "import gadget_box",
        "import os, gadget_box.inner as g",
        "def f():\n    from gadget_box.inner import x",
        "if True:\n\timport gadget_box  # why",
    ],
)
def test_what_a_text_imports(text: str) -> None:
    with pytest.raises(PackageMissing, match=r"gadget-box is .* `pip install 'gadget-box>=1'`"):
        require_imported(["gadget-box>=1"], [text])


@pytest.mark.parametrize("text", ["", "import gadget", "# import gadget_box", "x = 'gadget_box'"])
def test_what_is_not_imported_is_not_missed(text: str) -> None:
    require_imported(["gadget-box"], [text])


def test_what_is_installed_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(install(tmp_path / "lib")))
    package = package_of("gadget-box")
    assert package
    assert package.version == "1.5"
    assert package.modules == {"gadget_box"}
    assert folders_of(["gadget-box", "nothing-of-that-name"]) == (str(tmp_path / "lib"),)
    require_imported(["gadget-box"], [TEXT])


def test_nothing_is_taken_from_the_current_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(install(tmp_path / "lib"))
    monkeypatch.syspath_prepend("")
    package = package_of("gadget-box")
    assert package
    assert not package.version


def test_a_student_is_told_that_it_is_not_there(folder: Path, machines: Machines) -> None:
    """Rather than that the code is wrong: it is no verdict."""
    write(folder, "gadget-box>=1")
    on = machines.on(load_course(folder))
    report = grade(Submission.of_text("double", TEXT), machines=on)
    assert report.faults
    told = report.exercises[0].message
    assert told.startswith("Not graded: gadget-box is not installed here, and this course needs it")
    without = grade(Submission.of_text("double", "def double(x):\n    return 2 * x\n"), machines=on)
    assert without.score == 10


def test_the_code_finds_it_wherever_it_is_installed(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where torch is not, as `pip install --target` has it."""
    write(folder, "gadget-box")
    monkeypatch.syspath_prepend(str(install(tmp_path / "lib")))
    with Machines(load_course(folder), ("cpu",)) as own:
        assert grade(Submission.of_text("double", TEXT), machines=own).score == 10


def test_they_go_along_with_the_course(folder: Path, tmp_path: Path) -> None:
    write(folder, "pandas>=2", "gadget-box")
    copy_course(load_course(folder), tmp_path / "copy")
    assert load_course(tmp_path / "copy").packages == ("pandas>=2", "gadget-box")
