"""What is drawn of many cases for one run: others with another commit, Python or torch, so that runs differ."""

from __future__ import annotations

import os
import subprocess
import sys

import torch

from .conftest import ROOT

ALL = bool(os.environ.get("GRADER_TEST_ALL"))  # nothing is drawn: every case is tried


def _commit() -> str:
    """Empty where there is no git, or no repository."""
    try:
        asked = subprocess.run(
            ["git", "rev-parse", "HEAD"], cwd=ROOT, capture_output=True, text=True
        )
    except OSError:
        return ""
    return asked.stdout


SEEDED_BY = f"{sys.version_info[:2]} {torch.__version__} {_commit()}"
