"""A child's folder: made, measured and removed from outside, whatever was made of it."""

from __future__ import annotations

import os
import stat
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from grader.errors import SandboxLost
from grader.sandbox import private_folder
from grader.sandbox.private_folder import Contents, PrivateFolder

ORDINARY_USER = 65534
DEEP = (
    1100  # deeper than Python calls itself, and with such names a path longer than any call takes
)
NAME = "a" * 9
PLENTY = Contents(1 << 40, 1 << 20, 1 << 20)


def chain(top: Path, depth: int) -> None:
    """Folders in each other, with a file in the innermost."""
    here = os.open(top, os.O_RDONLY)
    for _ in range(depth):
        os.mkdir(NAME, dir_fd=here)
        inner = os.open(NAME, os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = inner
    os.close(os.open("file", os.O_CREAT | os.O_WRONLY, dir_fd=here))
    os.close(here)


def open_descriptors() -> int:
    return len(os.listdir("/proc/self/fd")) if sys.platform == "linux" else 0


@pytest.fixture
def everybodys() -> Iterator[Path]:
    """A folder that every user of this machine can reach and write in, which pytest's own are not."""
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o777)
        yield Path(folder)


def as_ordinary_user(work: Callable[[], None]) -> None:
    """Does it in a process without privileges, which ends with 0 if all went well."""
    if os.getuid() != 0:
        work()
        return
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            os.setgid(ORDINARY_USER)
            os.setuid(ORDINARY_USER)
            work()
            status = 0
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(status)
    assert os.waitpid(pid, 0)[1] == 0


def test_each_child_has_a_name_of_its_own_that_nobody_guesses(folder: PrivateFolder) -> None:
    made = set()
    for _ in range(3):
        inner = folder.new()
        assert inner.parent == folder.path
        assert list(inner.iterdir()) == []
        assert stat.S_IMODE(inner.stat().st_mode) == 0o700
        assert len(inner.name) >= 16
        made.add(inner.name)
        folder.empty()
    assert len(made) == 3


def test_whether_a_childs_folder_is_there_is_known(folder: PrivateFolder, tmp_path: Path) -> None:
    inner = folder.new()
    assert folder.has(inner)
    inner.rename(tmp_path / "elsewhere")
    inner.symlink_to(tmp_path / "elsewhere")
    assert not folder.has(inner)
    (tmp_path / "elsewhere").rmdir()


@pytest.mark.parametrize("depth", [1, 40, DEEP])
def test_folders_are_removed_however_deep(folder: PrivateFolder, depth: int) -> None:
    inner = folder.new()
    chain(inner, depth)
    (inner / "b").mkdir()
    chain(inner / "b", 2)
    before = open_descriptors()
    folder.empty()
    assert list(folder.path.iterdir()) == []
    assert open_descriptors() == before


def test_names_of_every_kind_are_removed(folder: PrivateFolder) -> None:
    inner = os.fsencode(folder.new())
    for name in (b"\n", b"\xff\xfe", b"-rf", b"x" * 255, "기울기".encode(), b" "):
        os.mkdir(inner + b"/" + name)
        with open(inner + b"/" + name + b"/" + name, "wb"):
            pass
    os.mkfifo(inner + b"/pipe")
    folder.empty()
    assert list(folder.path.iterdir()) == []


