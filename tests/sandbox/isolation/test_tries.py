"""A layer is told as on where a throwaway child failed at everything that it is there to stop, and as off otherwise."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from grader.sandbox import Sandbox
from grader.sandbox.isolation import tries
from grader.sandbox.isolation.confinement import LANDLOCK, SECCOMP, Confinement, Layer
from grader.sandbox.isolation.tries import MADE_OF, Try, observe
from tests.conftest import ROOT

pytestmark = pytest.mark.xdist_group("cuda_child")
NAMES = [*MADE_OF]


def layers_of(running: Sandbox) -> dict[str, Layer]:
    return {layer.name: layer for layer in running.layers() if layer.name in MADE_OF}


def test_each_layer_was_tried(either: Sandbox) -> None:
    assert [*layers_of(either)] == NAMES


def test_layers_that_are_off_are_told() -> None:
    with Sandbox(confined=False) as box:
        layers = {layer.name: layer for layer in box.layers()}
    assert layers["wall clock"].on
    assert {(layers[name].on, layers[name].why) for name in NAMES} == {(False, "switched off")}


# what is told when a layer is taken out, in a process of its own: what is tried there changes the process

OBSERVED = """
import json, os, sys, tempfile
from pathlib import Path
from grader.sandbox.isolation import confinement, landlock, privileges, seccomp, tries
from grader.sandbox.isolation.confinement import Confinement
from grader.sandbox.isolation.tries import observe
tries._TOLD = 99
exec(sys.argv[1])
with tempfile.TemporaryDirectory() as top:
    folder = Path(top, "children")
    folder.mkdir()
    made = folder.stat().st_mtime_ns
    found = observe(Confinement(folder, [], wanted=True))
    assert folder.stat().st_mtime_ns == made, "the trusted process expects to find it as it was"
    left = [str(path) for path in Path(top).rglob("*")]
print(json.dumps([{layer.name: layer.why for layer in found if not layer.on}, left]))
"""


def observed(change: str, **environment: str) -> dict[str, str]:
    """The layers that are off, each with the reason."""
    done = subprocess.run(
        [sys.executable, "-c", OBSERVED, change],
        cwd=ROOT,
        env=os.environ | environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    off, left = json.loads(done.stdout)
    assert len(left) == 1  # the folder of the children; what the tries made is gone
    assert isinstance(off, dict)
    return off


@pytest.fixture(scope="module")
def whole() -> None:
    if off := observed("pass"):
        assert not [why for why in off.values() if why.startswith("a child could still")], off
        pytest.skip(f"this machine lacks {', '.join(off)}")


FILES = ["files hidden", "files read-only"]
CALLS = [name for name, part in MADE_OF.items() if part == SECCOMP]
NO_RULES = "landlock.SharedRules.enforce = landlock.OwnRules.enforce = lambda *_, **__: None"
FOLDER_OF_ALL = (
    "enforce = landlock.OwnRules.enforce\n"
    "landlock.OwnRules.enforce = lambda self, folder, **more: enforce(self, folder.parent, **more)"
)
TAKEN_OUT = {
    "no rules for files": (NO_RULES, FILES, ["read /etc/passwd", "make a folder outside"]),
    "no rules of a child's own": (
        *("landlock.OwnRules.enforce = lambda *_, **__: None", FILES),
        ["list ", "remove a file beside its folder"],
    ),
    "a child writes in the folder of all": (
        *(FOLDER_OF_ALL, FILES),
        ["list ", "make a folder beside its folder", "move a file beside its folder"],
    ),
    "all can be read": (
        *("confinement._readable = lambda _: {Path('/')}", ["files hidden"]),
        ["read /etc/passwd", "list /"],
    ),
    "no filter": (
        *("seccomp.Filter.install = lambda *_: None", CALLS),
        ["change the mode of a file", "open a socket for IPv4", "fork", "send a signal to"],
    ),
    "one call is missing": (
        *("for each in seccomp._MACHINES.values(): each.calls.pop('fchmod')", ["file metadata"]),
        ["change the mode of an open file"],
    ),
    "an error that is not a refusal": (
        *("seccomp._REFUSE = seccomp._UNKNOWN", ["files read-only", *CALLS]),
        ["make a pipe outside", "fork"],
    ),
    "a child that ends while it is confined": (
        *("landlock.OwnRules.enforce = lambda *_, **__: os._exit(1)", NAMES),
        ["read /etc/passwd", "fork", "use a capability"],
    ),
}  # fmt: skip


@pytest.mark.usefixtures("whole")
@pytest.mark.parametrize("how", TAKEN_OUT)
def test_a_layer_that_is_taken_out_is_told(how: str) -> None:
    change, off, named = TAKEN_OUT[how]
    told = observed(change)
    assert [*told] == off
    assert all(why.startswith("a child could still ") for why in told.values()), told
    for each in named:
        assert each in ", ".join(told.values())


@pytest.mark.usefixtures("whole")
@pytest.mark.parametrize("home", ["/nonexistent", "/proc", "/root"])
def test_a_home_where_nothing_can_be_written_proves_nothing(home: str) -> None:
    assert observed("pass", HOME=home) == {}
    assert [*observed(NO_RULES, HOME=home)] == FILES


# as without HOME: the name stands in /etc/passwd, which a confined child cannot read
FORGOTTEN_HOME = """
import atexit
home = tempfile.mkdtemp(dir="/var/tmp")
atexit.register(os.rmdir, home)
def expanduser(path):
    try:
        os.listdir(home)
    except OSError:
        return path
    return home
