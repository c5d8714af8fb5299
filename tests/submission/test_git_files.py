"""Repositories as students and attackers make them: the last commit in time is read, and nothing of it is run."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import struct
import subprocess
import zlib
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from grader.errors import Fault, SubmissionError, UnreadableError
from grader.submission import git_files
from grader.submission.git_files import CommitFiles, git_folder
from tests.hand_ins import NOON, RIGHT, committed, git, read, write


def test_the_last_commit_before_the_deadline_counts(tmp_path: Path) -> None:
    folder = tmp_path / "ada"
    first = committed(folder, RIGHT)
    last = committed(folder, RIGHT + "# late\n", NOON + timedelta(hours=2))
    (folder / "my_linear.py").write_text("not committed")
    submitted = read(folder)
    assert (submitted.commit, submitted.when) == (last, NOON + timedelta(hours=2))
    submitted = read(folder, NOON)
    assert (submitted.commit, submitted.when, submitted.sources["my_linear"].text) == (
        first,
        NOON,
        RIGHT,
    )
    submitted = read(folder, NOON - timedelta(seconds=1))
    assert "no commit before the deadline" in submitted.problem
    assert "14:00" in submitted.problem


def test_other_shapes_of_repositories(tmp_path: Path) -> None:
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


def test_nothing_of_a_hostile_repository_is_run(tmp_path: Path) -> None:
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
    submitted = read(folder)
    assert submitted.sources["my_linear"].text == RIGHT + "$Id$\n"
    assert not marker.exists()
    # an object that is missing is not fetched from wherever the settings say
    (folder / ".git" / "objects" / blob[:2] / blob[2:]).unlink()
    submitted = read(folder)
    assert "damaged" in submitted.sources["my_linear"].problem
    assert not marker.exists()
    # the trap is a real one: it catches whoever asks git in the ordinary way
    subprocess.run(["git", "status"], cwd=folder, capture_output=True, check=False)
    assert marker.exists()


def test_another_repositorys_objects_are_not_lent(tmp_path: Path) -> None:
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


def test_a_tree_that_unfolds_without_end_is_cut(tmp_path: Path) -> None:
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


def test_a_link_and_a_giant_in_a_commit(tmp_path: Path) -> None:
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


def test_a_link_among_the_objects_is_not_followed(tmp_path: Path) -> None:
    """With it, the hash of another's file would be enough to hand it in."""
    other, folder = tmp_path / "other", tmp_path / "ada"
    committed(other, RIGHT)
    committed(folder, "x = 1\n")
    blob = git(other, "rev-parse", "HEAD:my_linear.py")
    place = folder / ".git" / "objects" / blob[:2]
    place.mkdir(exist_ok=True)
    (place / blob[2:]).symlink_to(other / ".git" / "objects" / blob[:2] / blob[2:])
    assert "links" in read(folder).problem
    (place / blob[2:]).unlink()
    assert not read(folder).problem
    os.mkfifo(place / blob[2:])  # git would wait for whoever writes into it
    assert "links or pipes" in read(folder).problem


def entry(kind: int, size: int, data: bytes) -> bytes:
    """An object as it stands in a pack."""
    first, size = kind << 4 | size & 15, size >> 4
    head = []
    while size:
        head.append(first | 128)
        first, size = size & 127, size >> 7
    return bytes([*head, first]) + data


def packed_bomb(folder: Path, zeros: int) -> None:
    """A repository whose my_linear.py is RIGHT, as a difference to as many MiB of zeros, which take as many KiB."""
    folder.mkdir()
    git(folder, "init", "--quiet")
    file = RIGHT.encode()
    block, size = bytes(1 << 20), len(file) + (zeros << 20)
    digest, packer = hashlib.sha1(b"blob %d\0" % size + file), zlib.compressobj(9)
    packed = [packer.compress(file)]
    for _ in range(zeros):
        digest.update(block)
        packed.append(packer.compress(block))
    packed.append(packer.flush())

    def seven(number: int) -> bytes:
        """By seven bits, the lowest first."""
        rest = number >> 7
        return bytes([number & 127 | 128]) + seven(rest) if rest else bytes([number])

    difference = seven(size) + seven(len(file)) + b"\xb0" + struct.pack("<H", len(file))
    blob = hashlib.sha1(b"blob %d\0" % len(file) + file)
    tree = b"100644 my_linear.py\0" + blob.digest()
    who = b"ada <ada@example.org> 1700000000 +0000"
    commit = b"tree %b\nauthor %b\ncommitter %b\n\nbomb\n" % (
        hashlib.sha1(b"tree %d\0" % len(tree) + tree).hexdigest().encode(),
        who,
        who,
    )
    body = b"PACK" + struct.pack(">II", 2, 4)
    body += entry(1, len(commit), zlib.compress(commit)) + entry(2, len(tree), zlib.compress(tree))
    body += entry(3, size, b"".join(packed))
    body += entry(7, len(difference), digest.digest() + zlib.compress(difference))
    pack = folder / ".git" / "objects" / "pack" / "pack-bomb.pack"
    pack.write_bytes(body + hashlib.sha1(body).digest())
    git(folder, "index-pack", str(pack))
    head = hashlib.sha1(b"commit %d\0" % len(commit) + commit).hexdigest()
    (folder / ".git" / "HEAD").write_text(head)


