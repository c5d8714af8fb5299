"""The table of system calls: for both machines, by the names that the kernel's own headers have."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from grader.sandbox.isolation.system_calls import DECIDED, NEWEST, REFUSED, Numbers
from tests.conftest import ROOT

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


def test_the_documentation_has_their_number() -> None:
    told = " ".join((ROOT / "docs" / "security.md").read_text(encoding="utf-8").split())
    refused = sum(len(group) for group in REFUSED.values())
    assert (
        f"{refused} calls are refused by name, {len(DECIDED)} are decided by their arguments"
        in told
    )


def numbers_in_headers(machine: int) -> dict[str, int]:
    header = next((path for path in HEADERS[machine] if path.is_file()), None)
    if header is None:
        pytest.skip("this machine has no headers of the kernel for that architecture")
    defined = re.findall(r"#define __NR(?:3264)?_(\w+)\s+(\d+)", header.read_text(encoding="utf-8"))
    return {name: int(number) for name, number in defined}


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
        numbers = {number for number in pair if number is not None}
        if max(numbers) >= 424:
            assert len(numbers) == 1, name
            assert max(numbers) <= NEWEST


# what changes more than the caller's own memory and files comes in families
FAMILIES = re.compile(
    "chmod|chown|utime|(set|remove)xattr|mount|^fs(open|config|pick)|open_tree|pivot|chroot|^(shm|sem|msg|mq_)|"
    "clock_(set|adj)|adjtime|settimeofday|set(host|domain)name|(init|delete|create)_module|kexec|swapo|quota|reboot|"
    "^(fanotify|inotify)_(init|add|mark)|handle_at|^set_?(re|res|fs)?[ug]id|setgroups|capset|ptrace|process_vm|^pidfd|"
    "^(v?fork|exec)|^io_uring|^io(pl|perm)|ldt|^(add|request)_key|keyctl|bpf|^perf_|userfault|unshare|^setns|mknod|"
    "sigqueueinfo|^t?kill|^(connect|accept|sendm)|memfd"
)


@pytest.mark.parametrize("machine", [0, 1])
def test_no_member_of_a_family_is_forgotten(machine: int) -> None:
    theirs = numbers_in_headers(machine)
    named = {name for name, _ in every()}
    family = {name for name in theirs if FAMILIES.search(name)}
    assert len(family) > 90
    assert {name for name in family - named if not name.endswith("64")} <= NONE_HERE


NONE_HERE = {
    "create_module"
}  # a number that leads nowhere; those with 64 at the end are for 32 bits


@pytest.mark.parametrize("machine", [0, 1])
def test_the_numbers_are_the_kernels(machine: int) -> None:
    theirs = numbers_in_headers(machine)
    ours = {name: pair[machine] for name, pair in every()}
    shared = ours.keys() & theirs.keys()
    assert len(shared) > 120
    assert {name: ours[name] for name in shared} == {name: theirs[name] for name in shared}
    known = max(theirs.values())
    missing = {name for name, number in ours.items() if number and number <= known} - shared
    assert missing == set()
