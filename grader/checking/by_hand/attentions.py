"""Attention, several heads and an encoder block by hand, right or with a mistake.

What a mistake would have given on a case's numbers is worked out, so that its cause is told where it came back.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from ...sandbox.wire.values import Received
from ..outcome import Cause
from ..student import Draw

# what each mistake in an attention gives stands in `by_hand`
MISTAKES = {
    "no scale": Cause("missing-factor", "The scores are not divided by √d."),
    "d": Cause("wrong-factor", "The scores are divided by d, not by √d."),
    "times": Cause("wrong-factor", "The scores are multiplied by √d, not divided by it."),
    "values": Cause("wrong-factor", "It is divided by the root of the values' size, not of d."),
    "keys": Cause("wrong-factor", "It is divided by the root of the number of keys, not of d."),
    "rows": Cause("wrong-factor", "It is divided by the root of the number of queries, not of d."),
    "late": Cause("wrong-factor", "The shares are divided by √d; divide the scores, before."),
    "queries": Cause("wrong-axis", "The softmax runs over the queries; it is asked over the keys."),
    "dim 1": Cause("wrong-axis", "The softmax runs over dimension 1; over the keys it is dimension −1."),
    "all": Cause("wrong-axis", "The softmax runs over all scores; it is asked over the keys."),
    "no softmax": Cause("missing-term", "The scores are taken as they are, without a softmax."),
}  # fmt: skip
MASK_MISTAKES = {
    "no mask": Cause("option-ignored", "It is as if there were no mask."),
    "inverted": Cause("inverted", "The mask is taken the other way round: True lets look."),
    "zero": Cause(
        "mask-not-infinite",
        "Scores that are masked become about 0, and a softmax gives them a share: they are to become −∞.",
    ),
    "after": Cause("mask-after-softmax", "The mask comes after the softmax: what is left does not add up to 1."),
    "added": Cause("mask-added", "The mask is added to the scores, as 1 and 0."),
}  # fmt: skip
# a finite score in place of −∞: what masked scores become, and what is added to them
FINITE = Cause(
    "mask-not-infinite",
    "Masked scores stay finite, and one that may be looked at can be as low as −10⁵: they are to become −∞.",
)
FINITE_SCORES = ["filled, 0 after 0.0"] + [
    f"{how} {number}"
    for how in ("filled", "added", "filled, 0 after", "added, 0 after")
    for number in (-1.0, -10.0, -100.0, -1e3, -1e4, -1e5)
]
# masked after the softmax, and divided by what is left and a small number
DIVIDED = Cause(
    "mask-after-softmax",
    "The mask comes after the softmax, and what is left is divided by its sum. Where that is next to nothing its "
    "digits are lost: mask the scores, before.",
)
DIVISIONS = [f"/ {number}" for number in (0.0, 1e-12, 1e-10, 1e-9, 1e-8, 1e-6)]
BY_NUMBERS = {FINITE: FINITE_SCORES, DIVIDED: DIVISIONS}
INTERLEAVED = Cause(
    "interleaved", "The features are dealt out to the heads in turn; the first head gets the first ones."
)  # fmt: skip
NOT_TRANSPOSED = Cause(
    "reshaped",
    "A reshape alone cuts the places into pieces: take the features apart, and then exchange two dimensions.",
)
# and with rows that may look at nothing
NOT_ZERO = Cause(
    "missing-case",
    "Only rows that may look at nothing are wrong. A softmax over finite scores gives them shares that add up to 1: "
    "put 0 there.",
)
IS_NAN = Cause(
    "nan", "A softmax of −∞ alone is 0 / 0: after it, put 0 wherever the mask does not let look."
)
NAN_GRADIENT = Cause(
    "nan",
    "The result is right, and its gradient NaN: the softmax of −∞ alone hands NaN back, and adding −∞ or `torch.where` "
    "after the softmax does not stop it. Fill the scores in by `masked_fill` or `torch.where`.",
)
SHARES_NAN = Cause(
    "nan",
    "The shares of a row that may look at nothing are NaN, and NaN comes from them into the gradient: put 0 there "
    "before the product with the values, not in its result.",
)
# and in the masks
STRICT = Cause("off-by-one", "A place may look at itself as well: that is the diagonal.")
TURNED = Cause("transpose", "It is turned round: places look at later ones.")
INVERTED = Cause("inverted", "It is the other way round: True is to stand where one may look.")
INCLUDED = Cause("off-by-one", "It lets look at one place too many: j < length is asked.")
ALSO_INVERTED = Cause(
    "inverted", "It is the other way round, and wrong at j = length too: j < length is asked."
)
ONE_LESS = Cause("off-by-one", "It lets look at one place too few: j < length is asked.")
NO_MIDDLE = Cause("squeezed", "A dimension of size 1 is missing, between B and size.")
AT_THE_END = Cause("reversed", "It lets look at the last places; the first ones are asked.")
# and in a `MultiHead`, in `heads_by_hand`
HEAD_MISTAKES = {
    "interleaved": INTERLEAVED,
    "split": NOT_TRANSPOSED,
    "merged": Cause(
        "reshaped", "The heads are merged by a reshape alone: exchange two dimensions before it."
    ),
    "one head": Cause("option-ignored", "It is as if there were one head."),
    "dim": Cause("wrong-factor", "The scores are divided by √dim; a head's query has dim / heads."),
    "no scale": MISTAKES["no scale"],
    "no out": Cause("missing-term", "The layer `out` is missing."),
    "no mask": MASK_MISTAKES["no mask"],
    "inverted": MASK_MISTAKES["inverted"],
    "transposed": Cause("transpose", "It is x · W + b; as `nn.Linear` has it, it is x · Wᵀ + b."),
    "no biases": Cause("missing-term", "The biases are missing."),
    "keys are queries": Cause("wrong-source", "The keys are those of the layer `query`."),
    "values are keys": Cause("wrong-source", "The values are those of the layer `key`."),
    "values are x": Cause("wrong-source", "The values are x itself, without the layer `value`."),
    "queries are x": Cause("wrong-source", "The queries are x itself, without the layer `query`."),
    "swapped": Cause("swapped", "Queries and keys are exchanged."),
    "values and keys": Cause("swapped", "Keys and values are exchanged."),
    "of the first": Cause("first-alone", "The mask of the first sequence is taken for all."),
    "of the batch": Cause(
        "mask-shape",
        "Where B = n, a mask of shape (n, n) is taken for one that has a row for each sequence: its number of "
        "dimensions tells which it is.",
    ),
    "of the heads": Cause(
        "mask-shape",
        "The mask's first dimension is taken for that of the heads: `mask.unsqueeze(-3)` makes room for them.",
    ),
}
# and in an `EncoderBlock`, in `block_by_hand`
BLOCK_MISTAKES = {
    "post": Cause("post-norm", "The normalization comes last, after each sum; here it comes first."),
    "no first": Cause("missing-term", "x is not added to the attention."),
    "no second": Cause("missing-term", "z is not added to what the small network gives."),
    "normalized": Cause("wrong-source", "What is added is N₁(x) and N₂(z); it is x and z, as they are."),
    "x again": Cause("wrong-source", "x is added at the end; it is z, with the attention in it."),
    "second of x": Cause("wrong-source", "The small network gets N₂(x); it is to get N₂(z)."),
    "no norm1": Cause("missing-term", "N₁ is missing."),
    "no norm2": Cause("missing-term", "N₂ is missing."),
    "one norm": Cause("wrong-source", "`norm1` is used both times."),
    "swapped norms": Cause("swapped", "`norm1` and `norm2` are exchanged."),
    "gelu": Cause("other-activation", "Between the two layers stands a gelu; a relu is asked."),
    "no relu": Cause("missing-activation", "The relu between the two linear layers is missing."),
    "relu last": Cause("extra-activation", "A relu follows `linear2` as well."),
    "no mask": MASK_MISTAKES["no mask"],
}  # fmt: skip

# where nothing is left to chance
CHANCE_IN = {
    "EncoderBlock": Cause(
        "option-ignored",
        "In training the same numbers give others in a second call. With dropout = 0 none becomes 0: is `dropout` "
        "taken?",
    ),
    "MultiHead": Cause(
        "wrong-place",
        "In training the same numbers give others in a second call: no dropout is asked within a `MultiHead`.",
    ),
}

# the parameters and what their sizes are
EIGHT = tuple(
    f"{layer}.{kind}" for layer in ("query", "key", "value", "out") for kind in ("weight", "bias")
)
OF_HEADS = {name: ("dim", "dim") if name.endswith("weight") else ("dim",) for name in EIGHT}
OF_BLOCK = {f"attention.{name}": shape for name, shape in OF_HEADS.items()} | {
    **{f"{norm}.{kind}": ("dim",) for norm in ("norm1", "norm2") for kind in ("weight", "bias")},
    "linear1.weight": ("hidden", "dim"),
    "linear1.bias": ("hidden",),
    "linear2.weight": ("dim", "hidden"),
    "linear2.bias": ("dim",),
}


def by_hand(q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None, mistake: str = "") -> Tensor:
    """The attention, with a mistake; without one it is torch's."""
    root = math.sqrt(q.shape[-1])
    divisors = {"no scale": 1.0, "late": 1.0, "d": root**2, "times": 1 / root}
    divisors |= {"values": math.sqrt(v.shape[-1]), "keys": math.sqrt(k.shape[-2])}
    divisors["rows"] = math.sqrt(q.shape[-2])
    scores = q @ k.mT / divisors.get(mistake, root)
    may = torch.ones_like(scores, dtype=torch.bool) if mask is None else mask.expand(scores.shape)
    if mistake in ("no mask", "after", "added", *DIVISIONS):
        may = torch.ones_like(may)
    if mistake == "inverted":
        may = ~may
    if mistake == "added" and mask is not None:
        scores = scores + mask
    hidden = 0.0 if mistake == "zero" else -math.inf
    if mistake in FINITE_SCORES:
        how, _space, number = mistake.rpartition(" ")
        hidden = float(number)
        filled = scores + hidden if how.startswith("added") else torch.full_like(scores, hidden)
        scores = torch.where(may, scores, filled)
    else:
        scores = scores.masked_fill(~may, hidden)
    if mistake == "all":
        shares = scores.flatten(-2).softmax(-1).reshape(scores.shape)
    else:
        shares = scores.softmax({"queries": -2, "dim 1": 1}.get(mistake, -1))
    if mistake == "no softmax":
        shares = scores
    if mistake == "after" and mask is not None:
        shares = shares * mask
    if mistake in DIVISIONS and mask is not None:
        shares = shares * mask
        shares = shares / (shares.sum(-1, keepdim=True) + float(mistake.split()[1]))
    if hidden == -math.inf or "0 after" in mistake:
        shares = shares.masked_fill(~may, 0)
    return shares @ v / (root if mistake == "late" else 1)