def limited(monkeypatch: pytest.MonkeyPatch, option: str, value: int) -> None:
    """Another limit for git, so that a small attack meets it."""
    command, found = re.subn(rf"-{option} \d+", f"-{option} {value}", git_files._LIMITED)
    assert found == 1
    monkeypatch.setattr(git_files, "_LIMITED", command)


def test_a_pack_that_unfolds_is_not_held_in_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    packed_bomb(tmp_path / "ada", 100)
    assert read(tmp_path / "ada").sources["my_linear"].text == RIGHT  # within the limits it is read
    limited(monkeypatch, "v", 64 << 10)
    assert "far too large" in read(tmp_path / "ada").sources["my_linear"].problem
    committed(tmp_path / "bob", RIGHT)
    assert read(tmp_path / "bob").sources["my_linear"].text == RIGHT


def test_a_file_that_ends_git_leaves_the_others(tmp_path: Path) -> None:
    folder = tmp_path / "ada"
    committed(folder, RIGHT)
    committed(folder, "x = 1\n", name="line_fit.py")
    blob = git(folder, "rev-parse", "HEAD:line_fit.py")
    damaged = folder / ".git" / "objects" / blob[:2] / blob[2:]
    damaged.chmod(0o644)
    with CommitFiles(folder / ".git") as files:
        damaged.write_bytes(b"no object")
        for _ in range(2):
            with pytest.raises(UnreadableError, match="damaged"):
                files.read("line_fit.py", 1000)
            assert files.read("my_linear.py", 1000) == RIGHT.encode()
            assert files._reader
            files._reader.kill()  # as the kernel does where memory is short
            with pytest.raises(Fault, match="git was killed"):
                files.read("my_linear.py", 1000)
            assert files.read("my_linear.py", 1000) == RIGHT.encode()


