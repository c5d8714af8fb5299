"""Whether a line that this Python cannot read is written in a newer one: which, by PEP and first version."""

from __future__ import annotations

import re
import sys

from ...language import _

# a line, what Python says of it (either may be anything), and the version that reads it
_FORMS = (
    # PEP 695: `type X = …`, `def f[T](…)`, `class C[T]:`
    (r"\s*type\s+\w+\s*(?:\[[^=]*\])?\s*=", "", (3, 12)),
    (r"\s*(?:async\s+)?(?:def|class)\s+\w+\s*\[[^\]=]*\]", "", (3, 12)),
    # PEP 696: defaults of type parameters
    (r"\s*(?:async\s+)?(?:def|class|type)\s+\w+\s*\[[^\]]*=", "", (3, 13)),
    # PEP 701: f-strings hold any expression
    ("", r"f-string expression part cannot include (?:a backslash|'#')", (3, 12)),
    (
        r""".*\bf(["'])(?:(?!\1).)*\{(?:(?!\1)[^}])*\1(?:(?!\1).)*\1(?:(?!\1).)*\}""",
        "f-string",
        (3, 12),
    ),
    # PEP 758: `except A, B:`
    (r"\s*except\*?\s+[\w.]+\s*,", "multiple exception types must be parenthesized", (3, 14)),
    # PEP 750: template strings
    (r""".*[=(,\s](?:t|rt|tr)["']""", "invalid syntax", (3, 14)),
)


def needs_newer(line: str, message: str, running: tuple[int, int] = sys.version_info[:2]) -> str:
    """A sentence on which Python reads a line; empty where it is not known, or this one does.

    Args:
        line: the line that is no Python here.
        message: what Python says of it.
        running: the version that cannot read it.
    """
    for form, said, version in _FORMS:
        if version > running and re.match(form, line) and re.search(said, message):
            sentence = _(
                "Python {newer} reads such a line, and files run with Python {running} here. Write it the older way."
            )
            return sentence.format(newer=_shown(version), running=_shown(running))
    return ""


def _shown(version: tuple[int, int]) -> str:
    return f"{version[0]}.{version[1]}"