def nearest(
    mistakes: list[str], q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None, near: Tensor | None
) -> Tensor:
    """What that of the mistakes gives which comes nearest to what came back."""
    found = [by_hand(q, k, v, mask, mistake) for mistake in mistakes]
    if near is None or near.shape != found[0].shape:
        return found[0]
    away = [(each - near.to(each)).abs().max().nan_to_num(math.inf).item() for each in found]
    return found[away.index(min(away))]


def splits(x: Tensor, heads: int) -> dict[str, Tensor]:
    """What splitting gives, rightly and wrongly."""
    b, n, _dim = x.shape
    return {
        "": x.unflatten(-1, (heads, -1)).transpose(1, 2),
        "interleaved": x.unflatten(-1, (-1, heads)).permute(0, 3, 1, 2),
        "split": x.reshape(b, heads, n, -1),
    }


def heads_by_hand(
    x: Tensor, mask: Tensor | None, values: dict[str, Tensor], heads: int, mistake: str = ""
) -> Tensor:
    """What a `MultiHead` gives, with a mistake."""

    def layer(name: str, x: Tensor) -> Tensor:
        weight, bias = values[f"{name}.weight"], values[f"{name}.bias"]
        weight = weight if mistake == "transposed" else weight.T
        return x @ weight + (0 if mistake == "no biases" else bias)

    sources = {"keys are queries": ("key", "query"), "values are keys": ("value", "key")}
    old, new = sources.get(mistake, ("", ""))
    parts = [layer(new if name == old else name, x) for name in ("query", "key", "value")]
    if mistake == "values are x":
        parts[2] = x
    if mistake == "queries are x":
        parts[0] = x
    if mistake == "swapped":
        parts[:2] = parts[1], parts[0]
    if mistake == "values and keys":
        parts[1:] = parts[2], parts[1]
    number = 1 if mistake == "one head" else heads
    q, k, v = (splits(each, number).get(mistake, splits(each, number)[""]) for each in parts)
    if mistake == "dim":
        q = q / math.sqrt(heads)
    every = None if mask is None else mask.unsqueeze(-3)
    if mask is not None and mistake == "of the first" and mask.dim() == 3:
        every = mask[:1, None]
    if mask is not None and mistake == "of the batch" and mask.shape == (len(x), len(x)):
        every = mask[:, None, None]
    if mask is not None and mistake == "of the heads" and len(mask) == heads:
        every = mask if mask.dim() == 3 else mask[:, None]
    of_scores = mistake if mistake in MASK_MISTAKES or mistake == "no scale" else ""
    y = by_hand(q, k, v, every, of_scores)
    if mistake == "interleaved":
        merged = y.permute(0, 2, 3, 1).flatten(2)
    else:
        merged = y.reshape(x.shape) if mistake == "merged" else y.transpose(1, 2).flatten(2)
    return merged if mistake == "no out" else layer("out", merged)


