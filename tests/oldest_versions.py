"""Prints pip constraints: the lowest versions that pyproject.toml allows, for `make test-oldest`.

What tests and the site alone need (the extras `dev` and `docs`) is left to pip: only users' lower bounds are promises.
"""

from __future__ import annotations

import re
import tomllib
from pathlib import Path


def oldest_versions(pyproject: str) -> list[str]:
    """`name==version` for each `name>=version` among the dependencies and the extras, in order, each once."""
    project = tomllib.loads(pyproject)["project"]
    extras = project["optional-dependencies"]
    wanted = [
        *project["dependencies"],
        *(each for key in extras if key not in ("dev", "docs") for each in extras[key]),
    ]
    found = (re.match(r"([A-Za-z0-9._-]+)(?:\[.*\])?>=([0-9.]+)$", each) for each in wanted)
    return [*dict.fromkeys(f"{match[1]}=={match[2]}" for match in found if match)]


if __name__ == "__main__":
    text = (Path(__file__).parent.parent / "pyproject.toml").read_text(encoding="utf-8")
    print("\n".join(oldest_versions(text)))
