"""The templates of the report: everything that is filled in is escaped."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

_CODE = re.compile(r"`([^`\n]+)`")


@cache
def environment() -> Environment:
    """Jinja2 with escaping always on; a name that is not given is an error."""
    made = Environment(
        loader=PackageLoader("grader.classroom.report", "page"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["code"] = code
    made.filters["students"] = students
    return made


def code(text: str) -> Markup:
    """`text` escaped, and what stands between backticks set as code."""
    return Markup(_CODE.sub(r"<code>\1</code>", str(escape(text))))


def students(count: int) -> str:
    """`1 student`, `1,200 students`."""
    return f"{count:,} student" + ("" if count == 1 else "s")


def asset(name: str) -> str:
    """The text of a file in `page/`.

    Raises:
        FileNotFoundError: if there is none of this name.
    """
    return files("grader.classroom.report").joinpath("page", name).read_text(encoding="utf-8")