def normalized(x: Tensor, values: dict[str, Tensor], name: str) -> Tensor:
    weight, bias = values[f"{name}.weight"], values[f"{name}.bias"]
    return nn.functional.layer_norm(x, x.shape[-1:], weight, bias)


def block_by_hand(
    x: Tensor, mask: Tensor | None, values: dict[str, Tensor], heads: int, mistake: str = ""
) -> Tensor:
    """What an `EncoderBlock` without dropout gives, with a mistake."""
    inner = {
        name.removeprefix("attention."): value
        for name, value in values.items()
        if name.startswith("attention.")
    }
    first, second = ("norm2", "norm1") if mistake == "swapped norms" else ("norm1", "norm2")
    if mistake == "one norm":
        second = first

    def norm(each: Tensor, name: str) -> Tensor:
        without = {"no norm1": "norm1", "no norm2": "norm2"}.get(mistake)
        return each if name == without else normalized(each, values, name)

    def attended(each: Tensor) -> Tensor:
        return heads_by_hand(each, None if mistake == "no mask" else mask, inner, heads)

    def network(each: Tensor) -> Tensor:
        hidden = each @ values["linear1.weight"].T + values["linear1.bias"]
        if mistake != "no relu":
            hidden = nn.functional.gelu(hidden) if mistake == "gelu" else hidden.relu()
        given = hidden @ values["linear2.weight"].T + values["linear2.bias"]
        return given.relu() if mistake == "relu last" else given

    if mistake == "post":
        z = normalized(x + attended(x), values, "norm1")
        return normalized(z + network(z), values, "norm2")
    of_first = norm(x, first)
    z = attended(of_first)
    if mistake != "no first":
        z = z + (of_first if mistake == "normalized" else x)
    of_second = norm(x if mistake == "second of x" else z, second)
    added = {"no second": 0 * z, "normalized": of_second, "x again": x}
    return network(of_second) + added.get(mistake, z)