def test_links_are_not_followed(folder: PrivateFolder, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir(mode=0o500)
    kept = outside / "kept"
    outside.chmod(0o700)
    kept.write_text("here")
    outside.chmod(0o500)
    inner = folder.new()
    (inner / "link").symlink_to(outside)
    (folder.path / "beside").symlink_to(outside)
    (inner / "file").symlink_to(kept)
    assert folder.contents(PLENTY).entries == 4
    folder.empty()
    assert kept.read_text() == "here"
    assert stat.S_IMODE(outside.stat().st_mode) == 0o500
    outside.chmod(0o700)
    kept.unlink()
    outside.rmdir()


def _forbidding(tmp_path: Path) -> None:
    folder = PrivateFolder()
    inner = folder.new()
    modes = (0o000, 0o200, 0o300, 0o400, 0o500)
    for mode in modes:
        deeper = inner / str(mode) / "in" / "it"
        deeper.mkdir(parents=True)
        (deeper / "file").touch(mode=0)
        for each in (deeper, deeper.parent, deeper.parent.parent):
            each.chmod(mode)
    assert folder.contents(PLENTY).entries == 1 + 5 * 4
    for mode in modes:
        (inner / str(mode) / "in" / "it").chmod(mode)
        (inner / str(mode)).chmod(mode)
    inner.chmod(0)
    folder.path.chmod(0)
    folder.empty()
    assert list(folder.path.iterdir()) == []
    assert folder.new().is_dir()
    folder.remove()
    assert list(tmp_path.iterdir()) == []


def test_modes_keep_nothing_from_being_removed(
    everybodys: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where this user is not one to whom modes mean nothing."""
    monkeypatch.setattr("tempfile.tempdir", str(everybodys))
    as_ordinary_user(lambda: _forbidding(everybodys))


def test_what_lies_in_it_is_counted(folder: PrivateFolder) -> None:
    assert folder.contents(PLENTY) == (0, 0, 0)
    inner = folder.new()
    (inner / "a" / "b").mkdir(parents=True)
    (inner / "a" / "full").write_bytes(bytes(1 << 20))
    with open(inner / "hollow", "wb") as file:
        file.truncate(1 << 30)
    found = folder.contents(PLENTY)
    assert found.entries == 5
    assert found.depth == 3
    assert 1 << 20 <= found.size < 2 << 20
    for number in range(9):
        os.link(inner / "a" / "full", inner / str(number))
    linked = folder.contents(PLENTY)
    assert linked.entries == 14
    assert linked.size < 2 << 20  # the same megabyte under ten names


@pytest.mark.parametrize("most", [Contents(1 << 40, 7, 1 << 20), Contents(1 << 40, 1 << 20, 7)])
def test_the_count_ends_when_a_bound_is_passed(folder: PrivateFolder, most: Contents) -> None:
    inner = folder.new()
    chain(inner, 100)
    (inner / "many").mkdir()
    for number in range(100):
        (inner / "many" / str(number)).touch()
    before = open_descriptors()
    found = folder.contents(most)
    assert found.entries == 8 or found.depth == 8
    assert found.entries <= 110
    assert open_descriptors() == before


def test_the_count_ends_when_there_are_bytes_enough(folder: PrivateFolder) -> None:
    inner = folder.new()
    for number in range(20):
        (inner / str(number)).write_bytes(bytes(1 << 16))
    found = folder.contents(Contents(3 << 16, 1 << 20, 1 << 20))
    assert 3 << 16 < found.size <= 5 << 16


def test_what_cannot_be_emptied_is_not_used_any_more(
    folder: PrivateFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder.new()
    with monkeypatch.context() as slow:
        slow.setattr(private_folder, "_REMOVE_SECONDS", 0)
        folder.empty()
        assert len(list(folder.path.iterdir())) == 1
        with pytest.raises(SandboxLost, match="cannot be emptied"):
            folder.new()
    assert list(folder.new().iterdir()) == []  # one that was interrupted is emptied now


def test_one_that_is_gone_is_a_lost_sandbox(folder: PrivateFolder) -> None:
    inner = folder.new()
    inner.rmdir()
    folder.path.rmdir()
    assert not folder.has(inner)
    assert folder.contents(PLENTY) == (0, 0, 0)
    with pytest.raises(SandboxLost, match=r"cannot be used: .*No such file"):
        folder.new()


def test_a_full_disk_is_a_lost_sandbox(
    folder: PrivateFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.mkdir", full)
    with pytest.raises(SandboxLost, match="No space left"):
        folder.new()
    with pytest.raises(SandboxLost, match=r"cannot be made: .*No space left"):
        PrivateFolder()
    monkeypatch.undo()


def _shut(tmp_path: Path) -> None:
    folder = PrivateFolder()
    folder.path.chmod(0)
    with pytest.raises(SandboxLost, match="Permission denied"):
        folder.new()
    folder.remove()


def test_one_that_was_shut_is_a_lost_sandbox(
    everybodys: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(everybodys))
    as_ordinary_user(lambda: _shut(everybodys))
    assert list(everybodys.iterdir()) == []


def test_where_there_is_no_room_for_folders_it_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", "/nowhere/at/all")
    with pytest.raises(SandboxLost, match="cannot be made"):
        PrivateFolder()


def test_one_that_was_moved_is_emptied_all_the_same(folder: PrivateFolder, tmp_path: Path) -> None:
    inner = folder.new()
    (inner / "file").touch()
    folder.path.rename(tmp_path / "moved")
    assert folder.contents(PLENTY).entries == 2
    folder.remove()
    assert list((tmp_path / "moved").iterdir()) == []
    (tmp_path / "moved").rmdir()
    folder.remove()  # twice does no harm
