"""A git repository that anybody may have prepared: its last commit before a moment, read and never checked out.

Git never sees the repository's own settings. It gets an empty repository of ours, and the other's folder of objects:
no hook, filter, alias, alternate remote, submodule or replaced object is known there. What a branch points to is
read here. `rev-list`, `ls-tree` and `cat-file` are the only things done with what is found.

A small pack may unfold into what fills a machine: git runs within limits of memory and processor time that the kernel
keeps, can write no file, and all that it does for one repository ends by one clock.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from ..errors import Fault, NoCommitError, UnreadableError
from .files import MAX_FILES, Files
from .git_refs import HASH, MAX_LISTING, branches_of, head_of, text_of

_PROCESSOR_SECONDS = 20  # for one command
_SECONDS = 180  # for all that is read of one repository: more than all commands may take
_MEMORY_KIB = 512 << 10
# the shell sets the limits on its way into git; where a system lacks one of them, the clock remains
_LIMITED = (
    # the softer limit ends it by a signal of its own, which tells it from who was killed by others
    f"ulimit -c 0; ulimit -f 0; ulimit -S -t {_PROCESSOR_SECONDS}; ulimit -v {_MEMORY_KIB}; "
    'exec git "$@"'
)
_OBJECT_FOLDERS = ("pack", "info", *(f"{number:02x}" for number in range(256)))
_KILLED = [-getattr(signal, name) for name in ("SIGKILL", "SIGTERM") if hasattr(signal, name)]
_OUT_OF_TIME = -signal.SIGXCPU if hasattr(signal, "SIGXCPU") else None
_TOO_MUCH = "The repository holds something far too large: git is not done with it. Clone it again."
_DAMAGED = "The repository is damaged, or holds something far too large: git cannot read it. Clone it again."
_LONGEST_HEAD = 200  # of what is said of an object before it comes
MOST_LISTED = 1000  # commits that are counted
_MOST_BRANCHES = 100
# who makes commits in a student's repository besides the student: GitHub Classroom puts the template there
_BOT = re.compile(rb".*\[bot\](@.*)?|github-classroom(@.*)?|classroom50(@.*)?", re.IGNORECASE)


@dataclass(frozen=True)
class Commit:
    """A commit as a list of them tells of it; by a bot if a service made it, and no person."""

    hash: str
    when: datetime
    by_bot: bool


def git_folder(path: Path) -> Path | None:
    """The folder that holds a repository's objects: `path/.git`, or `path` itself where it is bare."""
    for folder in (path / ".git", path):
        if not folder.is_symlink() and (folder / "objects").is_dir() and (folder / "HEAD").exists():
            return folder
    return None


