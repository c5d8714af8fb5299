"""A figure that is graded by its data: `Axes` notes what is drawn as matplotlib would draw it, and draws nothing.

A probe hands it to the student's code, and gives `noted(axes)` back. It refuses what matplotlib refuses: a tensor that
requires gradients or is on another device, and x and y of unlike lengths.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from ...language import _
from ..expectations import expect, expect_close
from ..outcome import Cause
from ..probes import helper

UNSORTED = Cause(
    "not-sorted",
    "The points come in the order of `grid`, so the line runs to and fro: sort them by x.",
)
X_ALONE = Cause("not-sorted", "x is sorted, and the values are not: sort both in the order of x.")
Y_ALONE = Cause("not-sorted", "The values are sorted by themselves: sort both in the order of x.")
TURNED = Cause("swapped", "x and y stand in each other's place.")
CONNECTED = Cause("connected", '`scatter(x, y)`, or `plot(x, y, "o")`, draws points alone.')
OUT_OF_STEP = Cause(
    "not-sorted",
    "x and y are not in one order, as where one of them was sorted: they may come in any, so hand both in as they are.",
)
LEGEND_EARLY = Cause(
    "legend-early", "`legend()` was called, and there were no such labels by then: call it last."
)
NO_LEGEND = Cause("no-legend", "`axes.legend()` was not called: without it no label is seen.")
LEGEND_BY_ORDER = Cause(
    "legend-by-order",
    "`legend(labels)` hands out the labels in the order in which things were drawn, the points among them: `legend()` "
    "takes those that each was drawn with, as in `plot(…, label=label)`.",
)
_MOST = 4096  # of the points that are drawn, those that are looked at
HELD_OUT = Cause("wrong-data", "They are the held-out points; those to train on are asked.")


@helper
class Anything:
    """Answers whatever is asked of it by itself, and has nothing in it."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return self

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self

    def __getitem__(self, key: object) -> Any:
        return self

    def __iter__(self) -> Any:
        return iter(())


@helper
class Drawn(Anything):
    """What `plot` and `scatter` give back: numbers, a label, and whether a line runs through them."""

    def __init__(self, x: Any, y: Any, label: Any, line: bool) -> None:
        self.x, self.y, self.line = x.tolist(), y.tolist(), line
        self.label = "" if label is None else str(label)

    def set_label(self, label: Any) -> None:
        self.label = str(label)


