"""An archive is what its first bytes say."""

from __future__ import annotations

import gzip
import io
import tarfile

import pytest

from grader.errors import UnreadableError
from grader.submission.archives import is_archive, kind_of, open_archive
from grader.submission.tar_files import TarFiles
from grader.submission.zip_files import ZipFiles
from tests.submission.test_tar_files import tarred
from tests.submission.test_zip_files import packed


def test_the_name_of_an_archive_says_nothing() -> None:
    for mode in ("w:gz", "w"):
        with open_archive(tarred({"a/x.py": b"1"}, mode), "x.zip") as files:
            assert isinstance(files, TarFiles)
            assert [*files.names()] == ["a/x.py"]
    with open_archive(io.BytesIO(packed(["a/x.py"])), "x.tgz") as files:
        assert isinstance(files, ZipFiles)
        assert [*files.names()] == ["a/x.py"]


@pytest.mark.parametrize("head", [b"Rar!\x1a\x07", b"7z\xbc\xaf\x27\x1c", b"BZh9", b"\xfd7zXZ\x00"])
def test_what_is_not_read_is_told_with_what_to_do(head: bytes) -> None:
    file = io.BytesIO(head + bytes(500))
    with pytest.raises(
        UnreadableError, match=r"ada\.x is .*, which is not read\. Make a zip of it\."
    ):
        kind_of(file, "ada.x")
    assert file.closed


def test_what_is_nothing_is_no_zip() -> None:
    for data in (b"", b"hello", gzip.compress(b"hello")):
        with pytest.raises(UnreadableError, match="Make it anew"):
            open_archive(io.BytesIO(data), "x")


@pytest.mark.parametrize("name", ["a.zip", "a.TAR.GZ", "a.tgz", "a.b.tar"])
def test_names_of_archives(name: str) -> None:
    assert is_archive(name)
    assert not is_archive(name + ".py")


def test_a_tar_has_its_mark() -> None:
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w"):
        pass
    plain.seek(0)
    assert kind_of(plain, "x") == "zip"  # nothing is in it, and nothing says what it is
