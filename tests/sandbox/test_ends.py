"""The ends of what a child is connected by: this side has its own, and leaves nothing open where no child comes."""

from __future__ import annotations

import os
import sys

import pytest

from grader.sandbox.ends import Ends
from grader.sandbox.private_folder import OneChildsFolder, PrivateFolder


def open_descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))


def test_what_one_side_writes_the_other_reads(folder: PrivateFolder) -> None:
    ends = Ends(folder)
    connection, output, stack, inputs = map(os.dup, ends.theirs)
    ends.hand_over()
    os.write(connection, b"answer")
    os.write(output, b"printed")
    os.write(stack, b"line")
    assert ends.connection.recv(99) == b"answer"
    assert os.read(ends.output, 99) == b"printed"
    assert os.read(ends.stack, 99) == b"line"
    ends.inputs.put(b"tensors")
    assert os.pread(inputs, 99, 0).startswith(b"tensors")
    for descriptor in (connection, output, stack, inputs):
        os.close(descriptor)
    # the other side's ends are closed here
    assert ends.connection.recv(99) == os.read(ends.output, 99) == os.read(ends.stack, 99) == b""
    ends.close()


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
@pytest.mark.parametrize("handed_over", [False, True])
def test_where_no_child_comes_nothing_is_left(folder: PrivateFolder, handed_over: bool) -> None:
    before = open_descriptors()
    ends = Ends(folder)
    assert ends.home.parent == folder.path
    if handed_over:
        ends.hand_over()
    ends.close()
    assert open_descriptors() == before
    assert not ends.home.exists()
    assert folder.path.exists()


def test_a_folder_for_one_child_goes_with_it(folder: PrivateFolder) -> None:
    ends, other = (Ends(OneChildsFolder(folder.path)) for _ in range(2))
    (ends.home / "file").write_text("left", encoding="utf-8")
    ends.close()
    assert not ends.home.parent.exists()
    assert other.home.is_dir()
    other.close()
    assert list(folder.path.iterdir()) == []