def test_git_works_for_so_many_seconds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A tree of trees without any file prints nothing, and would be walked for ever."""
    folder = tmp_path / "ada"
    committed(folder, RIGHT)

    def made(text: str) -> str:
        command = ["git", "-C", str(folder), "mktree", "--missing"]
        done = subprocess.run(command, input=text, capture_output=True, text=True, check=True)
        return done.stdout.strip()

    tree = made("")
    for _ in range(12):
        tree = made("".join(f"040000 tree {tree}\td{number}\n" for number in range(10)))
    git(folder, "update-ref", "HEAD", git(folder, "commit-tree", tree, "-m", "bomb"))
    limited(monkeypatch, "t", 1)
    assert "far too large" in read(folder).problem


def test_all_that_is_read_of_a_repository_ends_by_one_clock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    committed(tmp_path / "ada", RIGHT)
    with CommitFiles(tmp_path / "ada" / ".git") as files:
        files._end = 0.0
        with pytest.raises(Fault, match="not read within 180 s"):
            files.read("my_linear.py", 1000)
    monkeypatch.setattr(git_files, "_SECONDS", -1)
    with pytest.raises(Fault, match="not read within"):
        read(tmp_path / "ada")


def test_a_file_that_takes_too_long_is_the_last_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    committed(tmp_path / "ada", RIGHT)
    with CommitFiles(tmp_path / "ada" / ".git") as files:
        with monkeypatch.context() as patch:
            patch.setattr(git_files, "_LIMITED", "kill -s XCPU $$")
            with pytest.raises(UnreadableError, match="not done with it"):
                files.read("my_linear.py", 1000)
        with pytest.raises(UnreadableError, match="not done with it"):
            files.read("my_linear.py", 1000)


def test_nothing_is_left_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(scratch))
    folder = tmp_path / "ada"
    committed(folder, RIGHT)
    read(folder)
    (folder / ".git" / "HEAD").write_text("nowhere")
    assert "damaged" in read(folder).problem
    assert not list(scratch.iterdir())


# the reader itself


def test_where_a_repository_lies(tmp_path: Path) -> None:
    assert git_folder(tmp_path) is None
    committed(tmp_path / "ada", RIGHT)
    assert git_folder(tmp_path / "ada") == tmp_path / "ada" / ".git"
    assert git_folder(tmp_path / "ada" / ".git") == tmp_path / "ada" / ".git"
    (tmp_path / "bob").mkdir()
    (tmp_path / "bob" / ".git").symlink_to(tmp_path / "ada" / ".git")
    assert git_folder(tmp_path / "bob") is None


def test_names_and_bytes_are_the_commits(tmp_path: Path) -> None:
    folder = tmp_path / "ada"
    committed(folder, RIGHT, name="a/b/c/d/e/f/g/line\nbreak.py")
    with CommitFiles(folder / ".git") as files:
        assert list(files.names()) == ["a/b/c/d/e/f/g/line\nbreak.py"]
        assert files.read("a/b/c/d/e/f/g/line\nbreak.py", len(RIGHT)) == RIGHT.encode()
        assert files.read("a/b/c/d/e/f/g/line\nbreak.py", 3) == bytes(4)  # too large, and not read


HASHES = st.text("0123456789abcdef", min_size=40, max_size=40)
HEADS = (
    st.binary(max_size=60)
    | HASHES.map(str.encode)
    | st.text(max_size=20).map(lambda text: f"ref: refs/{text}".encode("utf-8", "replace"))
)


@pytest.mark.skipif(not shutil.which("git"), reason="git is not installed here")
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(HEADS, HEADS)
@example(b"ref: refs/" + b"a" * 5000, b"")
@example(b"ref: refs/\0", b"")
@example(b"ref: refs/heads/main", b"ref: refs/heads/main")
@example(b"ref: refs/heads/main", b"--all")
@example(b"\n--all", b"")
def test_any_head_is_a_commit_or_told(tmp_path: Path, head: bytes, main: bytes) -> None:
    folder = tmp_path / "ada" / ".git"
    for inner in ("objects", "refs/heads"):
        (folder / inner).mkdir(parents=True, exist_ok=True)
    (folder / "HEAD").write_bytes(head)
    (folder / "refs" / "heads" / "main").write_bytes(main)
    (folder / "packed-refs").write_bytes(main + b" refs/heads/other")
    (folder / "shallow").write_bytes(main)
    with pytest.raises(SubmissionError):  # there is no object for it to be
        CommitFiles(folder)


def test_objects_that_may_not_be_read_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(_folder: Path) -> None:
        raise PermissionError(13, "Permission denied")

    committed(tmp_path / "ada", RIGHT)
    monkeypatch.setattr("os.scandir", refused)
    with pytest.raises(UnreadableError, match="cannot be read: Permission denied"):
        CommitFiles(tmp_path / "ada" / ".git")


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sound")
    committed(folder, RIGHT)
    return folder


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_a_damaged_object_is_read_or_told(sound: Path, data: st.DataObject) -> None:
    folder = sound.with_name("damaged")
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(sound, folder)
    objects = sorted((folder / ".git" / "objects").glob("??/*"))
    path = data.draw(st.sampled_from(objects))
    bytes_ = bytearray(path.read_bytes())
    bytes_[data.draw(st.integers(0, len(bytes_) - 1))] = data.draw(st.integers(0, 255))
    path.chmod(0o644)
    path.write_bytes(bytes_)
    with suppress(UnreadableError), CommitFiles(folder / ".git") as files:
        for name in files.names():
            with suppress(UnreadableError):
                files.read(name, 1000)


def test_a_shallow_clone_without_the_commit_in_time_is_no_students_fault(tmp_path: Path) -> None:
    committed(tmp_path / "ada", RIGHT)
    committed(tmp_path / "ada", "# later", NOON + timedelta(days=3))
    git(tmp_path, "clone", "--quiet", "--depth=1", (tmp_path / "ada").as_uri(), "shallow")
    found = git_folder(tmp_path / "shallow")
    assert found
    with pytest.raises(Fault, match=r"shallow: its last commit is of 2026-11-23 .*--unshallow"):
        CommitFiles(found, NOON)
    with CommitFiles(found, NOON + timedelta(days=3)) as files:
        assert files.read("my_linear.py", 100) == b"# later"
        assert not files.is_by_bots()
