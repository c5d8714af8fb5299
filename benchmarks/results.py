"""What a benchmark tells: rows of a table, and the same with every counted sample as JSON."""

from __future__ import annotations

import json
import os
import platform
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Any

from rich.table import Table

from grader.version import __version__

HEADER = ("", "figure", "against", "figure", "ratio", "goal", "met", "sample")


@dataclass(frozen=True)
class Goal:
    """What a ratio (or, where there is none, the figure itself) is to be."""

    most: float | None = None
    least: float | None = None

    def met(self, value: float) -> bool:
        return (self.most is None or value <= self.most) and (
            self.least is None or value >= self.least
        )

    def __str__(self) -> str:
        return f"≤ {self.most:g}" if self.most is not None else f"≥ {self.least:g}"


@dataclass(frozen=True)
class Row:
    """A line of the table.

    Attributes:
        what: is measured.
        value: its median, in `unit`.
        against: what it is compared with, and `other`, its median.
        ratio: of the two, as the goal has it.
        sample: how many were counted, of what.
        samples: the counted values themselves.
    """

    what: str
    value: float
    unit: str = "s"
    against: str = ""
    other: float | None = None
    ratio: float | None = None
    goal: Goal | None = None
    sample: str = ""
    samples: Sequence[float] = field(default=())

    @property
    def met(self) -> bool | None:
        if self.goal is None:
            return None
        return self.goal.met(self.value if self.ratio is None else self.ratio)

    def cells(self) -> tuple[str, ...]:
        met = {None: "", True: "yes", False: "no"}[self.met]
        other = "" if self.other is None else f"{_number(self.other)} {self.unit}"
        ratio = "" if self.ratio is None else _number(self.ratio)
        figure = f"{_number(self.value)} {self.unit}"
        goal = str(self.goal or "")
        return self.what, figure, self.against, other, ratio, goal, met, self.sample

    def to_dict(self) -> dict[str, Any]:
        told = {name: value for name, value in asdict(self).items() if value not in (None, "", ())}
        if self.goal:
            told |= {"goal": str(self.goal), "met": self.met}
        if self.samples:
            told["samples"] = [round(value, 5) for value in self.samples]
        for name in ("value", "other", "ratio"):
            if name in told:
                told[name] = round(told[name], 5)
        return told


def _number(value: float) -> str:
    digits = 0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 2
    return f"{value:,.{digits}f}" if abs(value) >= 0.1 or not value else f"{value:.2g}"


def paired(
    what: str, ones: Sequence[float], against: str, others: Sequence[float], **rest: Any
) -> Row:
    """A row of two that were measured in turn; `faster=True` for how many times the first is faster."""
    ratios = [one / other for one, other in zip(ones, others, strict=True)]
    if rest.pop("faster", False):
        ratios = [1 / ratio for ratio in ratios]
    rest.setdefault("sample", f"{len(ones)} pairs")
    return Row(
        what,
        median(ones),
        against=against,
        other=median(others),
        ratio=median(ratios),
        samples=tuple(ones),
        **rest,
    )


def machine() -> dict[str, Any]:
    """Where and when this was measured, and with what."""
    names = ("torch", "numpy", "pytest", "sqlalchemy")
    return {
        "cores": os.cpu_count(),
        "processor": _processor(),
        "load before": round(os.getloadavg()[0], 2),
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "python": platform.python_version(),
        "grader": __version__,
        **{name: version(name) for name in names},
        "date": time.strftime("%Y-%m-%d"),
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, platform.processor())


def as_table(title: str, rows: Sequence[Row]) -> Table:
    """For the terminal."""
    table = Table(title=title, title_justify="left")
    for name in HEADER:
        table.add_column(name, justify="right" if name in ("figure", "ratio") else "left")
    for row in rows:
        table.add_row(*row.cells())
    return table


def as_markdown(about: Mapping[str, Any], parts: Mapping[str, tuple[str, Sequence[Row]]]) -> str:
    """All parts, a table each."""
    pieces = [", ".join(f"{name} {value}" for name, value in about.items())]
    for title, rows in parts.values():
        ruled = ["|".join(["---"] * len(HEADER))]
        lines = ["|".join(HEADER), *ruled, *("|".join(row.cells()) for row in rows)]
        pieces.append(f"## {title}\n\n" + "\n".join(f"|{line}|" for line in lines))
    return "\n\n".join(pieces) + "\n"


def write(
    folder: Path, about: Mapping[str, Any], parts: Mapping[str, tuple[str, Sequence[Row]]]
) -> None:
    """`results.json` and `results.md` in `folder`."""
    told = {
        name: {"title": title, "rows": [row.to_dict() for row in rows]}
        for name, (title, rows) in parts.items()
    }
    text = json.dumps({"machine": about, "parts": told}, indent=1, ensure_ascii=False)
    (folder / "results.json").write_text(text + "\n", encoding="utf-8")
    (folder / "results.md").write_text(as_markdown(about, parts), encoding="utf-8")
