"""The memory of a child's inputs: no part of it is used twice, what was changed is named, and nothing befalls us."""

from __future__ import annotations

import mmap
import os
import sys
from itertools import pairwise
from typing import Any

import pytest
import torch

from grader.sandbox import Sandbox
from grader.sandbox.shared_inputs import SharedInputs
from grader.sandbox.wire.values import code_of, decode, encode
from tests.children import load


@pytest.fixture
def shared() -> Any:
    made = SharedInputs()
    yield made
    made.close()


def test_what_is_put_is_read_again_and_lies_apart(shared: SharedInputs) -> None:
    blocks = [os.urandom(count) for count in (1, 64, 1000, 4096, 100_000)]
    places = [shared.put(block) for block in blocks]
    assert [shared.read(place) for place in places] == blocks
    spans = sorted((offset + start, offset + start + count) for offset, _, start, count in places)
    assert all(end <= start for (_, end), (start, _) in pairwise(spans))
    assert all(start % 64 == 0 for start, _ in spans)


def test_it_grows_by_segments_that_can_be_mapped(shared: SharedInputs) -> None:
    first = shared.put(b"a" * 10)
    large = shared.put(b"b" * (40 << 20))
    after = shared.put(b"c" * (20 << 20))
    assert len({first[0], large[0], after[0]}) == 3
    for offset, length, start, count in (first, large, after):
        assert offset % mmap.ALLOCATIONGRANULARITY == 0
        assert start + count <= length
        with mmap.mmap(shared.descriptor, length, offset=offset) as segment:
            assert len(segment[start : start + count]) == count
    assert shared.read(first) == b"a" * 10


def test_without_tensors_there_is_no_place(shared: SharedInputs) -> None:
    assert shared.put(b"") == (0, 0, 0, 0)
    assert shared.read((0, 0, 0, 0)) == b""


@pytest.mark.skipif(sys.platform != "linux", reason="memory that can be sealed is Linux's")
def test_it_cannot_be_made_shorter_or_closed_to_writing(shared: SharedInputs) -> None:
    import fcntl

    place = shared.put(b"a" * 5000)
    with pytest.raises(PermissionError):
        os.ftruncate(shared.descriptor, 10)
    for seal in (fcntl.F_SEAL_WRITE, fcntl.F_SEAL_GROW):
        with pytest.raises(PermissionError):
            fcntl.fcntl(shared.descriptor, fcntl.F_ADD_SEALS, seal)
    assert shared.read(place) == b"a" * 5000


def test_one_that_the_child_has_made_longer_serves_all_the_same(sandbox: Sandbox) -> None:
    """It has a descriptor of the same file. What is at fault is nobody's but the child's."""
    source = (
        "import fcntl, os, stat\n"
        "for number in range(3, 100):\n"
        "    try:\n"
        "        found = os.fstat(number)\n"
        "    except OSError:\n"
        "        continue\n"
        "    if stat.S_ISREG(found.st_mode):\n"
        "        os.ftruncate(number, 60 << 20)\n"
        "def f(x):\n"
        "    return x.sum()\n"
    )
    child, header = load(sandbox, source)
    assert "error" not in header
    code = code_of("def go(student, x):\n    return student.f(x)\n")
    for size in (1, 6_000_000):
        tree, block = encode({"x": torch.ones(size)})
        request = {"probe": "go", "code": code, "arguments": tree, "seed": 1, "device": "cpu"}
        header, answer, _ = child.call(request, block)
        assert decode(header["value"], answer, lambda tensor, _: tensor.item()) == size
    child.close()


def ask(sandbox: Sandbox, source: str, probe: str, device: str, *inputs: dict[str, Any]) -> Any:
    """What `changed` tells of each call, and what each gave."""
    child, header = load(sandbox, source)
    assert "error" not in header, header
    told = []
    for each in inputs:
        tree, block = encode(each)
        request = {"probe": "go", "code": code_of(probe), "arguments": tree, "seed": 1}
        answer = child.call({**request, "device": device}, block)
        assert "error" not in answer.header, answer.header
        value = decode(answer.header["value"], answer.block, lambda tensor, _: tensor)
        told.append((answer.header["changed"], value))
    child.close()
    return told


@pytest.mark.parametrize("device", ["cpu", "sim"])
def test_a_change_is_found_whatever_the_child_says(sandbox: Sandbox, device: str) -> None:
    """Its own word is that nothing was changed: the function that tells of it is replaced."""
    source = (
        "import sys\n"
        "def f(x):\n"
        "    below = sys._getframe()\n"
        "    while below.f_back is not None:\n"
        "        below.f_globals.update(changed=lambda *_: [], _same=lambda *_: True)\n"
        "        below = below.f_back\n"
        "    x[0] += 1\n"
    )
    probe = "def go(student, x, y):\n    student.f(x)\n"
    [(changed, _)] = ask(sandbox, source, probe, device, {"x": torch.ones(2), "y": torch.ones(2)})
    assert changed == ["x"]


@pytest.mark.parametrize("device", ["cpu", "sim"])
def test_an_input_that_is_kept_stays_what_it_was(sandbox: Sandbox, device: str) -> None:
    source = "kept = []\ndef f(x):\n    kept.append(x)\n    return [each.sum() for each in kept]\n"
    probe = "def go(student, x):\n    return student.f(x)\n"
    told = ask(
        sandbox, source, probe, device, *({"x": torch.full((3,), i)} for i in (1.0, 2.0, 5.0))
    )
    assert [changed for changed, _ in told] == [[], [], []]
    assert [each.item() for each in told[-1][1]] == [3.0, 6.0, 15.0]


def test_an_input_is_a_tensor_like_any_other(sandbox: Sandbox) -> None:
    """Its storage is its own, whatever lies beside it; it is no view, and can be copied, saved and kept."""
    source = (
        "import copy, io, torch\n"
        "def f(x, s):\n"
        "    file = io.BytesIO()\n    torch.save(x, file)\n    file.seek(0)\n"
        "    return [x._base is None, x.untyped_storage().nbytes(), s.untyped_storage().nbytes(), list(s.stride()),\n"
        "            torch.equal(torch.load(file), x), torch.equal(copy.deepcopy(s), s), x.numpy().sum().item(),\n"
        "            x.is_contiguous(), s.is_contiguous(), len(file.getvalue()) < 5000]\n"
    )
    probe = "def go(student, big, x, s):\n    return student.f(x, s)\n"
    inputs = {"big": torch.ones(100_000), "x": torch.ones(4), "s": torch.ones(3, 2).T}
    [(changed, got)] = ask(sandbox, source, probe, "cpu", inputs)
    assert changed == []
    assert got == [True, 16, 24, [1, 2], True, True, 4.0, True, False, True]


def test_what_a_child_does_to_the_memory_is_its_own_trouble(sandbox: Sandbox) -> None:
    source = (
        "import os\n"
        "def f():\n"
        "    for number in range(3, 64):\n"
        "        for spoil in (lambda n: os.ftruncate(n, 0), lambda n: os.pwrite(n, b'x' * 99, 0)):\n"
        "            try: spoil(number)\n"
        "            except OSError: pass\n"
        "    return 1\n"
    )
    probe = "def go(student, x):\n    return student.f()\n"
    assert ask(sandbox, source, probe, "cpu", {"x": torch.ones(9)}) == [(["x"], 1)]
