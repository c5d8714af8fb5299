"""Names of files from any text, such as a student's identifier."""

from __future__ import annotations

import re
from hashlib import sha256

# names that Windows keeps for devices, with or without an ending
_DEVICES = re.compile(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\..*)?")


def slug(text: str) -> str:
    """A file name, without ending, from any text: the same text gives the same name, on every file system.

    Where something had to be changed, a few digits of the text's hash keep two texts apart; so they do for capitals,
    which some file systems do not tell from small letters.
    """
    kept = re.sub(r"[^A-Za-z0-9_-]+", "-", text)[:60].strip("-")
    if kept and kept == text and kept == kept.lower() and not _DEVICES.fullmatch(kept):
        return kept
    digest = sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    return f"{kept}-{digest}" if kept else digest
