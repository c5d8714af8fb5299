"""Attention, several heads and an encoder block by hand, right or with a mistake.

What a mistake would have given on a case's numbers is worked out, so that its cause is told where it came back.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from .outcome import Cause

# what each mistake in an attention gives stands in `by_hand`
MISTAKES = {
    "no scale": Cause("missing-factor", "The scores are not divided by √d."),
    "d": Cause("wrong-factor", "The scores are divided by d, not by √d."),
    "times": Cause("wrong-factor", "The scores are multiplied by √d, not divided by it."),
    "values": Cause("wrong-factor", "It is divided by the root of the values' size, not of d."),
    "keys": Cause("wrong-factor", "It is divided by the root of the number of keys, not of d."),
    "late": Cause("wrong-factor", "The shares are divided by √d; divide the scores, before."),
    "queries": Cause("wrong-axis", "The softmax runs over the queries; it is asked over the keys."),
    "all": Cause("wrong-axis", "The softmax runs over all scores; it is asked over the keys."),
    "no softmax": Cause("missing-term", "The scores are taken as they are, without a softmax."),
}
MASK_MISTAKES = {
    "no mask": Cause("option-ignored", "It is as if there were no mask."),
    "inverted": Cause("inverted", "The mask is taken the other way round: True lets look."),
    "zero": Cause(
        "mask-not-infinite",
        "Scores that are masked become 0, and a softmax gives them a share: they are to become −∞.",
    ),
    "after": Cause(
        "mask-after-softmax",
        "The mask comes after the softmax, so that what is left does not add up to 1.",
    ),
    "added": Cause("mask-added", "The mask is added to the scores, as 1 and 0."),
    "-100": Cause(
        "mask-not-infinite",
        "Masked scores become −100; others may be as low as −10⁵: they are to become −∞.",
    ),
    "-10000": Cause(
        "mask-not-infinite",
        "Masked scores become −10⁴; others may be as low as −10⁵: they are to become −∞.",
    ),
}
INTERLEAVED = Cause(
    "interleaved",
    "The features are dealt out to the heads in turn; the first head gets the first ones.",
)
NOT_TRANSPOSED = Cause(
    "reshaped",
    "A reshape alone cuts the places into pieces: take the features apart, and then exchange two dimensions.",
)
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
}
# and in an `EncoderBlock`, in `block_by_hand`
BLOCK_MISTAKES = {
    "post": Cause(
        "post-norm", "The normalization comes last, after each sum; here it comes first."
    ),
    "no first": Cause("missing-term", "x is not added to the attention."),
    "no second": Cause("missing-term", "z is not added to what the small network gives."),
    "normalized": Cause(
        "wrong-source", "What is added is N₁(x) and N₂(z); it is x and z, as they are."
    ),
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
    scores = q @ k.mT / divisors.get(mistake, root)
    may = torch.ones_like(scores, dtype=torch.bool) if mask is None else mask.expand(scores.shape)
    if mistake in ("no mask", "after", "added"):
        may = torch.ones_like(may)
    if mistake == "inverted":
        may = ~may
    if mistake == "added" and mask is not None:
        scores = scores + mask
    hidden = {"zero": 0.0, "-100": -100.0, "-10000": -1e4, "mean": -1e300}.get(mistake, -math.inf)
    scores = scores.masked_fill(~may, hidden)
    if mistake == "all":
        shares = scores.flatten(-2).softmax(-1).reshape(scores.shape)
    else:
        shares = scores.softmax(-2 if mistake == "queries" else -1)
    if mistake == "no softmax":
        shares = scores
    if mistake == "after" and mask is not None:
        shares = shares * mask
    if hidden == -math.inf:
        shares = shares.masked_fill(~may, 0)
    return shares @ v / (root if mistake == "late" else 1)


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
    number = 1 if mistake == "one head" else heads
    q, k, v = (splits(each, number).get(mistake, splits(each, number)[""]) for each in parts)
    if mistake == "dim":
        q = q / math.sqrt(heads)
    every = None if mask is None else mask.unsqueeze(-3)
    y = by_hand(
        q, k, v, every, mistake if mistake in MASK_MISTAKES or mistake == "no scale" else ""
    )
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
