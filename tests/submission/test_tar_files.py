"""Tar files as students and attackers make them."""

from __future__ import annotations

import gzip
import io
import tarfile
from collections.abc import Mapping
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.errors import UnreadableError
from grader.submission import tar_files
from grader.submission.tar_files import TarFiles, entries


def tarred(files: Mapping[str, bytes], mode: str = "w:gz", **kinds: bytes) -> io.BytesIO:
    """A tar of files, and of links and the like by their names."""
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode=mode) as archive:  # type: ignore[call-overload]
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
        for name, kind in kinds.items():
            info = tarfile.TarInfo(name)
            info.type, info.linkname = kind, "/etc/passwd"
            archive.addfile(info)
    made.seek(0)
    return made


@pytest.mark.parametrize("mode", ["w:gz", "w"])
def test_files_are_read(mode: str) -> None:
    file = tarred({"lab/my_linear.py": b"x = 1", "./data.csv": b"1,2", "a/../../out.py": b""}, mode)
    with TarFiles(file, "x") as files:
        assert [*files.names()] == ["lab/my_linear.py", "data.csv"]
        assert files.read("lab/my_linear.py", 100) == b"x = 1"
        assert (
            files.read("lab/my_linear.py", 2) == b"x ="
        )  # one more than was asked for: it is too large
    assert file.closed


@pytest.mark.parametrize(
    "kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE]
)
def test_a_link_is_named_and_not_read(kind: bytes) -> None:
    files = TarFiles(tarred({"x.py": b"1"}, my_linear=kind), "x")
    assert [*files.names()] == ["x.py", "my_linear"]
    with pytest.raises(UnreadableError, match="link or no file") as error:
        files.read("my_linear", 10)
    assert error.value.kind == "link"


def test_of_two_of_a_name_the_later_counts() -> None:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w:gz") as archive:
        for data in (b"old", b"new!"):
            info = tarfile.TarInfo("x.py")
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    made.seek(0)
    assert TarFiles(made, "x").read("x.py", 10) == b"new!"


def test_a_bomb_is_told() -> None:
    with pytest.raises(UnreadableError, match="far too large once it is unpacked"):
        TarFiles(tarred({"x.py": bytes(20 << 20)}), "x")


def test_so_many_files_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tar_files, "MAX_ENTRIES", 3)
    made = {f"{number}.py": b"" for number in range(4)}
    with pytest.raises(UnreadableError, match="far too many files"):
        TarFiles(tarred(made), "x")
    assert len([*entries(tarred(made), "x", times=2)]) == 4


def test_what_was_cut_short_is_told() -> None:
    data = tarred({"x.py": bytes(range(256)) * 40}).getvalue()
    with pytest.raises(UnreadableError, match="not a tar file"):
        TarFiles(io.BytesIO(data[: len(data) // 2]), "x")


def test_a_size_that_leads_backwards_ends() -> None:
    data = bytearray(tarred({"x.py": b"1"}, "w").getvalue())
    data[124:136] = b"\xff" * 12  # -1, as some write it
    data[148:156] = b"%06o\0 " % (sum(data[:148]) + 8 * 32 + sum(data[156:512]))
    with suppress(UnreadableError):
        TarFiles(io.BytesIO(bytes(data)), "x")


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_a_damaged_tar_is_read_or_told(data: st.DataObject) -> None:
    plain = bytearray(
        tarred({"x.py": b"x = 1", "y/z.py": b"1"}, "w", link=tarfile.SYMTYPE).getvalue()
    )
    for _ in range(data.draw(st.integers(1, 4))):
        plain[data.draw(st.integers(0, 2500))] = data.draw(st.integers(0, 255))
    with suppress(UnreadableError):
        files = TarFiles(io.BytesIO(gzip.compress(bytes(plain))), "x")
        for name in files.names():
            with suppress(UnreadableError):
                files.read(name, 100)
