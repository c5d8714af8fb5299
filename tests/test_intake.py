"""What lies in a folder of submissions, and how it is read: layouts, rosters, zips, repositories; hostile ones too."""

from __future__ import annotations

import hashlib
import io
import os
import shutil
import stat
import struct
import subprocess
import zipfile
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from grader.classroom.gradebook.late import LatePolicy, late_days
from grader.classroom.handin.layouts import HandIn, find_hand_ins
from grader.classroom.handin.read import (
    Submitted,
    digest_of,
    plain_sources,
    read_hand_in,
    sources_of,
)
from grader.classroom.handin.roster import Matcher, read_roster, read_time
from grader.classroom.records import Enrolled
from grader.course.catalog import Course
from grader.errors import LayoutError, RosterError
from grader.submission.git_files import CommitFiles

RIGHT = "class MyLinear:\n    answer = 42\n"
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
Read = Callable[..., Submitted]


@pytest.fixture
def read(course: Course) -> Read:
    def run(path: Path, until: datetime | None = None) -> Submitted:
        return read_hand_in(HandIn(("ada",), path), course, course.names, until)

    return run


def write(folder: Path, files: Mapping[str, str]) -> Path:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def zipped(path: Path, files: Mapping[str, str | bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return path


def git(folder: Path, *arguments: str, when: datetime = NOON) -> str:
    if not shutil.which("git"):
        pytest.skip("git is not installed here")
    stamp = f"{int(when.timestamp())} +0000"
    return subprocess.run(
        ["git", "-c", "user.name=Ada", "-c", "user.email=ada@example.org", *arguments],
        cwd=folder,
        check=True,
        capture_output=True,
        text=True,
        env=os.environ | {"GIT_COMMITTER_DATE": stamp, "GIT_AUTHOR_DATE": stamp},
    ).stdout.strip()


def committed(folder: Path, text: str, when: datetime = NOON, name: str = "my_linear.py") -> str:
    if not (folder / ".git").exists():
        folder.mkdir(exist_ok=True)
        git(folder, "init", "--quiet")
    write(folder, {name: text})
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message=work", when=when)
    return git(folder, "rev-parse", "HEAD")


# where the files of a submission lie


@pytest.mark.parametrize(
    "name",
    [
        "my_linear.py",
        "exercises/my_linear.py",
        "homework-1/exercises/my_linear.py",
        "my_linear (1).py",
    ],
)
def test_a_file_is_found_where_it_lies(tmp_path: Path, read: Read, name: str) -> None:
    work = read(write(tmp_path / "ada", {name: RIGHT, "README.md": "hello"}))
    assert work.sources["my_linear"].text == RIGHT
    assert read(zipped(tmp_path / "ada.zip", {name: RIGHT})).sources["my_linear"].text == RIGHT


def test_the_stub_is_not_the_answer_and_two_answers_are_told(
    tmp_path: Path, read: Read, course: Course
) -> None:
    stub = course["my_linear"].stub.read_text(encoding="utf-8")
    work = read(write(tmp_path / "ada", {"my_linear.py": stub, "work/my_linear.py": RIGHT}))
    assert work.sources["my_linear"].text == RIGHT
    assert not work.notes
    work = read(write(tmp_path / "ada", {"old/my_linear.py": RIGHT + "# older\n"}))
    assert work.sources["my_linear"].filename == "old/my_linear.py"
    assert "work/my_linear.py" in work.notes[0]


def test_what_cannot_be_graded_is_told(tmp_path: Path, read: Read) -> None:
    (tmp_path / "empty").mkdir()
    assert "no files" in read(tmp_path / "empty").problem
    assert "found notes.txt" in read(write(tmp_path / "other", {"notes.txt": "x"})).problem
    bad = write(tmp_path / "bad", {}) / "bad.zip"
    bad.parent.mkdir()
    bad.write_bytes(b"PK no zip at all")
    assert "not a zip file" in read(bad).problem


def test_a_link_is_not_followed(tmp_path: Path, read: Read) -> None:
    secret = write(tmp_path / "secret", {"my_linear.py": RIGHT})
    folder = write(tmp_path / "ada", {"line_fit.py": RIGHT})
    (folder / "my_linear.py").symlink_to(secret / "my_linear.py")
    (folder / "exercises").symlink_to(secret)
    os.mkfifo(folder / "losses.py")
    work = read(folder)
    assert "symbolic link" in work.sources["my_linear"].problem
    assert "regular file" in work.sources["losses"].problem
    assert "exercises/my_linear.py" not in str(plain_sources(work.sources))


def test_a_digest_is_of_what_is_graded(tmp_path: Path, read: Read) -> None:
    folder = read(write(tmp_path / "ada", {"my_linear.py": RIGHT}))
    same = read(zipped(tmp_path / "ada.zip", {"my_linear.py": RIGHT, "notes": "other"}))
    other = read(write(tmp_path / "bob", {"my_linear.py": RIGHT + "\n"}))
    assert folder.digest == same.digest != other.digest
    assert sources_of(plain_sources(folder.sources)) == folder.sources
    assert digest_of(plain_sources(folder.sources)) == folder.digest


# zips


def test_a_zip_that_leads_out_is_not_followed(tmp_path: Path, read: Read) -> None:
    names = ["../my_linear.py", "/my_linear.py", "a/../../my_linear.py", "C:\\my_linear.py"]
    work = read(zipped(tmp_path / "ada.zip", dict.fromkeys(names, RIGHT)))
    assert not work.sources
    assert work.problem
    work = read(zipped(tmp_path / "bob.zip", {"..\\my_linear.py": RIGHT, "line_fit.py": RIGHT}))
    assert list(work.sources) == ["line_fit"]


def test_a_link_in_a_zip_is_none(tmp_path: Path, read: Read) -> None:
    path = tmp_path / "ada.zip"
    with zipfile.ZipFile(path, "w") as archive:
        info = zipfile.ZipInfo("my_linear.py")
        info.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(info, "/etc/passwd")
    assert "link" in read(path).sources["my_linear"].problem


def test_a_bomb_is_not_unpacked(tmp_path: Path, read: Read) -> None:
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


def test_a_zip_in_a_folder_is_opened_once(tmp_path: Path, read: Read) -> None:
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as archive:
        archive.writestr("my_linear.py", RIGHT)
    folder = tmp_path / "submission_1"
    folder.mkdir()
    (folder / "handin.zip").write_bytes(inner.getvalue())
    assert read(folder).sources["my_linear"].text == RIGHT
    outer = zipped(tmp_path / "outer.zip", {"handin.zip": inner.getvalue()})
    assert "found handin.zip" in read(outer).problem


def test_other_zips_are_refused_in_a_sentence(tmp_path: Path, read: Read) -> None:
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


# repositories


def test_the_last_commit_before_the_deadline_counts(tmp_path: Path, read: Read) -> None:
    folder = tmp_path / "ada"
    first = committed(folder, RIGHT)
    last = committed(folder, RIGHT + "# late\n", NOON + timedelta(hours=2))
    (folder / "my_linear.py").write_text("not committed")
    work = read(folder)
    assert (work.commit, work.when) == (last, NOON + timedelta(hours=2))
    work = read(folder, NOON)
    assert (work.commit, work.when, work.sources["my_linear"].text) == (first, NOON, RIGHT)
    work = read(folder, NOON - timedelta(seconds=1))
    assert "no commit before the deadline" in work.problem
    assert "14:00" in work.problem


def test_other_shapes_of_repositories(tmp_path: Path, read: Read) -> None:
    folder = tmp_path / "ada"
    commit = committed(folder, RIGHT, name="exercises/my_linear.py")
    committed(folder, RIGHT + "#", NOON + timedelta(days=1), name="exercises/my_linear.py")
    git(folder, "gc", "--quiet")
    assert read(folder, NOON).commit == commit
    git(tmp_path, "clone", "--quiet", "--bare", str(folder), "bare.git")
    assert read(tmp_path / "bare.git", NOON).commit == commit
    git(tmp_path, "clone", "--quiet", "--depth=1", f"file://{folder}", "shallow")
    assert read(tmp_path / "shallow").sources["my_linear"].text == RIGHT + "#"
    git(folder, "checkout", "--quiet", "--detach", commit)
    assert read(folder).commit == commit
    (tmp_path / "new").mkdir()
    git(tmp_path / "new", "init", "--quiet")
    assert "no commit" in read(tmp_path / "new").problem
    wide = tmp_path / "wide"
    wide.mkdir()
    git(wide, "init", "--quiet", "--object-format=sha256")
    assert len(committed(wide, RIGHT)) == 64
    assert read(wide).sources["my_linear"].text == RIGHT


def test_nothing_of_a_hostile_repository_is_run(tmp_path: Path, read: Read) -> None:
    folder = tmp_path / "ada"
    committed(folder, RIGHT)
    marker = tmp_path / "was-here"
    run = f"touch {marker}; cat"
    write(folder, {".gitattributes": "* filter=evil diff=evil text eol=crlf ident\n"})
    committed(folder, RIGHT + "$Id$\n")
    for setting, value in {
        "core.fsmonitor": run,
        "core.sshCommand": run,
        "core.alternateRefsCommand": run,
        "core.pager": run,
        "diff.external": run,
        "diff.evil.textconv": run,
        "filter.evil.smudge": run,
        "filter.evil.clean": run,
        "filter.evil.process": run,
        "alias.rev-list": f"!{run}",
        "alias.ls-tree": f"!{run}",
        "extensions.partialClone": "origin",
        "remote.origin.promisor": "true",
        "remote.origin.url": f"ext::sh -c '{run}'",
        "protocol.ext.allow": "always",
        "uploadpack.packObjectsHook": run,
        "gpg.program": run,
        "log.showSignature": "true",
    }.items():
        git(folder, "config", setting, value)
    for hook in ("post-checkout", "reference-transaction", "post-index-change"):
        path = folder / ".git" / "hooks" / hook
        path.write_text(f"#!/bin/sh\ntouch {marker}\n")
        path.chmod(0o755)
    data = (folder / "my_linear.py").read_bytes()
    blob = hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()
    marker.unlink(missing_ok=True)
    work = read(folder)
    assert work.sources["my_linear"].text == RIGHT + "$Id$\n"
    assert not marker.exists()
    # an object that is missing is not fetched from wherever the settings say
    (folder / ".git" / "objects" / blob[:2] / blob[2:]).unlink()
    work = read(folder)
    assert "damaged" in work.sources["my_linear"].problem
    assert not marker.exists()
    # the trap is a real one: it catches whoever asks git in the ordinary way
    subprocess.run(["git", "status"], cwd=folder, capture_output=True, check=False)
    assert marker.exists()


def test_another_repositorys_objects_are_not_lent(tmp_path: Path, read: Read) -> None:
    other = tmp_path / "other"
    commit = committed(other, RIGHT)
    folder = tmp_path / "ada"
    committed(folder, "x = 1\n")
    (folder / ".git" / "HEAD").write_text(commit)
    assert "damaged" in read(folder).problem
    (folder / ".git" / "objects" / "info" / "alternates").write_text(f"{other}/.git/objects\n")
    assert "borrows" in read(folder).problem
    (folder / ".git" / "objects" / "info" / "alternates").unlink()
    for name in (other / ".git" / "objects").iterdir():
        if len(name.name) == 2 and not (folder / ".git" / "objects" / name.name).exists():
            (folder / ".git" / "objects" / name.name).symlink_to(name)
    assert "links" in read(folder).problem
    (folder / ".git" / "HEAD").write_text("ref: refs/../../other/.git/HEAD")
    assert "damaged" in read(folder).problem


def test_a_tree_that_unfolds_without_end_is_cut(tmp_path: Path, read: Read) -> None:
    folder = tmp_path / "ada"
    committed(folder, RIGHT)

    def made(kind: str, text: str) -> str:
        return subprocess.run(
            ["git", *kind.split()],
            cwd=folder,
            input=text,
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()

    tree = made("mktree", f"100644 blob {git(folder, 'rev-parse', 'HEAD:my_linear.py')}\tx.py\n")
    for _ in range(12):
        tree = made("mktree", "".join(f"040000 tree {tree}\td{n}\n" for n in range(10)))
    commit = git(folder, "commit-tree", tree, "-m", "bomb")
    git(folder, "update-ref", "HEAD", commit)
    assert "far too large" in read(folder).problem


def test_a_link_and_a_giant_in_a_commit(tmp_path: Path, read: Read) -> None:
    folder = tmp_path / "ada"
    folder.mkdir()
    (folder / "my_linear.py").symlink_to("/etc/passwd")
    committed(folder, "#" * (2 << 20), name="line_fit.py")
    sources = read(folder).sources
    assert "symbolic link" in sources["my_linear"].problem
    assert "larger than 1 MiB" in sources["line_fit"].problem


def test_a_submodule_is_left_alone(tmp_path: Path) -> None:
    folder = tmp_path / "ada"
    commit = committed(folder, RIGHT)
    git(folder, "update-index", "--add", "--cacheinfo", f"160000,{commit},exercises")
    git(folder, "commit", "--quiet", "--message=module")
    with CommitFiles(folder / ".git") as files:
        assert list(files.names()) == ["my_linear.py"]


def test_nothing_is_left_behind(
    tmp_path: Path, read: Read, monkeypatch: pytest.MonkeyPatch
) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(scratch))
    folder = tmp_path / "ada"
    committed(folder, RIGHT)
    read(folder)
    (folder / ".git" / "HEAD").write_text("nowhere")
    assert "damaged" in read(folder).problem
    assert not list(scratch.iterdir())


# layouts


def aliases(folder: Path, *exercises: str) -> dict[str, Path]:
    found = find_hand_ins(folder, exercises or ("my_linear", "line_fit"))
    return {each.aliases[0]: each.path for each in found}


def test_github_classroom_and_classroom_50(tmp_path: Path) -> None:
    write(tmp_path / "a" / "lab-1-submissions", {"lab-1-ada/x": "", "lab-1-bob-b/x": ""})
    assert set(aliases(tmp_path / "a")) == {"ada", "bob-b"}
    assert set(aliases(tmp_path / "a" / "lab-1-submissions")) == {"ada", "bob-b"}
    stamp = "cs1-lab_submissions_2026_11_20_T_23_59_59"
    write(tmp_path / "b" / stamp, {"cs1-lab-ada/x": "", "cs1-lab-bob/x": "", "scores.csv": "x"})
    assert set(aliases(tmp_path / "b" / stamp)) == {"ada", "bob"}


def test_gradescope(tmp_path: Path, read: Read, course: Course) -> None:
    folder = write(
        tmp_path / "export",
        {
            "submission_1/my_linear.py": RIGHT,
            "submission_2/my_linear.py": RIGHT,
            "submission_metadata.yml": """---
submission_1:
  :submitters:
  - :name: Ada Lovelace
    :sid: '0042'
    :email: ada@example.org
  - :name: Bob
    :sid:
    :email: bob@example.org
  :created_at: 2026-11-20 12:00:00.123456000 Z
  :score: 3.0
../../etc:
  :submitters:
  - :name: Eve
""",
        },
    )
    found = find_hand_ins(folder, course.names)
    assert [each.aliases[0] for each in found] == ["0042", "bob@example.org"]
    assert found[0].when == NOON + timedelta(microseconds=123456)
    assert found[0].path == folder / "submission_1"
    (folder / "submission_metadata.yml").write_text("!!python/object/apply:os.system [true]")
    with pytest.raises(LayoutError, match="cannot be read as YAML"):
        find_hand_ins(folder, course.names)


def test_canvas(tmp_path: Path, course: Course) -> None:
    folder = write(
        tmp_path,
        {
            "lovelaceada_11_101_my_linear-1.py": RIGHT,
            "lovelaceada_11_102_line_fit.ipynb": "{}",
            "bobb_LATE_12_103_my_linear.py": RIGHT,
        },
    )
    bob, ada = sorted(find_hand_ins(folder, course.names), key=lambda each: each.aliases[1])
    assert bob.aliases == ("12", "bobb")
    assert bob.late
    assert set(ada.files) == {"my_linear.py", "line_fit.ipynb"}
    assert read_hand_in(ada, course, course.names).sources["my_linear"].text == RIGHT


def test_nbgrader_and_moodle(tmp_path: Path, course: Course, read: Read) -> None:
    write(
        tmp_path / "nb",
        {
            "submitted/ada/ps1/my_linear.py": RIGHT,
            "submitted/ada/ps1/timestamp.txt": "2026-11-20 13:00:00.000000 Europe/Berlin\n",
            "submitted/bob/ps1/my_linear.py": RIGHT,
            "submitted/bob/ps1/timestamp.txt": "not a time",
        },
    )
    ada, bob = find_hand_ins(tmp_path / "nb", course.names)
    assert (ada.aliases, ada.when, bob.when) == (("ada",), NOON, None)
    assert read(ada.path).sources
    write(tmp_path / "m", {"Ada Lovelace_77_assignsubmission_file_/my_linear.py": RIGHT})
    [ada] = find_hand_ins(tmp_path / "m", course.names)
    assert ada.aliases == ("77", "Ada Lovelace")


def test_plain_files_and_folders(tmp_path: Path, course: Course) -> None:
    write(tmp_path, {"ada/x": "", "bob_my_linear.py": "", "my_linear-cy.py": "", "dan.py": ""})
    zipped(tmp_path / "eve.zip", {})
    # what cannot be told apart is told, and not passed over
    assert set(aliases(tmp_path)) == {"ada", "bob", "cy", "dan", "eve"}
    (tmp_path / "fay.tar.gz").write_bytes(b"x")
    (tmp_path / "gus").symlink_to("/etc")
    write(tmp_path, {"my_linear.py": "the stub, say", "scores.csv": "x"})
    told = {}
    for each in find_hand_ins(tmp_path, ["my_linear", "line_fit"]):
        told[each.aliases[0]] = read_hand_in(each, course, course.names).problem
    assert set(told) == {"ada", "bob", "cy", "dan", "eve", "fay", "gus"}
    assert "found dan.py" in told["dan"]
    assert "not a zip" in told["fay"]
    assert "symbolic link" in told["gus"]
    (tmp_path / "fay.tar.gz").unlink()
    (tmp_path / "gus").unlink()
    (tmp_path / "my_linear.py").unlink()
    others = {"ada", "bob_my_linear", "my_linear-cy", "dan", "eve"}
    assert set(aliases(tmp_path, "line_fit")) == others


@pytest.mark.parametrize("name", ["nothing", "file", "empty"])
def test_no_folder_of_submissions(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "empty").mkdir()
    with pytest.raises(LayoutError, match="per student"):
        find_hand_ins(tmp_path / name, ["my_linear"])


# rosters


ROSTERS = {
    "github": '"identifier","github_username","github_id","name"\n"0042","ada-l","7",""\n"0043","","",""\n',
    "classroom50": "username,first_name,last_name,email,section,github_id\nada-l,Ada,Lovelace,a@x.org,B,7\n",
    "canvas": "Student,ID,SIS User ID,SIS Login ID,Section\n    Points Possible,,,,\n"
    '"Lovelace, Ada",11,s1,ada-l,B\n',
    "plain": "\ufeffid;name;deadline\nada-l;Ada;2026-11-21\n",
}


@pytest.mark.parametrize(
    ("kind", "first"),
    [
        ("github", Enrolled("0042", login="ada-l")),
        ("classroom50", Enrolled("ada-l", "Ada Lovelace", "a@x.org", "B", "ada-l")),
        ("canvas", Enrolled("11", "Lovelace, Ada", "", "B", "ada-l")),
        ("plain", Enrolled("ada-l", "Ada")),
    ],
)
def test_a_roster_is_known_by_its_header(tmp_path: Path, kind: str, first: Enrolled) -> None:
    path = tmp_path / "roster.csv"
    path.write_text(ROSTERS[kind], encoding="utf-8")
    entries = read_roster(path)
    assert entries[0].student == first
    assert Matcher(entry.student for entry in entries).find(["lab-1-ada-l"]) == first.id
    if kind == "plain":
        assert entries[0].deadline == read_time("2026-11-21T23:59:59")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (b"name,points\n", "none of the headers"),
        (b"", "none of the headers"),
        (b"identifier,name\nada,x\nADA,y\n", "twice"),
        (b"identifier,name\n,x\n", "line 2: there is no identifier"),
        (b"identifier,deadline\nada,tomorrow\n", "line 2: 'tomorrow' is no date"),
        ("identifier\n\xfc\n".encode("latin-1"), "not UTF-8"),
        (b'identifier\n"' + b"a" * 200_000, "line"),
    ],
)
def test_a_roster_that_is_none(tmp_path: Path, text: bytes, told: str) -> None:
    path = tmp_path / "roster.csv"
    path.write_bytes(text)
    with pytest.raises(RosterError, match=told):
        read_roster(path)


