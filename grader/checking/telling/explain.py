"""The mistakes that numbers give away, whatever the exercise, and those that several exercises share.

`causes_in_form` and `causes_in_values` compare what came back with what general mistakes would have given, and yield
every cause that fits, the simplest first. A check keeps those that fit in most of its cases (`common`). A mistake
that a single exercise knows stands beside that exercise's checks.
"""

from __future__ import annotations

import difflib
import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TypeVar

import torch
from torch import Tensor

from ..outcome import Cause
from .factors import causes_of_factor, decimals_of
from .permuted import causes_in_places

T = TypeVar("T")

NAN = Cause(
    "nan",
    "It holds NaN: a logarithm or a root of a negative number, 0 · ∞, 0 / 0, ∞ / ∞ or ∞ − ∞ on the way. The logarithm "
    "of 0 is −∞.",
)
INFINITY = Cause("nan", "It holds infinity: an overflow, a division by 0 or a logarithm of 0.")
ZERO = Cause(
    "zero", "It is zero everywhere: print it where it is worked out, and where it is given back."
)
TRANSPOSE = Cause("transpose", "It is transposed.")
SAME_AMOUNT = Cause(
    "missing-term",
    "Every element is off by the same amount: a constant term is missing, is another one, or is one too many.",
)
ROUNDED = Cause(
    "rounded", "Every number is whole: look for `//`, `round`, or a conversion to integers."
)
CARRIED_ON = Cause(
    "carried-on",
    "What comes back is the running sum of what is asked: what one round of a loop has changed is still so in the "
    "next.",
)
WHOLE = Cause(
    "precision", "A float has no room for whole numbers of more than 15 digits: keep them integers."
)
SWAPPED = Cause("swapped", "The values are right, and come in the wrong order.")
PRECISION = Cause(
    "precision",
    "It is right to float32's seven digits only: somewhere on the way the numbers are float32.",
)
NOT_REDUCED = Cause(
    "not-reduced", "It was not reduced: a sum or a mean over some dimension is missing."
)
REDUCED = Cause("over-reduced", "It was reduced too far: a sum or a mean is taken over too much.")
BROADCAST = Cause(
    "broadcast",
    "Everything met everything: shapes such as (m, 1) and (m,) broadcast to (m, m). Look at the "
    "shapes of the operands.",
)
SQUEEZED = Cause(
    "squeezed",
    "The numbers are right, and a dimension of size 1 is lost: look for `squeeze`, `reshape`, an index or a reduction.",
)
EXTRA_DIMENSION = Cause(
    "extra-dimension",
    "The numbers are right, with a dimension of size 1 too many: look for `keepdim` or `unsqueeze`.",
)
ONE_ELEMENT = Cause(
    "extra-dimension",
    "The number is right, and its shape is (1,) where a tensor without a dimension is asked: `torch.zeros(())` is one, "
    "`torch.zeros(1)` is not, and a reduction gives one without `keepdim`.",
)
RESHAPED = Cause("reshaped", "The numbers are right, in another shape.")
DTYPE = Cause(
    "dtype",
    "Results take the dtype of the inputs, or the one that is asked for. Another is one that is written down, torch's "
    "default in a new tensor or layer, or NumPy's float64: hand on `dtype=x.dtype`, or the dtype that was asked for.",
)
WHOLE_DTYPE = Cause("dtype", "{dtype} is asked here: keep it where it is that, or convert to it.")
FIXED_DTYPE = Cause(
    "dtype", "{dtype} is asked there: give that dtype where the tensor is made, or convert to it."
)
DEVICE = Cause(
    "device",
    "Results stay on the device of the inputs. Another comes of one that is written down, of torch's default in a new "
    "tensor or layer, or of `.cpu()`.",
)
REQUIRES_GRAD = Cause(
    "requires-grad",
    "It still hangs in autograd's graph: `.detach()` takes it out.",
)
CUT = Cause(
    "graph-cut",
    "The graph is cut on the way: look for `.data`, `.detach()`, `.item()`, `torch.no_grad()`, or a tensor made anew, "
    "as by `torch.tensor(…)`.",
)
IN_PLACE = Cause(
    "in-place",
    "Something works in place on an input, or on a view of it (`+=`, `x.mul_()`, `x[0] = …`; of a list `append` or "
    "`pop`): work on a new one.",
)
UNREGISTERED = Cause(
    "unregistered",
    "Neither a number nor a plain tensor nor what lies in a list or a dict is seen by `parameters()`, `.to(…)` or an "
    "optimizer: make it an attribute that is an `nn.Parameter`.",
)
NO_GRAD = Cause(
    "no-grad", "It was made without `requires_grad`, or detached, or while autograd was off."
)
# what several exercises name in `causes=`: modes, indices, loops, predictions
NOTE_MODES = Cause(
    "mode",
    "They are all left in training mode, into which `model.train()` puts every module: note each one's `training` "
    "beforehand, and put it back.",
)
LEFT_IN_EVAL = Cause(
    "mode",
    "They are left in evaluation mode: note each module's `training` beforehand, and put it back.",
)
MODES_MIXED = Cause(
    "mode", "Modules are in different modes: note each module's `training`, and put each one back."
)
MODES_LEFT = {"evaluation": LEFT_IN_EVAL, "training": NOTE_MODES, "": MODES_MIXED}
AROUND = Cause(
    "index-modulo",
    "The index starts anew where the items end, as `index % len(self)` does: raise IndexError there.",
)
BELOW = Cause(
    "negative-index",
    "An index below −len is out of range, too: ask `index < -len(self)` before anything is added to it.",
)
PERCENT = Cause("percent", "It is in per cent; a share from 0 to 1 is asked.")
ARGMIN = Cause("argmin", "The smallest output is taken for the prediction.")
OVER_BATCH = Cause("wrong-axis", "`argmax` runs over the samples instead of the classes.")
CLEARED_AFTER = Cause(
    "not-cleared", "Gradients from before the call leak into the first step: clear them before it."
)
FEWER = Cause("one-too-few", "There is one round or epoch too few.")
NOT_CLEARED = Cause(
    "not-cleared",
    "Old gradients are added to the new ones: `backward()` adds to `.grad`, so clear it before.",
)
NOT_CLEARED_BESIDE = Cause(
    "not-cleared",
    "The gradients of the model are cleared, and this one, which the optimizer holds too, is not: "
    "`optimizer.zero_grad()` clears all.",
)
NEW_FOR_OLD = Cause(
    "new-for-old", "The value after the update is used where that before it is asked."
)
STALE = Cause("stale", "It is the value of an earlier call: something is kept that should not be.")
ALIASED = Cause(
    "aliased",
    "All entries are the last value, as where one tensor is kept again and again while it changes: keep a copy of "
    "each (`.clone()`).",
)
GRAD_IS_NONE = Cause(
    "no-gradient",
    "`{name}` gives back a `.grad` that is None: `backward()` fills that of leaves alone, such as "
    "`x.detach().clone().requires_grad_()`, and only where the result is made of that very tensor while autograd "
    "records.",
)
NO_RETURN = Cause(
    "no-return",
    "`{name}` has no `return`, so it gives None; `print` shows a value, and gives none.",
)
FOLLOWS = Cause(
    "follows", "This may come of what is not right before it: “{check}” Mend that first."
)
MEANT = Cause("name", "There is `{near}`; perhaps `{name}` is meant.")
NEW_ATTRIBUTE = Cause(
    "name", "`{name}` is a new attribute, which does nothing; `{meant}` of each parameter is meant."
)
# mistakes in an update; `step_causes` says what each would have given
NOT_UPDATED = Cause(
    "not-updated",
    "It is the value from before: no update has come to it. There is none, what is subtracted is 0, there is no "
    "gradient by then, or it goes to another tensor: `p = p - …` makes a new one, and leaves the old one as it is.",
)
UPHILL = Cause(
    "sign", "The step goes uphill: a sign is the wrong way round, in the update or in the gradient."
)
LR_IGNORED = Cause("lr-ignored", "The step ignores the learning rate.")
SUMMED = Cause(
    "sum-for-mean",
    "The step is as many times too large as the batch has samples: take the gradient of their mean loss.",
)
TWICE = Cause("twice", "The step is twice as large as it should be, as if it were made two times.")