class CommitFiles(Files):
    """The files of a repository's last commit up to a moment.

    Attributes:
        commit: its hash.
        when: the committer's date, which the student's machine wrote.

    Raises:
        NoCommitError: if there is none, or none in time.
        UnreadableError: if the repository is damaged, or is not read for safety's sake.
        Fault: if git was killed by others, this machine is far too slow, or the clone is shallow and none of its
            commits is in time; the first two also by `read`.
    """

    def __init__(self, folder: Path, until: datetime | None = None) -> None:
        self._scratch = Path(tempfile.mkdtemp(prefix="grader-git-"))
        self._end = time.monotonic() + _SECONDS
        self._reader: subprocess.Popen[bytes] | None = None
        self._used_up = False
        self._shallow = False  # whether earlier commits were left out of the clone
        try:
            self._objects = folder / "objects"
            self._folder, self._head = folder, head_of(folder)
            self._prepare(folder, self._head)
            self.commit, self.when = self._last(self._head, until)
            self._blobs = dict(self._tree())
        except BaseException:
            self.close()
            raise

    def names(self) -> Iterator[str]:
        yield from self._blobs

    def is_by_bots(self) -> bool:
        """Whether no person has made any commit up to this one: it is what the template gave out.

        Of a shallow clone that is not known, and is not said.
        """
        return not self._shallow and all(each.by_bot for each in self._commits(self.commit))

    def newer(self) -> list[Commit]:
        """Later commits of the same branch that were not in time, a bot's aside; the latest first, and only so many."""
        if self._head == self.commit:
            return []
        return [each for each in self._commits(self._head, f"^{self.commit}") if not each.by_bot]

    def newer_elsewhere(self) -> tuple[str, Commit] | None:
        """The latest commit that is only on other branches, with the name of one, where it is later than this one."""
        branches = {tip: name for name, tip in branches_of(self._folder) if tip != self._head}
        tips = list(branches)[:_MOST_BRANCHES]
        if not tips:
            return None
        for each in self._commits("--ignore-missing", *tips, f"^{self._head}"):
            if not each.by_bot and each.when > self.when:
                return branches.get(each.hash, "" if len(tips) > 1 else branches[tips[0]]), each
        return None

    def read(self, name: str, most: int) -> bytes:
        mode, blob, size = self._blobs[name]
        if mode == "120000":
            raise UnreadableError(f"{name} is a symbolic link. Hand in the file itself.", "link")
        if size > most:
            return bytes(most + 1)  # too large, whatever is in it; it is not unpacked
        if self._used_up:
            raise UnreadableError(_TOO_MUCH)
        reader = self._reader = self._reader or self._started("cat-file", "--batch")
        try:
            return self._blob(reader, blob, most)
        except ValueError as error:  # it says something else
            raise UnreadableError(_DAMAGED) from error
        except (OSError, EOFError) as error:
            self._reader = None
            raise self._why_it_ended(reader) from error
        finally:
            if self._reader is None:
                _end(reader)

    def close(self) -> None:
        if self._reader:
            _end(self._reader)
        shutil.rmtree(self._scratch, ignore_errors=True)

    def _blob(self, reader: subprocess.Popen[bytes], blob: str, most: int) -> bytes:
        """A file's bytes, by one process for all files of the repository.

        Raises:
            ValueError: if there is no such file of at most so many bytes.
            OSError, EOFError: if git has ended.
        """
        assert reader.stdin
        assert reader.stdout
        with self._kept_in_time(reader):
            reader.stdin.write(f"{blob}\n".encode())
            reader.stdin.flush()
            head = reader.stdout.readline(_LONGEST_HEAD)
            if not head:
                raise EOFError
            _hash, kind, size = head.split()
            if kind != b"blob" or int(size) > most:
                raise ValueError
            data = reader.stdout.read(int(size) + 1)  # a line's end follows
        if len(data) <= int(size):
            raise EOFError
        return data[:-1]

    def _prepare(self, folder: Path, head: str) -> None:
        """A repository of ours, without anything in it."""
        _expect_plain(self._objects)
        for inner in ("objects", "refs"):
            (self._scratch / inner).mkdir()
        (self._scratch / "HEAD").write_text("ref: refs/heads/none\n")
        # neither index is needed, and both are files that say what a commit's date is
        lines = ["[core]", "repositoryformatversion = 1", "bare = true"]
        lines += ["commitGraph = false", "multiPackIndex = false"]
        # a large pack is looked at through a window, and a large object is not held in memory where it need not be
        lines += ["packedGitWindowSize = 32m", "packedGitLimit = 128m", "bigFileThreshold = 16m"]
        lines += ["deltaBaseCacheLimit = 16m"]
        if len(head) == 64:
            lines += ["[extensions]", "objectformat = sha256"]
        (self._scratch / "config").write_text("\n".join(lines) + "\n")
        # where a clone with --depth ends
        with suppress(OSError, UnreadableError):
            ends = [line for line in text_of(folder / "shallow").split() if HASH.fullmatch(line)]
            self._shallow = bool(ends)
            (self._scratch / "shallow").write_text("".join(f"{line}\n" for line in ends))

    def _last(self, head: str, until: datetime | None) -> tuple[str, datetime]:
        wanted = ["--max-count=1", "--timestamp", "--end-of-options", head]
        in_time = [f"--min-age={int(until.timestamp())}"] if until else []
        found = self._git("rev-list", *in_time, *wanted).split()
        if not found:
            last = _time(self._git("rev-list", *wanted).split()[0])
            if self._shallow:
                raise Fault(
                    f"The clone is shallow: its last commit is of {last:%Y-%m-%d %H:%M} UTC, and those before the "
                    "deadline were left out. Get them with `git fetch --unshallow`."
                )
            raise NoCommitError(
                f"There is no commit before the deadline. The last one is of {last:%Y-%m-%d %H:%M} UTC."
            )
        return found[1].decode("ascii"), _time(found[0])

    def _commits(self, *wanted: str) -> list[Commit]:
        """What `rev-list` lists, the latest first."""
        form = "--format=%ct%x00%an%x00%ae"
        listing = self._git("rev-list", f"--max-count={MOST_LISTED}", form, *wanted, "--")
        found = []
        lines = listing.split(b"\n")
        for head, about in zip(lines[::2], lines[1::2], strict=False):
            seconds, name, mail = [*about.split(b"\0"), b"", b""][:3]
            by_bot = any(_BOT.fullmatch(who.strip()) for who in (name, mail))
            found.append(
                Commit(
                    head.removeprefix(b"commit ").decode("ascii", "replace"), _time(seconds), by_bot
                )
            )
        return found

    def _tree(self) -> Iterator[tuple[str, tuple[str, str, int]]]:
        """Path → mode, hash and size of every file."""
        # NUL after each, since a name may hold a line break
        listing = self._git("ls-tree", "-r", "-z", "--long", "--full-tree", self.commit)
        entries = listing.split(b"\0")[:-1]
        if len(entries) > MAX_FILES:
            raise UnreadableError(f"The repository has more than {MAX_FILES:,} files.")
        for entry in entries:
            about, _, raw = entry.partition(b"\t")
            mode, kind, blob, size = about.decode("ascii").split()
            name = raw.decode("utf-8", "replace")
            if kind == "blob":
                # of an object that is missing the size is not known; reading it will fail
                yield name, (mode, blob, int(size) if size.isdigit() else 0)

    def _git(self, *arguments: str) -> bytes:
        """What a git command prints; bounded in length, time and memory."""
        process = self._started(*arguments)
        assert process.stdout
        try:
            with self._kept_in_time(process):
                output = process.stdout.read(MAX_LISTING + 1)
                if len(output) > MAX_LISTING:
                    raise UnreadableError("The repository is far too large for an exercise.")
                if process.wait() != 0:
                    raise self._why_it_ended(process)
                return output
        finally:
            _end(process)

    def _started(self, *arguments: str) -> subprocess.Popen[bytes]:
        command = ["git", *arguments]
        if os.name == "posix":
            command = ["/bin/sh", "-c", _LIMITED, *command]
        return subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=self._scratch,
            env=self._environment(),
        )

    @contextmanager
    def _kept_in_time(self, process: subprocess.Popen[bytes]) -> Iterator[None]:
        """Ends the process if the time for this repository is over before the block is."""
        timer = threading.Timer(max(0.0, self._end - time.monotonic()), process.kill)
        timer.start()
        try:
            yield
        finally:
            timer.cancel()

    def _why_it_ended(self, process: subprocess.Popen[bytes]) -> UnreadableError | Fault:
        """Whether it ended by what is in the repository, or by what this machine did to it."""
        with self._kept_in_time(process):
            status = process.wait()
        if time.monotonic() > self._end:
            return Fault(f"A repository was not read within {_SECONDS} s on this machine.")
        if status in _KILLED:
            return Fault("git was killed while it read a repository.")
        self._used_up = status == _OUT_OF_TIME
        return UnreadableError(_TOO_MUCH if self._used_up else _DAMAGED)

    def _environment(self) -> dict[str, str]:
        """Nothing of the caller's but where programs are found."""
        return {
            "PATH": os.environ.get("PATH", os.defpath),
            "HOME": str(self._scratch),
            "LC_ALL": "C",
            "GIT_DIR": str(self._scratch),
            "GIT_OBJECT_DIRECTORY": str(self._objects.absolute()),
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_NO_REPLACE_OBJECTS": "1",
            "GIT_NO_LAZY_FETCH": "1",
            "GIT_ALLOW_PROTOCOL": "none",
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_OPTIONAL_LOCKS": "0",
        }


