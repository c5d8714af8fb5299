"""What is drawn of many cases for one run: others with another commit, Python or torch, so that runs differ."""

from __future__ import annotations

import math
import os
import random
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

import torch

T = TypeVar("T")
ALL = bool(os.environ.get("GRADER_TEST_ALL"))  # nothing is drawn: every case is tried


def _commit() -> str:
    """Empty where there is no git, or no repository."""
    try:
        asked = subprocess.run(
            ["git", "rev-parse", "HEAD"], cwd=Path(__file__).parent, capture_output=True, text=True
        )
    except OSError:
        return ""
    return asked.stdout


SEEDED_BY = f"{sys.version_info[:2]} {torch.__version__} {_commit()}"


def some(cases: Sequence[T], share: float) -> list[T]:
    """A share of the cases, one at least."""
    count = len(cases) if ALL else max(1, math.ceil(share * len(cases)))
    return random.Random(SEEDED_BY).sample(cases, count)


def is_drawn(case: str, share: float) -> bool:
    """Whether one of many is among the share of them that is drawn."""
    return ALL or random.Random(f"{SEEDED_BY} {case}").random() < share