@helper
class Axes(Anything):
    """Notes what is drawn, as matplotlib would draw it; what has no say in that is taken and forgotten."""

    def __init__(self) -> None:
        self.drawn: list[Any] = []
        self.names = {"xlabel": "", "ylabel": ""}
        self.has_legend = False
        self.shown: list[list[Any]] = []

    def numbers(self, values: Any) -> Any:
        import numpy

        # as matplotlib does: raises for a tensor that requires gradients, or is on another device
        return numpy.atleast_1d(numpy.array(numpy.asarray(values), dtype=float))

    def plot(self, *args: Any, label: Any = None, data: Any = None, **style: Any) -> list[Any]:
        import numpy

        if {"x", "y"} & set(style):
            raise TypeError("plot() takes x and y by position")
        columns = data if data is not None else {}
        left = [columns.get(each, each) if isinstance(each, str) else each for each in args]
        made = []
        while left:
            given = [left.pop(0)]
            if left and not isinstance(left[0], str):
                given.append(left.pop(0))
            form = left.pop(0) if left and isinstance(left[0], str) else ""
            y = self.numbers(given[-1])
            x = self.numbers(given[0]) if len(given) > 1 else numpy.arange(len(y))
            if len(x) != len(y):
                raise ValueError(
                    f"x and y must have same first dimension, but have shapes {x.shape} and {y.shape}"
                )
            x, y = (each[:, None] if each.ndim == 1 else each for each in (x, y))
            for column in range(max(x.shape[1], y.shape[1])):
                places = min(column, x.shape[1] - 1), min(column, y.shape[1] - 1)
                many = label is not None and not isinstance(label, str)
                each = [*label, None][min(column, len(label))] if many else label
                made.append(Drawn(x[:, places[0]], y[:, places[1]], each, has_line(form, style)))
        self.drawn += made
        return made

    def scatter(self, x: Any, y: Any, *args: Any, label: Any = None, **style: Any) -> Any:
        x, y = self.numbers(x).ravel(), self.numbers(y).ravel()
        if len(x) != len(y):
            raise ValueError("x and y must be the same size")
        self.drawn.append(Drawn(x, y, label, False))
        return self.drawn[-1]

    def set_xlabel(self, xlabel: Any, *args: Any, **style: Any) -> None:
        self.names["xlabel"] = str(xlabel)

    def set_ylabel(self, ylabel: Any, *args: Any, **style: Any) -> None:
        self.names["ylabel"] = str(ylabel)

    def set(self, **properties: Any) -> None:
        for name in self.names:
            if name in properties:
                self.names[name] = str(properties[name])

    def get_legend_handles_labels(self, *args: Any) -> Any:
        named = [each for each in self.drawn if each.label and not each.label.startswith("_")]
        return named, [each.label for each in named]

    def legend(self, *args: Any, handles: Any = None, labels: Any = None, **style: Any) -> Any:
        if args:
            handles, labels = args[:2] if len(args) > 1 else (handles, args[0])
        if labels is None:
            handles = self.get_legend_handles_labels()[0] if handles is None else handles
            labels = [each.label for each in handles]
        handles = self.drawn if handles is None else handles
        places = {id(each): place for place, each in enumerate(self.drawn)}
        named = zip(handles, labels, strict=False)
        self.shown = [[places[id(each)], str(name)] for each, name in named if id(each) in places]
        self.has_legend = True
        return Anything()


@helper
def has_line(form: str, style: dict[str, Any]) -> bool:
    """Whether `plot` connects what it draws: not with a marker alone, as in "o" or "r.", or without a line style."""
    kind = style.get("linestyle", style.get("ls"))
    if kind is not None:
        return str(kind).strip().lower() not in ("", "none")
    if not style.get("linewidth", style.get("lw", 1)):
        return False
    if "-" in form or ":" in form or (form.isalpha() and len(form) > 2):  # a colour's name
        return True
    if len(form) == 2 and form[0] == "C" and form[1].isdigit():
        return True
    return not any(each in form for each in ".,ov^<>1234spP*hHdDXx+|_8")


@helper
def noted(axes: Any) -> dict[str, Any]:
    """What was drawn, as plain data; "shown" are the legend's entries, the place of what was drawn and a text."""
    return {
        "drawn": [[each.x, each.y, each.label, each.line] for each in axes.drawn],
        "names": axes.names,
        "legend": axes.has_legend,
        "shown": axes.shown,
    }


def expect_points(got: Any, x: Tensor, y: Tensor, other: Any = None) -> None:
    """That the points are drawn, in any order, at once or one by one, and are not connected."""
    right = list(zip(x.tolist(), y.tolist(), strict=True))
    single, joined = (
        [pair for xs, ys, _label, is_line in got["drawn"] if is_line is line for pair in zip(xs, ys, strict=True)]
        for line in (False, True)
    )  # fmt: skip

    def among(pairs: Any, wanted: Any) -> int:
        """How many of the wanted ones are there."""
        if not pairs:
            return 0
        ours, theirs = (torch.tensor(each, dtype=torch.float64) for each in (wanted, pairs))
        # of ours alone, so that nothing that is drawn makes it wider
        near = (ours[:, None] - theirs[:_MOST]).abs() <= 1e-6 * ours.abs().amax(0)
        return int(near.all(2).any(1).sum())

    count, found = len(right), among(single, right)
    if found == count:
        return
    expect(among(joined, right) < count, _("The points (x, y) are connected by a line."), CONNECTED)
    turned, held = [(b, a) for a, b in right], []
    if other:
        held = list(zip(*(each.tolist() for each in other), strict=True))
    expect(among(single, turned) < count, _("The points are drawn at (y, x)."), TURNED)
    wanted = list(zip(sorted(x.tolist()), sorted(y.tolist()), strict=True))
    for xs, ys, _label, line in got["drawn"]:
        lined_up = list(zip(sorted(xs), sorted(ys), strict=True))
        apart = not line and len(xs) == count and among(lined_up, wanted) == count
        sentence = _("The points that are drawn have these x and these y, and not in these pairs.")
        expect(not apart, sentence, OUT_OF_STEP)
    if found:
        sentence = _("Of the {count} points (x, y) {found} are drawn.")
        expect(False, sentence.format(count=count, found=found))
    sentence = _("The points (x, y) are not drawn.")
    expect(not held or among(single, held) < len(held), sentence, HELD_OUT)
    expect(False, sentence if single else _("No points are drawn."))


