"""Zips as students and attackers make them."""

from __future__ import annotations

import io
import random
import stat
import struct
import warnings
import zipfile
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path, PurePosixPath, PureWindowsPath

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.errors import UnreadableError
from grader.submission import zip_files
from grader.submission.zip_files import ZipFiles
from tests.hand_ins import RIGHT, read, zipped


def test_a_zip_that_leads_out_is_not_followed(tmp_path: Path) -> None:
    names = ["../my_linear.py", "/my_linear.py", "a/../../my_linear.py", "C:\\my_linear.py"]
    submitted = read(zipped(tmp_path / "ada.zip", dict.fromkeys(names, RIGHT)))
    assert not submitted.sources
    assert submitted.problem
    submitted = read(
        zipped(tmp_path / "bob.zip", {"..\\my_linear.py": RIGHT, "line_fit.py": RIGHT})
    )
    assert list(submitted.sources) == ["line_fit"]


def test_a_link_in_a_zip_is_none(tmp_path: Path) -> None:
    path = tmp_path / "ada.zip"
    with zipfile.ZipFile(path, "w") as archive:
        info = zipfile.ZipInfo("my_linear.py")
        info.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(info, "/etc/passwd")
    assert "link" in read(path).sources["my_linear"].problem


def test_a_bomb_is_not_unpacked(tmp_path: Path) -> None:
    path = zipped(tmp_path / "ada.zip", {"my_linear.py": b"#" * (64 << 20)})
    assert "too large" in read(path).sources["my_linear"].problem
    # one that lies: the directory says 100 bytes
    data = bytearray(path.read_bytes())
    at = data.rfind(b"PK\x01\x02")
    struct.pack_into("<I", data, at + 24, 100)
    path.write_bytes(data)
    source = read(path).sources["my_linear"]
    assert source.problem or len(source.text) <= 1 << 20
    path = zipped(tmp_path / "many.zip", {f"{number}.txt": "" for number in range(25_000)})
    assert "too many files" in read(path).problem


def test_a_long_comment_is_no_hindrance(tmp_path: Path) -> None:
    path = tmp_path / "ada.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("my_linear.py", RIGHT)
        archive.writestr("notes.txt", "x" * 1000)
        archive.comment = b"c" * 65_535
    assert not read(path).problem


def test_other_zips_are_refused_in_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "ada.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("my_linear.py", RIGHT)
    assert "unusual" in read(path).sources["my_linear"].problem
    data = bytearray(zipped(path, {"my_linear.py": RIGHT}).read_bytes())
    data[data.rfind(b"PK\x01\x02") + 8] |= 1  # as if encrypted
    path.write_bytes(data)
    assert "encrypted" in read(path).sources["my_linear"].problem
    path.write_bytes(data[:40] + data[45:])
    assert read(path).problem or read(path).sources["my_linear"].problem


# the reader itself


def opened(data: bytes) -> ZipFiles:
    return ZipFiles(io.BytesIO(data), "ada.zip")


def packed(names: Iterable[str]) -> bytes:
    buffer = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of names that stand there twice
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
            for name in names:
                archive.writestr(zipfile.ZipInfo(name), RIGHT)
    return buffer.getvalue()


PARTS = st.sampled_from(["..", ".", "", "a", "C:", "a.py", "\\..", "..\\a.py"])


@given(st.lists(st.lists(PARTS, min_size=1, max_size=4).map("/".join) | st.text(), max_size=4))
def test_no_name_leads_out(names: list[str]) -> None:
    try:
        data = packed(names)
    except (UnicodeEncodeError, struct.error, zipfile.LargeZipFile):
        return  # no zip can hold such names
    with opened(data) as files:
        for name in files.names():
            assert ".." not in name.split("/")
            assert not PurePosixPath(name).is_absolute()
            assert not PureWindowsPath(name).drive
            assert "\\" not in name
            assert files.read(name, 1000) == RIGHT.encode()


def expect_bytes_or_a_sentence(data: bytes) -> None:
    """Whatever these bytes are: nothing but `UnreadableError` is raised, and no more is read than was asked for."""
    with suppress(UnreadableError), opened(data) as files:
        for name in files.names():
            with suppress(UnreadableError):
                assert len(files.read(name, 10)) <= 11


@given(st.binary(), st.binary())
def test_any_bytes_are_a_zip_or_told(data: bytes, more: bytes) -> None:
    expect_bytes_or_a_sentence(data)
    expect_bytes_or_a_sentence(data + b"PK\5\6" + more)


@settings(max_examples=300)
@given(st.data())
def test_a_damaged_zip_is_read_or_told(data: st.DataObject) -> None:
    damaged = bytearray(packed(["my_linear.py", "a/line_fit.py"]))
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(damaged) - 1))
        damaged[at] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(damaged)) | st.just(len(damaged)))
    expect_bytes_or_a_sentence(bytes(damaged[:cut]))


def test_what_is_read_is_bounded() -> None:
    with opened(packed(["a.py"])) as files:
        assert files.read("a.py", len(RIGHT)) == RIGHT.encode()
        with pytest.raises(UnreadableError, match=r"a\.py is far too large"):
            files.read("a.py", 10)


def test_what_the_older_record_says_of_the_directory_is_not_believed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A record of the newer kind, which counts more, may say something else; what it leads to is not read either."""
    monkeypatch.setattr(zip_files, "MAX_DIRECTORY_BYTES", 70_000)
    names = [f"{number}.py" for number in range(2000)]
    data = packed(names)
    end = data.rfind(b"PK\x05\x06")
    size, start = struct.unpack_from("<II", data, end + 12)
    record = struct.pack(
        *("<4sQHHIIQQQQ", b"PK\x06\x06", 44, 45, 45, 0, 0, len(names), len(names), size, start)
    )
    locator = struct.pack("<4sIQI", b"PK\x06\x07", 0, end, 1)
    small = struct.pack("<4sHHHHIIH", b"PK\x05\x06", 0, 0, 1, 1, 50, start, 0)
    lying = data[:end] + record + locator + small
    assert len(zipfile.ZipFile(io.BytesIO(lying)).namelist()) == len(names)  # so it is read
    with pytest.raises(UnreadableError, match=r"ada\.zip holds far too many files"):
        opened(lying)
    monkeypatch.setattr(zip_files, "MAX_DIRECTORY_BYTES", 8 << 20)
    monkeypatch.setattr(zip_files, "MAX_ENTRIES", 1000)
    with pytest.raises(UnreadableError, match=r"ada\.zip holds far too many files"):
        opened(lying)


def test_a_file_of_many_parts_is_whole() -> None:
    data = random.Random(0).randbytes(5 << 19)  # two parts and a half
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.py", data)
    with opened(buffer.getvalue()) as files:
        assert files.read("a.py", len(data)) == data
        assert files.read("a.py", len(data) - 1) == data


def test_a_zip_is_closed_also_where_it_is_none() -> None:
    file = io.BytesIO(b"no zip")
    with pytest.raises(UnreadableError, match=r"ada\.zip is not a zip file"):
        ZipFiles(file, "ada.zip")
    assert file.closed
    file = io.BytesIO(packed(["a.py"]))
    ZipFiles(file, "ada.zip").close()
    assert file.closed
