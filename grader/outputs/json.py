"""The report as JSON, as `grader/report.schema.json` describes it."""

from __future__ import annotations

import json

from ..report import Report


def render(report: Report) -> str:
    """The report as a text that ends in a line feed; non-ASCII characters stay readable."""
    return json.dumps(report.to_dict(), ensure_ascii=False, indent=2) + "\n"