# a cause leaves at most this share of the difference to the reference unexplained
_UNEXPLAINED = 0.02
_LOOSE = 2e-3  # a hundred times the tolerance of float32
_MOST_DIMENSIONS = 6
_CASES = 3  # of numbers of their own show together what a single one does not
# of an answer that may be another one before its reduction; a check's have hundreds
_MOST_ELEMENTS = 1 << 16


def fits(got: Tensor, other: Tensor, expected: Tensor | None, rtol: float) -> bool:
    """Whether the student's numbers are those that a mistake would have given.

    Args:
        got: the student's.
        other: what the mistake would have given. Another shape, NaN or infinity never fits.
        expected: the reference. Where it has the shape of `got`, `got` has to be fifty times nearer to `other` than
            to the reference, so that a mistake that hardly matters is not named. `None` for no such demand.
        rtol: the tolerance of the right answer; that of a mistake is a hundred times as wide, but at most 0.002.
    """
    if got.shape != other.shape:
        return False
    if not got.numel():
        return True
    one, two = got.double(), other.double()
    if not (torch.isfinite(one).all() and torch.isfinite(two).all()):
        return False
    error = (one - two).abs().max().item()
    # what a mistake gives may be less exact than the right answer
    room = max(rtol, min(100 * max(rtol, 1e-12), _LOOSE))
    if error > room * max(two.abs().max().item(), 1e-3):
        return False
    if expected is None or expected.shape != got.shape:
        return True
    return error <= _UNEXPLAINED * (one - expected.double()).abs().max().item()