# what is drawn

MASKS = ("(…, n, m)", "(n, m)", "(…, 1, m)")
SHORTER = "(B, n, m) → (A, B, n, m)"


def kinds_of_masks(draw: Draw, rank: int) -> list[str]:
    """The shapes of a case's masks, the first one in turn; in rounds of odd sizes all that broadcast."""
    first, odd = draw.choice("mask", MASKS), tuple[str, ...]()
    if not draw.round.is_published:
        odd = "(m,)", "(n, 1)", *("(1, n, m)", SHORTER)[:rank]
    others = () if draw.round.name == "large" else (*MASKS, *odd)
    return [first, *(each for each in others if each != first)]


def drawn_mask(draw: Draw, kind: str, scores: Tensor, nothing: bool) -> Tensor:
    """A mask in which each row lets look somewhere; with `nothing`, some do not."""
    *lead, n, m = scores.shape
    shapes = {"(…, 1, m)": (*lead, 1), "(n, m)": (n,), "(n, 1)": (n,), "(m,)": ()}
    shapes |= {"(1, n, m)": (1, n), SHORTER: (*lead[1:], n)}
    rows, m = shapes.get(kind, (*lead, n)), 1 if kind == "(n, 1)" else m
    # half of the rows let look at one key alone, where it can be at the one of the lowest score
    mask = draw.integers(0, 2, *rows, m) * draw.integers(0, 2, *rows, 1) == 1
    at = draw.integers(0, m, *rows, 1)
    if (*rows, m) == scores.shape:
        at = scores.argmin(-1, keepdim=True)
    mask = mask | (torch.arange(m, device=draw.home) == at)
    if nothing:
        blind = draw.integers(0, 3, *rows) == 0
        blind.view(-1)[int(draw.integers(0, blind.numel()).item())] = True
        mask = mask & ~blind[..., None]
    return mask if draw.round.is_published else draw.strided(mask)