def test_who_a_submission_belongs_to() -> None:
    matcher = Matcher(
        [
            Enrolled("1", "Ada Lovelace", "ada@x.org", login="ada"),
            Enrolled("2", "Bob Ada", "bob@x.org", login="b-ada"),
            Enrolled("3", "Sam Lee", login="sam"),
            Enrolled("4", "Sam Lee"),
        ]
    )
    assert matcher.find(["lab-b-ada"]) == "2"  # not `ada`
    assert matcher.find(["lab-ada-1"]) == "1"
    assert matcher.find(["ADA@x.org"]) == "1"
    assert matcher.find(["99", "lovelaceada"]) == "1"
    assert matcher.find(["bob"]) == "2"
    assert matcher.find(["Sam Lee"]) is None  # there are two
    assert matcher.find(["nobody", ""]) is None


# late days


def test_days_late_and_what_they_cost() -> None:
    assert late_days(NOON, NOON) == late_days(None, NOON) == late_days(NOON, None) == 0
    assert late_days(NOON + timedelta(seconds=1), NOON) == 1
    assert late_days(NOON + timedelta(days=1), NOON) == 1
    assert late_days(NOON + timedelta(days=1, seconds=1), NOON) == 2
    policy = LatePolicy(points=2, free_days=1, accepted_days=3)
    assert [policy.penalty(days, 20, 30) for days in range(5)] == [0, 0, 2, 4, 20]
    assert LatePolicy(points=10, percent=True).penalty(1, 20, 25) == 2
    assert LatePolicy(points=50).penalty(3, 20, 30) == 20
    assert policy.closes(NOON) == NOON + timedelta(days=3)
    assert LatePolicy().closes(NOON) == NOON