def expect_curve(
    got: Any,
    label: str,
    grid: Tensor,
    values: Tensor,
    dtype: torch.dtype,
    also: Mapping[Cause, Tensor] | None = None,
) -> None:
    """That there is one line with this label, through these values in the order of `grid`'s."""
    drawn = got["drawn"]
    named = [place for place, each in enumerate(drawn) if each[2] == label]
    # what was drawn without one may have it from the legend
    by_legend = [place for place, name in got["shown"] if name == label and not drawn[place][2]]
    if not named:
        lines = [place for place in by_legend if drawn[place][3]]
        sentence = _("In the legend '{label}' stands for points; it should for a line.")
        expect(bool(lines) or not by_legend, sentence.format(label=label), LEGEND_BY_ORDER)
        named = lines
    labels = ", ".join(repr(each[2]) for each in drawn if each[2])
    sentence = _("Nothing has the label '{label}'. The labels are: {labels}.")
    expect(bool(named), sentence.format(label=label, labels=labels or "–"))
    sentence = _("{count} things have the label '{label}'; one line should.")
    expect(len(named) == 1, sentence.format(count=len(named), label=label))
    x, y, _label, line = drawn[named[0]]
    expect(
        line, _("'{label}' is drawn as single points; it should be one line.").format(label=label)
    )
    order = grid.argsort()

    def through(xs: Tensor, ys: Tensor) -> list[list[float]]:
        return [xs.tolist(), ys.tolist()]

    causes = {
        UNSORTED: through(grid, values),
        X_ALONE: through(grid[order], values),
        Y_ALONE: through(grid[order], values.sort().values),
        TURNED: through(values[order], grid[order]),
    }
    for cause, other in (also or {}).items():
        causes[cause] = through(grid[order], other[order])
    what = _("the numbers x and y of the line '{label}'").format(label=label)
    expect_close([x, y], through(grid[order], values[order]), what, causes=causes, dtype=dtype)


def expect_words(got: Any, labels: list[str]) -> None:
    """That the axes have their names, and the legend shows the labels."""
    for name, word in (("xlabel", "x"), ("ylabel", "y")):
        sentence = _("{name} is '{found}'; it should be '{word}'.")
        told = {"name": name, "found": got["names"][name], "word": word}
        swapped = got["names"] == {"xlabel": "y", "ylabel": "x"}
        expect(got["names"][name] == word, sentence.format(**told), TURNED if swapped else "")
    texts = [text for _place, text in got["shown"]]
    missing = [label for label in labels if label not in texts]
    sentence = _("The legend does not show: {labels}.")
    cause = LEGEND_EARLY if got["legend"] else NO_LEGEND
    expect(not missing, sentence.format(labels=", ".join(missing)), cause)
    for place, text in got["shown"]:
        _x, _y, own, line = got["drawn"][place]
        if text in labels:
            sentence = _("In the legend '{label}' stands for points; it should for a line.")
            expect(line, sentence.format(label=text), LEGEND_BY_ORDER)
            sentence = _("In the legend '{label}' stands for the line '{other}'.")
            expect(own in ("", text), sentence.format(label=text, other=own), LEGEND_BY_ORDER)
