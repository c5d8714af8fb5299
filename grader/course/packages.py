"""Packages that students' code needs besides torch: `packages` in `course.toml`, as pip is given them.

packages = ["pandas>=2.2", "scikit-learn"]
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import Distribution, distributions
from importlib.util import find_spec
from pathlib import Path

from ..errors import PackageMissing, adding_package
from ..import_path import without_current_folder
from ..language import _

# nothing in it that a shell, YAML or TOML would take for something else
_REQUIREMENT = re.compile(
    r"([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)"
    r"(?:\[[A-Za-z0-9._,-]+\])?"
    r"(?:(?:[<>!~=]=|[<>])[A-Za-z0-9.*+!]+(?:,(?:[<>!~=]=|[<>])[A-Za-z0-9.*+!]+)*)?"
)
# what is imported under another name than it is installed by, for where it is not installed
_IMPORTED_AS = {
    "beautifulsoup4": "bs4",
    "opencv-python": "cv2",
    "opencv-python-headless": "cv2",
    "pillow": "PIL",
    "python-dateutil": "dateutil",
    "pyyaml": "yaml",
    "scikit-image": "skimage",
    "scikit-learn": "sklearn",
}


@dataclass(frozen=True)
class Package:
    """A package of the course's.

    Attributes:
        requirement: as the course writes it, such as `pandas>=2.2`.
        name: what it is installed by.
    """

    requirement: str
    name: str

    @cached_property
    def installed(self) -> Distribution | None:
        """What is installed of it here; nothing is looked for in the current folder."""
        found = distributions(name=self.name, path=without_current_folder())
        return next(iter(found), None)

    @property
    def version(self) -> str:
        """The version that is installed; empty where none is."""
        return self.installed.version if self.installed else ""

    @cached_property
    def modules(self) -> frozenset[str]:
        """What it is imported by, as far as that is known."""
        normal = re.sub(r"[-_.]+", "-", self.name).lower()
        guess = _IMPORTED_AS.get(normal, normal.replace("-", "_"))
        files = self.installed.files or () if self.installed else ()
        tops = {Path(each.parts[0]).stem for each in files if each.suffix == ".py"}
        return frozenset({guess} | {top for top in tops if top.isidentifier()})

    @cached_property
    def folder(self) -> str:
        """The folder of packages that it lies in; empty where it is not installed."""
        return str(self.installed.locate_file("")) if self.installed else ""


def package_of(requirement: str) -> Package | None:
    """The package that a requirement names; `None` where it is no requirement of one package by its name."""
    match = _REQUIREMENT.fullmatch(requirement)
    return Package(requirement, match[1]) if match else None


def packages_of(requirements: Iterable[str]) -> list[Package]:
    """The packages of a course."""
    return [package for each in requirements if (package := package_of(each))]


def folders_of(requirements: Iterable[str]) -> tuple[str, ...]:
    """The folders of packages that those lie in which are installed here, each once."""
    return tuple(dict.fromkeys(filter(None, (each.folder for each in packages_of(requirements)))))


def require_imported(requirements: Sequence[str], texts: Iterable[str]) -> None:
    """For code that imports packages of the course's.

    Args:
        texts: what imports them, as Python text.

    Raises:
        PackageMissing: if one of those that it imports is not installed here.
    """
    absent = [each for each in packages_of(requirements) if not _is_there(each)]
    if not absent:
        return
    imported = {name for text in texts for name in _imported(text)}
    for package in absent:
        if package.modules & imported:
            sentence = _(
                "{name} is not installed here, and this course needs it: `{command}` brings it."
            )
            raise PackageMissing(
                sentence.format(name=package.name, command=adding_package(package.requirement))
            )


def _is_there(package: Package) -> bool:
    if package.installed:
        return True
    try:
        return any(
            find_spec(module) for module in package.modules
        )  # put there without an installer
    except (ImportError, ValueError):
        return False


def _imported(text: str) -> set[str]:
    """The first parts of the names that a text imports."""
    names: set[str] = set()
    for line in re.findall(r"^[ \t]*import[ \t]+([^#\n]+)", text, re.MULTILINE):
        names |= {part.split(" as ")[0].split(".")[0].strip() for part in line.split(",")}
    names |= set(re.findall(r"^[ \t]*from[ \t]+(\w+)[\w.]*[ \t]+import\b", text, re.MULTILINE))
    return names