def drawn_mask_of_sequences(draw: Draw, rows: tuple[int, ...], n: int) -> Tensor:
    """A mask for a module: in the equal round a row of (n, n), or a whole sequence, may look at nothing."""
    mask = draw.integers(0, 2, *rows, n) == 1  # and each place may look at one
    mask = mask | (torch.arange(n, device=draw.home) == draw.integers(0, n, *rows, 1))
    if draw.round.all_equal:
        mask[int(draw.integers(0, rows[0]).item())] = False
        mask[(0,) * len(rows)] = False
    return mask if draw.round.is_published else draw.strided(mask)


def causes_of_nothing(mask: Tensor | None, right: Tensor, came: Any) -> dict[Cause, Any]:
    """The mistakes with rows that may look at nothing, where there are any: what they would have given."""
    if mask is None or mask.any(-1).all():
        return {}
    found = dict[Cause, Any]({IS_NAN: math.nan})
    if isinstance(came, Received) and came.tensor.shape == right.shape:
        sees = mask.any(-1, keepdim=True).cpu()
        found[NOT_ZERO] = torch.where(sees, right.cpu(), came.tensor.cpu().double())
    return found


def drawn_queries(draw: Draw, size: float, k: Tensor, shape: tuple[int, ...]) -> Tensor:
    """Queries of this size; of an infinite one, each has a score of −10⁵, and that is its largest in size."""
    q = draw.normal(*shape)
    if size < math.inf:
        return size * q
    scores = q @ k.mT / math.sqrt(shape[-1])
    return -1e5 * q / scores.gather(-1, scores.abs().argmax(-1, keepdim=True))


def drawn_values(
    draw: Draw, shapes: Mapping[str, tuple[str, ...]], dim: int, hidden: int
) -> dict[str, Tensor]:
    """Numbers for the parameters, by which what a layer gives is about as large as what it gets."""
    size_of, values = {"dim": dim, "hidden": hidden}, dict[str, Tensor]()
    for name, named in shapes.items():
        numbers = draw.normal(*(size_of[each] for each in named))
        if name.endswith("weight") and len(named) == 2:
            numbers = 1.5 * numbers / math.sqrt(size_of[named[1]])
        values[name] = numbers + (0.5 if "norm" in name else 0)
    return values


def causes_of_nan(values: Any) -> dict[Cause, Any]:
    """Why gradients are NaN where results are right, by the gradient of the values, which only shares reach."""
    of_shares = isinstance(values, Received) and bool(values.tensor.isnan().any())
    return {SHARES_NAN if of_shares else NAN_GRADIENT: math.nan}
