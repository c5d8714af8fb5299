"""What stands for a character that a terminal's encoding has not: `+` for ✓, `x` for ✗, `->` for →.

Importing this makes `errors=ERRORS` known to Python's encoders. Marks stay apart in ASCII and in Windows' code pages.
"""

from __future__ import annotations

import codecs
import unicodedata

ERRORS = "grader-plain"
_PLAIN = {
    "✓": "+",
    "◐": "~",
    "◌": "~",
    "✗": "x",
    "⧖": "T",
    "‼": "!",
    "·": ".",
    "–": "-",
    "−": "-",
    "…": "...",
    "→": "->",
    "←": "<-",
    "│": "|",
    "─": "-",
    "━": "-",
    "╸": "-",
    "╺": "-",
    "×": "*",
    "∂": "d",
    "Σ": "sum",
    "σ": "sigma",
    "²": "^2",
    "³": "^3",
    "⁴": "^4",
    "⁵": "^5",
    "ᵀ": "^T",
    "“": '"',
    "”": '"',
    "‘": "'",
    "’": "'",
    "ŷ": "yhat",
}


def _plain(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    missing = error.object[error.start : error.end]
    return "".join(map(_stands_for, missing)), error.end


def _stands_for(character: str) -> str:
    if character in _PLAIN:
        return _PLAIN[character]
    without_accent = unicodedata.normalize("NFKD", character).encode("ascii", "ignore").decode()
    return without_accent or "?"


codecs.register_error(ERRORS, _plain)
