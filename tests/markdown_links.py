"""What a Markdown file links to, and where it can be linked to: as GitHub has it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from urllib.parse import unquote, urlsplit

from markdown_it import MarkdownIt
from markdown_it.token import Token

_ELSEWHERE = ("http", "https", "mailto")


def _tokens(path: Path) -> list[Token]:
    return MarkdownIt("gfm-like", {"linkify": False}).parse(path.read_text(encoding="utf-8"))


def targets(path: Path) -> Iterator[str]:
    """What the links and pictures of a file name, in its own words."""
    for token in _tokens(path):
        for inner in token.children or ():
            for name in ("href", "src"):
                if isinstance(value := inner.attrs.get(name), str):
                    yield value


def anchors(path: Path) -> set[str]:
    """The names of a file's headings: small letters, no punctuation, and a number where one comes again."""
    tokens = _tokens(path)
    seen: Counter[str] = Counter()
    found = set()
    for opening, inline in pairwise(tokens):
        if opening.type == "heading_open":
            shown = "".join(each.content for each in inline.children or ())
            name = re.sub(r"[^\w\- ]", "", shown.lower()).replace(" ", "-")
            found.add(f"{name}-{seen[name]}" if seen[name] else name)
            seen[name] += 1
    return found


def dead(path: Path, top: Path) -> list[str]:
    """The links of a file that lead nowhere, or out of the folder `top`; those to elsewhere are not followed."""
    wrong = []
    for target in targets(path):
        parts = urlsplit(target)
        if parts.scheme in _ELSEWHERE:
            continue
        there = (path.parent / unquote(parts.path)).resolve() if parts.path else path.resolve()
        if not there.is_relative_to(top.resolve()) or not there.exists():
            wrong.append(f"{path.name}: {target}")
        elif parts.fragment and (
            there.suffix != ".md" or unquote(parts.fragment) not in anchors(there)
        ):
            wrong.append(f"{path.name}: {target} has no such heading")
    return wrong