os.path.expanduser = expanduser
"""


def test_the_home_is_asked_for_before_a_child_is_confined() -> None:
    assert observed(FORGOTTEN_HOME) == {}


@pytest.mark.skipif(sys.platform != "linux" or os.getuid() != 0, reason="only root has any")
@pytest.mark.usefixtures("whole")
def test_capabilities_that_are_kept_are_told() -> None:
    kept = observed("privileges.Privileges.give_up = lambda self: None")
    assert kept == {"no capabilities": "a child could still use a capability"}


def test_the_reason_of_a_layer_that_the_machine_lacks_comes_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("sys.platform", "darwin")
        made = Confinement(tmp_path, [], wanted=True)
        found = observe(made)
    assert {(layer.on, layer.why) for layer in found} == {(False, "not on darwin")}
    reasons = {LANDLOCK: "this kernel has no Landlock"}
    a_try = Try("files hidden", "read a file", lambda: None)
    [why] = {tries._layer("files hidden", [a_try], [0], [0], reasons).why}
    assert why == "this kernel has no Landlock"


NETWORK = "no network"


def told(free: int | None, confined: int, **more: Any) -> Layer:
    """What is told of a layer with one try, by the errors that it ended with before and after."""
    return tries._layer(
        NETWORK, [Try(NETWORK, "open", lambda: None, **more)], [free], [confined], {}
    )


@pytest.mark.parametrize("error", [errno.EACCES, errno.EPERM])
def test_a_try_that_is_refused_is_stopped(error: int) -> None:
    assert told(0, error).on


@pytest.mark.parametrize("error", [0, errno.ENOENT, errno.ENOSYS, errno.EROFS, -1])
def test_a_try_that_fails_for_another_reason_is_not_stopped(error: int) -> None:
    assert told(0, error) == Layer(NETWORK, False, "a child could still open")


@pytest.mark.parametrize("error", [errno.ENOENT, errno.EPERM])
def test_a_try_that_fails_anyhow_proves_nothing(error: int) -> None:
    assert told(error, errno.EPERM) == Layer(NETWORK, False, "nothing to try it on here")


def test_a_try_can_count_by_an_error() -> None:
    assert told(errno.ENOENT, errno.EPERM, unconfined=errno.ENOENT).on
    assert not told(0, errno.EPERM, unconfined=errno.ENOENT).on
    assert told(None, errno.EPERM, unconfined=None).on
    assert told(0, errno.EXDEV, refused=(errno.EXDEV,)).on


def test_one_try_that_gets_through_is_enough() -> None:
    both = [Try(NETWORK, name, lambda: None) for name in ("open", "send", "listen")]
    layer = tries._layer(NETWORK, both, [0, 0, 0], [0, errno.EPERM, errno.EBADF], {})
    assert layer == Layer(NETWORK, False, "a child could still open, listen")


def test_a_long_list_is_cut() -> None:
    many = [Try(NETWORK, str(number), lambda: None) for number in range(7)]
    layer = tries._layer(NETWORK, many, [0] * 7, [0] * 7, {})
    assert layer.why == "a child could still 0, 1, 2, 3 and 3 more"


def test_each_layer_has_tries_that_work_here(tmp_path: Path) -> None:
    """Without a layer around it, everything works that is tried, so that its failing means something."""
    made = Confinement(tmp_path, [], wanted=False)
    with tries._scene(tmp_path) as scene:
        every = [*tries._tries(scene, made)]
        free = [each for each in every if each.unconfined is not None]
        ended = {
            each.name: tries._error_of(each) for each in free if each.name != "start a program"
        }
        again = {
            each.name: tries._error_of(each) for each in free if each.name != "start a program"
        }
    assert {each.layer for each in every} == set(MADE_OF)
    assert ended == again  # each undoes what it does
    assert len([error for error in ended.values() if error == 0]) > 40
    assert [*tmp_path.iterdir()] == []