def causes_in_form(got: Tensor, expected: Tensor, rtol: float) -> Iterator[Cause]:
    """Causes of a shape that is not the reference's. The shape alone shows none: the numbers have to fit as well.

    Args:
        got, expected: of different shapes.
        rtol: the tolerance that holds for `expected`.
    """
    # the student chooses the shape, and there are many ways to reduce one of sixty dimensions
    if not got.numel() or not expected.numel() or got.dim() > _MOST_DIMENSIONS:
        return
    if got.numel() > max(_MOST_ELEMENTS, expected.numel()):
        return

    def like(other: Tensor) -> bool:
        return fits(other, expected, None, rtol)

    if got.dim() == 2 == expected.dim() and got.shape == expected.T.shape and like(got.T):
        yield TRANSPOSE
    if got.numel() == expected.numel():
        if like(got.reshape(expected.shape)):
            ones = _without_ones(got) == _without_ones(expected)
            if got.shape == (1,) and not expected.dim():
                yield ONE_ELEMENT
            elif ones and got.dim() != expected.dim():
                yield SQUEEZED if got.dim() < expected.dim() else EXTRA_DIMENSION
            yield RESHAPED
            if got.dim() > expected.dim():  # over a dimension of size 1, that is
                yield NOT_REDUCED.unsure()
            elif got.dim() < expected.dim():
                yield REDUCED.unsure()
        return
    if got.numel() > expected.numel():
        size = expected.numel()
        if got.shape == (size, size) and like(got.diagonal().reshape(expected.shape)):
            yield BROADCAST
        elif any(map(like, _reductions(got, expected))):
            yield NOT_REDUCED
    elif any(fits(got, other, None, rtol) for other in _reductions(expected, got)):
        yield REDUCED


def _without_ones(tensor: Tensor) -> list[int]:
    return [size for size in tensor.shape if size != 1]


def _reductions(large: Tensor, small: Tensor) -> Iterator[Tensor]:
    """The sums and means of `large`, over one to three dimensions, that have the shape of `small`."""
    large = large.double()
    count = large.dim()
    for dims in itertools.chain.from_iterable(
        itertools.combinations(range(count), size) for size in range(1, min(count, 3) + 1)
    ):
        for keepdim in (False, True):
            total = large.sum(dims, keepdim=keepdim)
            if total.shape == small.shape:
                yield total
                yield total * (total.numel() / large.numel())


