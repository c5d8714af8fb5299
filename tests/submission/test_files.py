"""Files of a folder: what is named, what is opened, and that nothing leads out of it."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from grader.errors import UnreadableError
from grader.submission import files
from grader.submission.files import (
    MAX_DEPTH,
    SKIPPED,
    FolderFiles,
    ListedFiles,
    TopFiles,
    leads_out,
    open_plain,
    read_plain,
)
from tests.hand_ins import write

HERE = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
PARTS = st.sampled_from(
    ["..", ".", "", "in", "out", "sub", "a.py", "secret.py", "to-out", "to-sub", "file-link.py"]
)
NAMES = st.lists(PARTS, min_size=1, max_size=6).map("/".join) | st.text(max_size=12)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """`in/`, with links to what lies beside it."""
    write(tmp_path, {"in/a.py": "mine", "in/sub/a.py": "mine", "out/secret.py": "secret"})
    inside = tmp_path / "in"
    (inside / "to-out").symlink_to(tmp_path / "out")
    (inside / "to-sub").symlink_to("sub")
    (inside / "file-link.py").symlink_to(tmp_path / "out" / "secret.py")
    return inside


@HERE
@given(NAMES)
@example("../out/secret.py")
@example("to-out/secret.py")
@example("to-out/../secret.py")
@example("sub/../../out/secret.py")
@example("\0")
@example("a" * 5000)
@example("\ud800.py")
def test_no_name_leads_out_of_the_folder(folder: Path, name: str) -> None:
    for kind in (FolderFiles, TopFiles):
        with suppress(UnreadableError):
            assert kind(folder).read(name, 100) == b"mine"


@HERE
@given(NAMES)
@example("../in/a.py")
def test_nor_does_an_absolute_name(folder: Path, name: str) -> None:
    with suppress(UnreadableError):
        assert FolderFiles(folder).read(f"{folder.parent}/out/{name}", 100) == b"mine"


def test_an_absolute_name_of_what_lies_elsewhere_is_refused(folder: Path) -> None:
    with pytest.raises(UnreadableError, match="leads out of the submission's folder"):
        FolderFiles(folder).read(f"{folder.parent}/out/secret.py", 100)


def test_a_linked_folder_is_read_only_where_it_stays_inside(folder: Path) -> None:
    assert FolderFiles(folder).read("to-sub/a.py", 100) == b"mine"
    with pytest.raises(UnreadableError, match="leads out of the submission's folder"):
        FolderFiles(folder).read("to-out/secret.py", 100)
    assert leads_out(folder, folder)
    assert leads_out(folder, folder / "..")
    assert leads_out(folder, folder / "nul\0" / "a.py")
    assert not leads_out(folder, folder / "a.py")


def test_every_name_of_a_folder_is_told_and_links_are_not_entered(folder: Path) -> None:
    for skipped in SKIPPED:
        write(folder, {f"{skipped}/a.py": ""})
    deep = "/".join("d" * MAX_DEPTH)
    write(folder, {f"{deep}/there.py": "", f"{deep}/d/too-deep.py": ""})
    assert list(FolderFiles(folder).names()) == [
        "a.py",
        "file-link.py",
        f"{deep}/there.py",
        "sub/a.py",
    ]


def test_more_files_than_anybody_writes_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "MAX_FILES", 3)
    write(tmp_path, {f"{number}.txt": "" for number in range(3)})
    assert len(list(FolderFiles(tmp_path).names())) == 3
    write(tmp_path, {"sub/3.txt": ""})
    with pytest.raises(UnreadableError, match="more than 3 files"):
        list(FolderFiles(tmp_path).names())
    # of a student's own folder, only the top counts, and its size does not matter
    write(tmp_path, {"exercises/4.txt": "", "5.txt": ""})
    assert list(TopFiles(tmp_path).names())[-1] == "exercises/4.txt"


def test_the_top_of_a_folder_is_not_its_depths(tmp_path: Path) -> None:
    write(tmp_path, {"a.py": "", "exercises/b.py": "", "exercises/old/c.py": "", "env/d.py": ""})
    assert list(TopFiles(tmp_path).names()) == [
        *("a.py", "env", "exercises"),
        *("exercises/b.py", "exercises/old"),
    ]
    assert list(TopFiles(tmp_path / "nowhere").names()) == []


def test_what_is_no_regular_file_is_not_waited_for(tmp_path: Path) -> None:
    (tmp_path / "link.py").symlink_to(tmp_path / "nowhere")
    os.mkfifo(tmp_path / "pipe.py")
    (tmp_path / "folder.py").mkdir()
    for name, told in {
        "link.py": "shown is a symbolic link. Hand in the file itself.",
        "pipe.py": "shown is not a regular file. Hand in a Python file.",
        "folder.py": "shown is not a regular file. Hand in a Python file.",
        os.devnull: "shown is not a regular file. Hand in a Python file.",
        "none.py": "shown cannot be read: No such file or directory.",
        "nul\0": "shown cannot be read: embedded null byte.",
    }.items():
        with pytest.raises(UnreadableError) as caught:
            open_plain(tmp_path / name, "shown")
        assert str(caught.value).startswith(told)


def test_a_link_that_appears_at_the_last_moment_is_not_followed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, {"secret.py": "secret"})
    (tmp_path / "a.py").symlink_to("secret.py")
    monkeypatch.setattr(os.path, "islink", lambda path: False)
    with pytest.raises(UnreadableError, match="cannot be read"):
        open_plain(tmp_path / "a.py", "a.py")


def test_no_descriptor_is_left_open(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.py")
    write(tmp_path, {"a.py": "x"})
    before = os.listdir("/proc/self/fd")
    with pytest.raises(UnreadableError):
        read_plain(tmp_path / "pipe.py", "pipe.py", 1)
    assert read_plain(tmp_path / "a.py", "a.py", 1) == b"x"
    assert os.listdir("/proc/self/fd") == before


def test_one_byte_more_than_asked_for_is_read(tmp_path: Path) -> None:
    write(tmp_path, {"a.py": "12345"})
    assert read_plain(tmp_path / "a.py", "a.py", 3) == b"1234"
    assert read_plain(tmp_path / "a.py", "a.py", 5) == b"12345"


def test_a_disk_that_fails_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Failing:
        def __enter__(self) -> Failing:
            return self

        def __exit__(self, *_: object) -> None:
            pass

        def read(self, _size: int) -> bytes:
            raise OSError(5, "Input/output error")

    monkeypatch.setattr(files, "open_plain", lambda path, shown: Failing())
    with pytest.raises(UnreadableError, match=r"a\.py cannot be read: Input/output error\."):
        read_plain(tmp_path / "a.py", "a.py", 3)


def test_listed_files_have_names_of_their_own(tmp_path: Path) -> None:
    write(tmp_path, {"ada_my_linear.py": "x"})
    with ListedFiles({"my_linear.py": tmp_path / "ada_my_linear.py"}) as listed:
        assert list(listed.names()) == ["my_linear.py"]
        assert listed.read("my_linear.py", 10) == b"x"


def test_empty_folders_are_counted_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "MAX_FILES", 20)
    for number in range(30):
        (tmp_path / f"d{number % 5}" / f"e{number}").mkdir(parents=True)
    with pytest.raises(UnreadableError, match="more than 20 files"):
        list(FolderFiles(tmp_path).names())


def test_files_come_before_what_lies_deeper_in_the_order_of_their_names(tmp_path: Path) -> None:
    found = ["a.py", "b.py", "a/c.py", "a/b/d.py", "a-b/a.py", "c/a.py"]
    write(tmp_path, dict.fromkeys(reversed(found), "x"))
    assert list(FolderFiles(tmp_path).names()) == found
