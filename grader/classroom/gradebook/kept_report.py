"""A kept result as bytes, and back."""

from __future__ import annotations

import json
import zlib

from ...report import Report


def packed(report: Report) -> bytes:
    """A report as compressed JSON."""
    return zlib.compress(json.dumps(report.to_dict(), separators=(",", ":")).encode())


def unpacked(data: bytes) -> Report | None:
    """The inverse of `packed`; `None` where it is damaged, a newer grader's, or not of one exercise."""
    try:
        report = Report.from_dict(json.loads(zlib.decompress(data)))
    except (ValueError, KeyError, TypeError, AttributeError, zlib.error):
        return None
    return report if len(report.exercises) == 1 else None