def _end(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait()
    for pipe in (process.stdin, process.stdout):
        if pipe:
            with suppress(OSError):  # what was not yet sent to it
                pipe.close()


def _expect_plain(objects: Path) -> None:
    """No objects but the repository's own: with another's, a hash would be enough to hand in the other's work."""
    if os.path.lexists(objects / "info" / "alternates"):
        raise UnreadableError(
            "The repository borrows its objects from another one. Clone it in full."
        )
    try:
        inner = [objects, *(objects / name for name in _OBJECT_FOLDERS)]
        if objects.is_symlink() or any(map(_holds_others, inner)):
            raise UnreadableError("The repository's objects are links or pipes. Clone it in full.")
    except OSError as error:
        raise UnreadableError(
            f"The repository's objects cannot be read: {error.strerror}."
        ) from error


def _holds_others(folder: Path) -> bool:
    """Whether there is anything in a folder that is neither a file nor a folder itself."""
    try:
        with os.scandir(folder) as entries:
            return not all(
                entry.is_file(follow_symlinks=False) or entry.is_dir(follow_symlinks=False)
                for entry in entries
            )
    except (FileNotFoundError, NotADirectoryError):
        return False


def _time(seconds: bytes) -> datetime:
    try:
        return datetime.fromtimestamp(int(seconds), UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise UnreadableError(
            "The repository is damaged: a commit's date is not a date."
        ) from error
