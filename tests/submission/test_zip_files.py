"""Zips as students and attackers make them."""

from __future__ import annotations

import stat
import struct
import zipfile
from pathlib import Path

from tests.hand_ins import RIGHT, read, zipped


def test_a_zip_that_leads_out_is_not_followed(tmp_path: Path) -> None:
    names = ["../my_linear.py", "/my_linear.py", "a/../../my_linear.py", "C:\\my_linear.py"]
    work = read(zipped(tmp_path / "ada.zip", dict.fromkeys(names, RIGHT)))
    assert not work.sources
    assert work.problem
    work = read(zipped(tmp_path / "bob.zip", {"..\\my_linear.py": RIGHT, "line_fit.py": RIGHT}))
    assert list(work.sources) == ["line_fit"]


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