def causes_in_values(
    got: Tensor, expected: Tensor, rtol: float, factors: Mapping[str, float]
) -> Iterator[Cause]:
    """Causes of wrong numbers in the right form.

    Args:
        got, expected: of one shape, and different.
        rtol: the tolerance that holds for `expected`.
        factors: counts by their names, such as `{"m": 5}`, that a mistaken result may be off by.
    """
    if not expected.is_floating_point() and torch.equal(got, expected.double().to(got.dtype)):
        yield WHOLE
        return
    got, expected = got.double(), expected.double()
    if not torch.isfinite(got).all():
        yield NAN if got.isnan().any() else INFINITY
        return
    if not expected.any():
        return
    # one number is always some multiple of another, and off by some amount
    several = expected.numel() > 1
    if not got.any():
        yield ZERO if several else ZERO.unsure()
        return
    # looser in float64 than the comparison: which mistake it is, is the question
    loose = max(rtol, 1e-8)

    def close(other: Tensor) -> bool:
        return fits(got, other, expected, loose)

    # the factor f for which f · expected is nearest to `got`, in least squares
    factor = (got * expected).sum().item() / (expected * expected).sum().item()
    if factor and close(factor * expected):
        # rounding moves the factor by no more than it moves the numbers away from such a multiple
        apart = (got / factor - expected).abs().max().item() / expected.abs().max().item()
        yield from causes_of_factor(factor, min(max(apart, 1e-4), 1e-2), factors, several)
    if got.dim() == 2 and got.shape[0] == got.shape[1] and close(expected.T):
        yield TRANSPOSE
    amount = (got - expected).mean()
    if amount.abs() > 1e-6 * expected.abs().max() and close(expected + amount):
        yield SAME_AMOUNT if several else SAME_AMOUNT.unsure()
    error = (got - expected).abs().max().item() / expected.abs().max().item()
    one, other = got.flatten(), expected.flatten()
    is_whole = got.equal(got.round()) and not expected.equal(expected.round())
    if several and is_whole and (got - expected).abs().max() <= 1:
        yield ROUNDED
    yield from decimals_of(got, expected)
    if expected.numel() > 2 and fits(one, other.cumsum(0), other, loose):
        yield CARRIED_ON
    if several and error > 1e-3:
        yield from causes_in_places(got, expected, loose)
    # float32 has 6e-8, and a few operations a few of it; another small mistake gives no numbers that float32 has
    if rtol < 1e-8 and 2e-9 < error < 2e-6 and torch.equal(got.float().double(), got):
        yield PRECISION


def step_causes(
    walk: Callable[[float], T], lr: float, samples: int = 0
) -> dict[Cause, Callable[[], T]]:
    """What mistakes in the updates of gradient descent would have given.

    Args:
        walk: the reference, with every update multiplied by a factor: `walk(1)` is right.
        lr: the learning rate; not 1, for an update that ignores it is 1 / lr times too large.
        samples: in the batch, of which a mean is taken; 0 where a sum of them is not to be told of.

    Returns:
        For `expect_close(causes=…)`: causes, and a function for each that gives the mistaken result.
    """
    factors = {NOT_UPDATED: 0.0, UPHILL: -1.0, LR_IGNORED: 1 / lr, TWICE: 2.0}
    factors |= {SUMMED: float(samples)} if samples > 1 else {}
    return {cause: partial(walk, factor) for cause, factor in factors.items()}


def did_you_mean(name: str, known: Iterable[str]) -> Cause | str:
    """The cause of an attribute that is missing while one of nearly that name is there; empty where none is."""
    others = set(known) - {name}
    near = difflib.get_close_matches(name, others, 1, 0.7)
    near = near or sorted(other for other in others if other.lower() == name.lower())
    return MEANT.of(name=name, near=near[0]) if near else ""


def new_attribute(odd: Sequence[str], meant: str) -> Cause | str:
    """The cause of an attribute that was set, such as `p.require_grad`, and is not the one that torch knows."""
    for name in odd:
        if difflib.get_close_matches(meant, [name.rpartition(".")[2]], 1, 0.8):
            return NEW_ATTRIBUTE.of(name=name, meant=meant)
    return ""


def common(cases: Sequence[Sequence[Cause]], share: float = 1.0) -> list[Cause]:
    """The causes of the first case that fit in a share of all cases, and are sure in at least one.

    One case of several may hide a mistake, or show another one by chance: the numbers that it draws are 0, say.

    Args:
        cases: the causes of each case, the simplest first.
        share: the smallest that will do, as a part of 1.

    Returns:
        Sure causes; those that fit in more cases come first, and then those that come first in the cases.
    """
    found = []
    for cause in cases[0] if cases else ():
        places = [causes.index(cause) for causes in cases if cause in causes]
        sure = any(other.sure for causes in cases for other in causes if other == cause)
        # one and the same number, such as a factor, does not come back by chance
        sure = sure or (bool(cause.values) and len(places) >= _CASES)
        if sure and len(places) >= share * len(cases):
            found.append((-len(places), sum(places) / len(places), cause))
    return [replace(cause, sure=True) for *_, cause in sorted(found, key=lambda each: each[:2])]
