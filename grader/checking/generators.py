"""The generators that a whole process shares: torch's, Python's and NumPy's.

A check draws its inputs with `draw`, which has a generator of its own. What else a check does may draw from the shared
ones (a reference that begins with `nn.Linear`, say). They are set before each case, so that what comes of a case never
depends on what ran before it, and they are the caller's again afterwards.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch

_NUMPY_SEEDS = 1 << 32


def seed_all(seed: int) -> None:
    """Sets all of them; `seed` is 0 or more, and below 2⁶³."""
    torch.default_generator.manual_seed(seed)
    if torch.cuda.is_initialized():
        torch.cuda.manual_seed_all(seed)
    random.seed(seed)
    if numpy_random := _numpy_random():
        numpy_random.seed(seed % _NUMPY_SEEDS)


@contextmanager
def kept() -> Iterator[None]:
    """Puts back what they were at before."""
    state = random.getstate()
    numpy_random = _numpy_random()
    numpy_state = numpy_random.get_state() if numpy_random else None
    try:
        with torch.random.fork_rng(devices=[]):
            yield
    finally:
        random.setstate(state)
        if numpy_random:
            numpy_random.set_state(numpy_state)


def _numpy_random() -> Any:
    """NumPy's, where something has imported it."""
    return sys.modules.get("numpy.random")
