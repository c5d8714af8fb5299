"""The table of system calls: for both machines, by the names that the kernel's own headers have."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from grader.sandbox.isolation.system_calls import DECIDED, NEWEST, REFUSED, Numbers

GROUPS = [*REFUSED.values(), DECIDED]
# what 64-bit Arm does not have: an older form of a call that is there, or something of the processor
ONLY_X86 = {
    "_sysctl", "chmod", "chown", "fork", "futimesat", "inotify_init", "ioperm", "iopl", "lchown", "mknod", "modify_ldt",
    "open", "sysfs", "uselib", "ustat", "utime", "utimes", "vfork",
}  # fmt: skip
HEADERS = {
    0: (Path("/usr/include/x86_64-linux-gnu/asm/unistd_64.h"), Path("/usr/include/asm/unistd_64.h")),
    1: (Path("/usr/include/asm-generic/unistd.h"),),
}  # fmt: skip


def every() -> Iterator[tuple[str, Numbers]]:
    for group in GROUPS:
        yield from group.items()


def test_a_call_is_named_once() -> None:
    names = [name for name, _ in every()]
    assert len(names) == len(set(names))
    for machine in (0, 1):
        numbers = [pair[machine] for _, pair in every() if pair[machine] is not None]
        assert len(numbers) == len(set(numbers))


def test_both_machines_have_the_same_calls() -> None:
    assert {name for name, (_, arm) in every() if arm is None} == ONLY_X86
    assert [name for name, (x86, _) in every() if x86 is None] == []


def test_new_calls_have_one_number_on_both() -> None:
    """From Linux 5.1 on; what is newer than the table is refused as unknown, whatever it is."""
    for name, pair in every():
        if pair[0] is not None and pair[0] >= 424:
            assert pair[0] == pair[1] <= NEWEST, name


@pytest.mark.parametrize("machine", [0, 1])
def test_the_numbers_are_the_kernels(machine: int) -> None:
    header = next((path for path in HEADERS[machine] if path.is_file()), None)
    if header is None:
        pytest.skip("this machine has no headers of the kernel for that architecture")
    defined = re.findall(r"#define __NR(?:3264)?_(\w+)\s+(\d+)", header.read_text(encoding="utf-8"))
    theirs = {name: int(number) for name, number in defined}
    ours = {name: pair[machine] for name, pair in every()}
    shared = ours.keys() & theirs.keys()
    assert len(shared) > 120
    assert {name: ours[name] for name in shared} == {name: theirs[name] for name in shared}
    known = max(theirs.values())
    missing = {name for name, number in ours.items() if number and number <= known} - shared
    assert missing == set()
