"""Linux's calls for which Python has no function."""

from __future__ import annotations

import ctypes
import errno
import os
import sys

import pytest

from grader.sandbox.isolation.kernel import control, libc, system_call
from grader.sandbox.isolation.system_calls import DECIDED, REFUSED, Numbers

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="these calls are Linux's")
EVERY: dict[str, Numbers] = DECIDED | {
    name: numbers for group in REFUSED.values() for name, numbers in group.items()
}


def number_of(name: str) -> int:
    number = EVERY[name][os.uname().machine == "aarch64"]
    if number is None:
        pytest.skip(f"this machine has no {name}")
    return number


def test_a_call_gives_what_the_kernel_does() -> None:
    path = ctypes.create_string_buffer(b"/dev/null")
    at_working_folder = -100
    descriptor = system_call(
        number_of("openat"), at_working_folder, ctypes.addressof(path), os.O_RDONLY
    )
    try:
        assert os.fstat(descriptor) == os.stat("/dev/null")
    finally:
        os.close(descriptor)


def test_a_call_that_fails_raises_with_the_reason() -> None:
    with pytest.raises(OSError, match="Bad file descriptor") as told:
        system_call(number_of("ioctl"), -1, 0x5401)
    assert told.value.errno == errno.EBADF


def test_the_calling_process_is_controlled() -> None:
    get_dumpable = 3
    assert control(get_dumpable) in (0, 1, 2)
    with pytest.raises(OSError, match="Invalid argument"):
        control(9999)


def test_an_address_above_four_gigabytes_arrives_whole() -> None:
    """Without its argument types, ctypes would pass the lower half."""
    name = ctypes.create_string_buffer(16)
    get_name = 16
    control(get_name, ctypes.addressof(name))
    assert name.value


def test_the_library_is_loaded_once() -> None:
    assert libc() is libc()
