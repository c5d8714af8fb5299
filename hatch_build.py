"""Puts the solutions into the wheel when it is built for instructors: `GRADER_SOLUTIONS=1 pip wheel .`"""

from __future__ import annotations

import os
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class SolutionsHook(BuildHookInterface):  # type: ignore[type-arg]
    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if os.environ.get("GRADER_SOLUTIONS") == "1":
            build_data["force_include"]["solutions"] = "grader/built_in/solutions"
