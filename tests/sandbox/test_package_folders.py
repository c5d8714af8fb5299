"""Which folders of packages a sandbox looks into: those of `sys.path` where something that it needs was found."""

from __future__ import annotations

import os
import site
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from grader.sandbox import Sandbox
from grader.sandbox.package_folders import PackageFolders, package_folders
from tests.children import told_by

Install = Callable[..., str]


@pytest.fixture
def install(tmp_path: Path) -> Install:
    """Makes a folder with packages of these names in it; its path."""

    def made(folder: str, *names: str) -> str:
        for name in names:
            (tmp_path / folder / name).mkdir(parents=True, exist_ok=True)
            (tmp_path / folder / name / "__init__.py").touch()
        return str(tmp_path / folder)

    return made


def found(monkeypatch: pytest.MonkeyPatch, first: list[str], last: list[str]) -> PackageFolders:
    """What is found where these come before and after Python's own packages."""
    own = [
        entry
        for entry in sys.path
        if os.path.realpath(entry) in map(os.path.realpath, site.getsitepackages())
    ]
    with monkeypatch.context() as patch:
        patch.setattr("sys.path", [*first, *own, *last])
        return package_folders()


def test_nothing_is_added_where_all_is_in_pythons_own(monkeypatch: pytest.MonkeyPatch) -> None:
    assert found(monkeypatch, [], []) == PackageFolders()


def test_the_first_that_has_what_is_needed_counts(
    monkeypatch: pytest.MonkeyPatch, install: Install
) -> None:
    one, two = install("one", "torch"), install("two", "torch", "numpy")
    assert found(monkeypatch, [one, two], []) == PackageFolders((one, two), ())
    three = install("three", "torch", "numpy")
    assert found(monkeypatch, [two, one, three], []) == PackageFolders((two,), ())


def test_what_comes_after_pythons_own_stays_after_it(
    monkeypatch: pytest.MonkeyPatch, install: Install
) -> None:
    late = install("late", "torch")
    assert found(monkeypatch, [], [late]) == PackageFolders()  # ours is found before
    triton = install("triton-only", "triton")
    assert found(monkeypatch, [], [triton]) == PackageFolders((), (triton,))


def test_other_folders_are_none(monkeypatch: pytest.MonkeyPatch, install: Install) -> None:
    """What holds nothing that is needed, a file that is called as a package, and what is not there."""
    other = install("other", "flask", "solutions")
    Path(other, "torch.py").touch()
    Path(other, "numpy").mkdir()
    assert found(monkeypatch, [other, "/nowhere", other + ".zip"], [other]) == PackageFolders()


def test_neither_is_where_people_keep_their_own_work(
    monkeypatch: pytest.MonkeyPatch, install: Install, tmp_path: Path
) -> None:
    folder = install("work", "torch", "numpy")
    home = install("work/home/ada/lib", "torch")
    assert found(monkeypatch, [folder], []).first == (folder,)
    monkeypatch.setenv("HOME", f"{folder}/home/ada")
    for entry in (folder, f"{folder}/home", f"{folder}/home/ada"):
        install(str(Path(entry).relative_to(tmp_path)), "torch")
        assert found(monkeypatch, [entry], []) == PackageFolders()
    assert found(monkeypatch, [home], []).first == (home,)
    monkeypatch.chdir(home)
    for entry in ("", ".", home):
        assert found(monkeypatch, [entry], []) == PackageFolders()
    course = install("course", "torch")
    Path(course, "course.toml").touch()
    assert found(monkeypatch, [course], []) == PackageFolders()


def test_a_child_imports_from_it_and_reads_nothing_beside_it(
    monkeypatch: pytest.MonkeyPatch, install: Install, tmp_path: Path
) -> None:
    folder = install("packages", "filelock", "mine")
    linked = install("elsewhere", "fsspec")
    Path(folder, "fsspec").symlink_to(Path(linked, "fsspec"))
    Path(folder, "work").symlink_to(tmp_path / "work")
    for secret in (tmp_path / "secret.txt", tmp_path / "elsewhere" / "secret.txt"):
        secret.write_text("secret")
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / "secret.txt").write_text("secret")
    monkeypatch.setattr("sys.path", [folder, *sys.path])
    source = (
        "import sys\n"
        "def f():\n"
        "    import filelock, fsspec, mine\n"
        "    found = [filelock.__file__, fsspec.__file__, mine.__file__]\n"
        f"    for name in ('secret.txt', 'elsewhere/secret.txt', 'work/secret.txt'):\n"
        "        try:\n"
        f"            found.append(open({str(tmp_path)!r} + '/' + name).read())\n"
        "        except PermissionError:\n"
        "            found.append('refused')\n"
        "    return found\n"
    )
    with Sandbox() as box:
        monkeypatch.undo()
        hidden = any(layer.name == "files hidden" and layer.on for layer in box.layers())
        *files, one, two, three = told_by(box, source)
    assert files == [f"{folder}/{name}/__init__.py" for name in ("filelock", "fsspec", "mine")]
    assert {one, two, three} == {"refused" if hidden else "secret"}
