"""A class in one archive: unpacked within bounds, and gone afterwards."""

from __future__ import annotations

import io
import re
import tarfile
from pathlib import Path

import pytest

from grader.classroom.handin import unpacking
from grader.classroom.handin.layouts import find_hand_ins
from grader.classroom.handin.unpacking import gathered
from grader.errors import LayoutError
from tests.hand_ins import RIGHT, write, zipped

EXERCISES = ["my_linear"]
TWO = {"ada/my_linear.py": RIGHT, "bob/my_linear.py": RIGHT}


def names_in(where: Path) -> list[str]:
    with gathered(where, EXERCISES) as there:
        return sorted(
            path.relative_to(there.folder).as_posix()
            for path in there.folder.rglob("*")
            if path.is_file()
        )


def test_a_folder_stays_where_it_is(tmp_path: Path) -> None:
    folder = write(tmp_path / "lab", TWO)
    with gathered(folder, EXERCISES) as there:
        assert (there.folder, there.name, there.left_out) == (folder, "lab", ())
    assert sorted(folder.iterdir()) == [folder / "ada", folder / "bob"]


def test_an_archive_is_unpacked_and_gone_afterwards(tmp_path: Path) -> None:
    archive = zipped(tmp_path / "lab-submissions.zip", TWO)
    with gathered(archive, EXERCISES) as there:
        assert there.name == there.folder.name == "lab-submissions"
        assert (there.folder / "ada" / "my_linear.py").read_text() == RIGHT
    assert not there.folder.parent.exists()
    assert [path.name for path in tmp_path.iterdir()] == ["lab-submissions.zip"]


def test_an_archive_in_an_archive_is_unpacked_and_a_students_is_not(tmp_path: Path) -> None:
    inner = zipped(tmp_path / "inner.zip", TWO).read_bytes()
    zipped(tmp_path / "outer.zip", {"inner.zip": inner})
    assert names_in(tmp_path / "outer.zip") == ["ada/my_linear.py", "bob/my_linear.py"]
    students = zipped(tmp_path / "ada.zip", {"my_linear.py": RIGHT}).read_bytes()
    zipped(tmp_path / "class.zip", {"ada.zip": students, "bob.zip": students})
    assert names_in(tmp_path / "class.zip") == ["ada.zip", "bob.zip"]
    folder = tmp_path / "one"
    folder.mkdir()
    (folder / "ada.zip").write_bytes(students)
    assert names_in(folder) == ["ada.zip"]


def test_what_leads_out_or_is_a_link_stays_out(tmp_path: Path) -> None:
    outside = {"../evil.py": "", "/etc/x": "", "Cy: Lab/my_linear.py": ""}
    assert names_in(zipped(tmp_path / "a.zip", TWO | outside)) == [*TWO]
    with gathered(tmp_path / "a.zip", EXERCISES) as there:
        assert [each.split(" is no name", 1)[0] for each in there.left_out] == [*outside]
    with tarfile.open(tmp_path / "b.tar.gz", "w:gz") as archive:
        for name in (*TWO, "../evil.py"):
            archive.addfile(tarfile.TarInfo(name), io.BytesIO())
        link = tarfile.TarInfo("bob/link.py")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
    with gathered(tmp_path / "b.tar.gz", EXERCISES) as there:
        assert there.left_out == (
            "../evil.py is no name that is unpacked: it leads out of the archive, or has a colon.",
            "bob/link.py is a link or no file. Hand in the file itself.",
        )
    assert names_in(tmp_path / "b.tar.gz") == [*TWO]


def test_a_zip_from_windows_and_one_with_a_name_twice(tmp_path: Path) -> None:
    archive = zipped(
        tmp_path / "a.zip", {r"ada\my_linear.py": "1", "ada/my_linear.py": "2", "x.zip": ""}
    )
    with gathered(archive, EXERCISES) as there:
        [told] = there.left_out
        assert told == "ada/my_linear.py is in the archive twice; the last one was taken."
        assert (there.folder / "ada" / "my_linear.py").read_text() == "2"


def test_a_file_that_is_too_large_is_left_out_and_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unpacking, "_LARGEST_BYTES", 100)
    archive = zipped(tmp_path / "a.zip", TWO | {"ada/big.py": "#" * 200})
    with gathered(archive, EXERCISES) as there:
        assert there.left_out == ("ada/big.py is far too large for an exercise.",)
        assert not (there.folder / "ada" / "big.py").exists()
    monkeypatch.setattr(unpacking, "_MOST_BYTES", 10)
    with pytest.raises(LayoutError, match="more than 0 GiB"), gathered(archive, EXERCISES):
        pass


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"", "not a zip file"),
        (b"PK\x05\x06" + bytes(18), "no file that can be unpacked"),
        (b"\x1f\x8bxx", "not a tar file"),
        (b"Rar!", "a RAR archive, which is not read. Make a zip of it"),
    ],
)
def test_an_archive_that_is_none(tmp_path: Path, data: bytes, told: str) -> None:
    (tmp_path / "a.zip").write_bytes(data)
    with pytest.raises(LayoutError, match=told), gathered(tmp_path / "a.zip", EXERCISES):
        pass


def test_an_error_names_the_archive_and_not_where_it_was_unpacked(tmp_path: Path) -> None:
    archive = zipped(tmp_path / "a.zip", {"my_linear.py": RIGHT})
    with (
        pytest.raises(LayoutError, match=f"^{re.escape(str(archive))} holds no submissions"),
        gathered(archive, EXERCISES) as there,
    ):
        find_hand_ins(there.folder, EXERCISES)


def test_a_class_whose_files_are_all_encrypted_is_told(tmp_path: Path) -> None:
    data = bytearray(zipped(tmp_path / "a.zip", {"ada/my_linear.py": RIGHT}).read_bytes())
    data[data.index(b"PK\x01\x02") + 8] |= 1
    (tmp_path / "a.zip").write_bytes(data)
    with pytest.raises(LayoutError, match=r"ada/my_linear\.py is encrypted"):
        names_in(tmp_path / "a.zip")


def test_a_name_in_a_koreans_zip_is_read(tmp_path: Path) -> None:
    """Windows writes names in its own encoding, without saying so."""
    archive = zipped(tmp_path / "a.zip", {"x1x2/my_linear.py": RIGHT, "bob/my_linear.py": RIGHT})
    data = archive.read_bytes().replace(b"x1x2", "김민".encode("cp949"))
    archive.write_bytes(data)
    assert names_in(archive) == ["bob/my_linear.py", "김민/my_linear.py"]
