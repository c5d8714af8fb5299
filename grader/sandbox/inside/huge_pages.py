"""Large pages for the zygote: a fork copies its page tables, and the child's end walks them again.

On small pages that is three quarters of a fork's time. A large page is shared as one entry, and a child that writes to
it takes a copy of the 4 KiB that it writes to, as before.
"""

from __future__ import annotations

import ctypes
import sys

_COLLAPSE = 25  # MADV_COLLAPSE of Linux 6.1; see madvise(2)
_SIZE = 2 << 20


def collapse() -> None:
    """Puts this process's private memory on large pages. Where the kernel does not do that, nothing happens."""
    if sys.platform != "linux":
        return
    libc = ctypes.CDLL(None)
    libc.madvise.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
    with open("/proc/self/maps") as file:
        lines = [line.split() for line in file]
    for addresses, rights, _offset, _device, _inode, *path in lines:
        if not rights.startswith("rw") or not rights.endswith("p") or path not in ([], ["[heap]"]):
            continue
        start, end = (int(address, 16) for address in addresses.split("-"))
        for place in range(-(-start // _SIZE) * _SIZE, end - _SIZE + 1, _SIZE):
            # one at a time: some cannot be had (memory that is mostly unused, an older kernel), and need not
            libc.madvise(place, _SIZE, _COLLAPSE)
