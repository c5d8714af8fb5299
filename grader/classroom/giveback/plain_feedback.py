"""The feedback as plain text, for a service that shows a comment as it is typed.

It is made from the feedback's Markdown, so that it tells what the feedback page tells.
"""

from __future__ import annotations

import re

from ...language import _, speaking
from ..records import Record
from ..report.feedback import markdown

MOST = 12_000  # characters: more is read by nobody, and services take no book
_FENCE = re.compile(r"\s*(`{3,})(text)?")
_CODE = re.compile(r"(`[^`\n]+`)")
_BOLD = re.compile(r"(?<!\\)\*\*")
_ESCAPED = re.compile(r"\\([\\`*_\[\]<>#|~&])")
_HEADING = re.compile(r"#+ ")


def comment_of(record: Record, title: str) -> str:
    """The comment, in the report's language; cut where it is far too long."""
    text = "\n".join(_plain_lines(markdown(record, title)))
    if len(text) <= MOST:
        return text
    language = record.report.language if record.report else "en"
    with speaking(language):
        rest = _("… The rest is left out here, as it is long.")
    return text[:MOST].rpartition("\n")[0] + f"\n{rest}"


def head_of(record: Record, title: str) -> str:
    """What the comment says before its first exercise: the score, and how it comes about."""
    head, _rest = re.split(r"^## |\Z", markdown(record, title), maxsplit=1, flags=re.MULTILINE)
    return "\n".join(_plain_lines(head))


def _plain_lines(text: str) -> list[str]:
    """The lines of Markdown without its marks; the lines that say nothing are drawn together."""
    lines: list[str] = []
    fence = ""
    for line in text.split("\n"):
        match = _FENCE.fullmatch(line)
        if match and not fence:
            fence = match[1]
        elif match and match[1] == fence:
            fence = ""
        elif fence:
            lines.append(line.rstrip())
        elif line.strip() or (lines and lines[-1]):
            lines.append(_plain(line).rstrip())
    return "\n".join(lines).strip().split("\n")


def _plain(line: str) -> str:
    """A line outside of code blocks; what stands between backticks stays as it is."""
    pieces = _CODE.split(_HEADING.sub("", line, count=1) if line.startswith("#") else line)
    return "".join(
        piece if place % 2 else _ESCAPED.sub(r"\1", _BOLD.sub("", piece))
        for place, piece in enumerate(pieces)
    )
