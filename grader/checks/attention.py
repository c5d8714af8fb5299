"""Attention, masks, heads and an encoder block: values and gradients against the formula in float64."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from grader import (
    Cause,
    Draw,
    NotJudged,
    Received,
    Student,
    _,
    attentions,
    called,
    expect,
    expect_close,
    explain,
    follows,
    helper,
    moved,
    needs,
    points,
    probe,
    rounds,
)

IS_NAN = Cause(
    "nan",
    "A softmax of −∞ alone is 0 / 0: after it, put 0 wherever the mask does not let look.",
)
NAN_GRADIENT = Cause(
    "nan",
    "The result is right, and its gradient NaN: the softmax of −∞ alone hands NaN back, and adding −∞ or `torch.where` "
    "after the softmax does not stop it. Fill the scores in by `masked_fill` or `torch.where`.",
)
IS_MEAN = Cause(
    "mask-not-infinite",
    "Such a row is the mean of all values, as if it might look at everything: with one finite score in place of −∞ all "
    "shares are equal.",
)
STRICT = Cause("off-by-one", "A place may look at itself as well: that is the diagonal.")
TURNED = Cause("transpose", "It is turned round: places look at later ones.")
INVERTED = Cause("inverted", "It is the other way round: True is to stand where one may look.")
INCLUDED = Cause("off-by-one", "It lets look at one place too many: j < length is asked.")
ONE_LESS = Cause("off-by-one", "It lets look at one place too few: j < length is asked.")
AT_THE_END = Cause("reversed", "It lets look at the last places; the first ones are asked.")
NOT_SCALED = Cause("no-factor", "What stays is not divided by 1 − p.")
NOTHING_DROPPED = Cause("missing-term", "There is no dropout on it.")
IN_EVALUATION = Cause("other-mode", "There is dropout in evaluation as well: ask `self.training`.")
P_KEPT = Cause("inverted", "p is taken for the probability to stay; it is that to become 0.")
NOT_ANEW = Cause("stale", "Draw in each call, and from a generator that goes on.")

INTERLEAVED, NOT_TRANSPOSED = attentions.INTERLEAVED, attentions.NOT_TRANSPOSED
MERGED = attentions.HEAD_MISTAKES["merged"]
OF_HEADS, OF_BLOCK = attentions.OF_HEADS, attentions.OF_BLOCK
by_hand = attentions.by_hand

FORBIDDEN: dict[str, Any] = {"from scratch": {"names": [
    "torch.nn.functional.scaled_dot_product_attention", "torch._scaled_dot_product_attention_math",
    "torch.nn.functional.multi_head_attention_forward", "torch.nn.MultiheadAttention",
    "torch._native_multi_head_attention", "torch._transformer_encoder_layer_fwd",
    "torch.nn.TransformerEncoderLayer", "torch.nn.TransformerEncoder", "torch.nn.TransformerDecoderLayer",
    "torch.nn.TransformerDecoder", "torch.nn.Transformer", "torch.nn.attention.flex_attention.flex_attention",
]}}  # fmt: skip
# the numbers of leading dimensions, round by round
LEADING = (1, 2, 2, 0, 0, 2)
NUMBERS = {"randn": 1.0, "30·randn": 30.0, "0": 0.0, "3·randn": 3.0, "10⁴·randn": 1e4, "2·randn": 2.0}  # fmt: skip
SIZES = {"randn": 1.0, "10⁻⁷·randn": 1e-7, "0": 0.0, "randn ": 1.0, "100·randn": 100.0}
MASKS = ("(…, n, m)", "(n, m)", "(…, 1, m)")
# attention


def largest(*tensors: Tensor) -> float:
    """The product of their largest absolute values."""
    return math.prod(tensor.detach().abs().max().item() for tensor in tensors)


@probe
def attend(
    student: Any,
    by_default: bool,
    slopes: bool,
    by_keyword: bool,
    q: Tensor,
    k: Tensor,
    v: Tensor,
    grad: Tensor,
    mask: Any,
) -> Any:
    leaves = [each.detach().requires_grad_() if slopes else each for each in (q, k, v)]
    args, kwargs = ((), {"mask": mask}) if by_keyword else ((mask,), {})
    if mask is None and not by_keyword:
        args = ()

    def found(*given: Tensor) -> Any:
        return called(lambda *x: student.attention(*x, *args, **kwargs), by_default, *given)

    y = found(*leaves)
    if not slopes:  # the same objects with other numbers
        held = q.detach() + 1
        found(held, k, v)
        return {"y": y, "again": found(held.copy_(q.detach()), k, v)}
    return {"y": y, **gradients(y, grad, dict(zip("qkv", leaves, strict=True)))}


@helper
def gradients(y: Any, grad: Tensor, leaves: dict[str, Tensor]) -> dict[str, Any]:
    """The gradients of leaves, where there is a graph that leads to them."""
    if isinstance(y, Tensor) and y.requires_grad and y.shape == grad.shape:
        (y * grad).sum().backward()
    return {name: leaf.grad for name, leaf in leaves.items()}


def drawn_mask(draw: Draw, shape: tuple[int, ...], nothing: bool) -> Tensor:
    """A mask in which each row lets look somewhere; with `nothing`, some do not."""
    kind = "(…, n, m)" if nothing else draw.choice("mask", MASKS)
    *lead, n, m = shape
    if kind == "(n, m)":
        lead = []
    rows = (*lead, 1 if kind == "(…, 1, m)" else n)
    # half of the rows let look at one key alone, so that all that is left may be a low score
    mask = draw.integers(0, 2, *rows, m) * draw.integers(0, 2, *rows, 1) == 1
    at = draw.integers(0, m, *rows, 1)
    mask = mask | (torch.arange(m, device=draw.home) == at)
    if nothing:
        blind = draw.integers(0, 3, *rows) == 0
        blind.view(-1)[int(draw.integers(0, blind.numel()).item())] = True
        mask = mask & ~blind[..., None]
    return mask if draw.round.is_published else draw.strided(mask)


def expect_attention(
    student: Student,
    draw: Draw,
    masked: bool = False,
    nothing: bool = False,
    slopes: bool = False,
    by_default: bool = False,
) -> None:
    """Holds the result against the formula's; with `slopes`, the three gradients as well."""
    lead = draw.shape("leading", LEADING, elements=16)
    n, m, d, e = (draw.size(name) for name in "nmde")
    size, value = draw.choice("q", NUMBERS), draw.magnitude("v")
    inputs = {
        "q": draw.layout("q", size * draw.normal(*lead, n, d)),
        "k": draw.layout("k", draw.normal(*lead, m, d)),
        "v": draw.layout("v", value * draw.normal(*lead, m, e)),
    }
    mask = drawn_mask(draw, (*lead, n, m), nothing) if masked else None
    by_keyword = draw.choice("by_keyword", [False, True])
    slopes = slopes and draw.dtype.itemsize > 2
    grad = draw.normal(*lead, n, e)
    got = student.run(
        attend,
        by_default=by_default,
        slopes=slopes,
        by_keyword=by_keyword,
        grad=grad,
        mask=mask,
        **inputs,
    )
    exact = {name: each.double().requires_grad_(slopes) for name, each in inputs.items()}
    given = exact["q"], exact["k"], exact["v"], mask
    y = by_hand(*given)
    known = attentions.MISTAKES | (attentions.MASK_MISTAKES if masked else {})

    def of_mistakes() -> dict[Cause, Any]:
        with torch.no_grad():
            found: dict[Cause, Any] = {c: by_hand(*given, each) for each, c in known.items()}
            if nothing:
                found |= {IS_NAN: math.nan, IS_MEAN: by_hand(*given, "mean")}
        return found

    # a score loses |score|·ε
    scores = largest(exact["q"] @ exact["k"].mT) / math.sqrt(d)
    eps = torch.finfo(draw.dtype).eps
    rtol = None if draw.dtype.itemsize == 2 else max(20 * scores * eps, 200 * eps, 1e-9)
    value = largest(exact["v"])
    close = partial(expect_close, rtol=rtol)
    for key in ("y",) if slopes else ("y", "again"):
        right = y.detach().to(draw.dtype)
        close(got[key], right, "attention(…)", causes=of_mistakes, scale=value)
    if not slopes:
        return
    slope = e * largest(grad) * value / math.sqrt(d)
    scales = {"q": slope * largest(inputs["k"]), "k": n * slope * largest(inputs["q"])}
    scales["v"] = n * largest(grad)
    wanted = torch.autograd.grad((y * grad).sum(), list(exact.values()))
    for name, right in zip(exact, wanted, strict=True):
        sentence = _("`{name}` gets no gradient.").format(name=name)
        expect(got[name] is not None, sentence, explain.CUT)
        what = _("the gradient of {name}").format(name=name)
        causes = {NAN_GRADIENT: math.nan} if nothing else {}
        close(got[name], right.to(draw.dtype), what, causes=causes, scale=scales[name])


@rounds(half=True, single=True)
@points(1)
def test_attention(student: Student, draw: Draw) -> None:
    """`attention(q, k, v)` is softmax(q · kᵀ / √d) · v, and autograd sees through it."""
    expect_attention(student, draw, slopes=True)


@rounds(single=True)
@points(1)
@follows("attention")
def test_attention_masked(student: Student, draw: Draw) -> None:
    """With a mask no query looks where it may not, and the other shares add up to 1."""
    expect_attention(student, draw, masked=True)


@rounds("published", "ones", "equal", "large", single=True)
@points(1)
@follows("attention_masked")
def test_attention_of_nothing(student: Student, draw: Draw) -> None:
    """A row that may look at nothing is 0, and gives no gradient, where the others give theirs."""
    expect_attention(student, draw, masked=True, nothing=True, slopes=True)


# masks and heads


@probe
def make_masks(student: Any, by_default: bool, n: int, size: int, lengths: Tensor) -> Any:
    if by_default:
        causal = called(lambda _on: student.causal_mask(n), True, lengths)
    else:
        causal = student.causal_mask(n, lengths.device)
    padding = called(lambda given: student.padding_mask(given, size), by_default, lengths)
    held = size - lengths
    student.padding_mask(held, size)
    return {
        "causal_mask(n)": causal,
        "named": student.causal_mask(n=n, device=str(lengths.device)),
        "padding_mask(lengths, size)": padding,
        "again": student.padding_mask(held.copy_(lengths), size),
    }


def expect_masks(student: Student, draw: Draw, by_default: bool = False) -> None:
    batch, size, n = draw.size("B"), draw.size("size"), draw.size("n")
    lengths = draw.integers(0, size + 1, batch)
    lengths[0] = size if draw.round.number % 2 else 0
    lengths = draw.layout("lengths", lengths)
    got = student.run(make_masks, by_default=by_default, n=n, size=size, lengths=lengths)
    places, rows = torch.arange(n), torch.arange(size)
    causal, at = places <= places[:, None], lengths.cpu()[:, None, None]
    of_causal: dict[Cause, Any] = {
        STRICT: places < places[:, None],
        TURNED: causal.T,
        INVERTED: ~causal,
    }
    of_padding: dict[Cause, Any] = {
        INVERTED: rows >= at,
        INCLUDED: rows <= at,
        ONE_LESS: rows < at - 1,
        AT_THE_END: rows >= size - at,
    }
    named = {
        "named": "causal_mask(n=n, device=device)",
        "again": "padding_mask(lengths, size)",
    }
    for name, right, causes in (
        ("causal_mask(n)", causal, of_causal),
        ("named", causal, of_causal),
        ("padding_mask(lengths, size)", rows < at, of_padding),
        ("again", rows < at, of_padding),
    ):
        expect_close(got[name], right, named.get(name, name), causes=causes, fixed_dtype=True)


@rounds(single=True)
@points(1)
def test_masks(student: Student, draw: Draw) -> None:
    """`causal_mask` and `padding_mask` are bool, and True where one may look."""
    expect_masks(student, draw)


@probe
def split_and_merge(student: Any, by_default: bool, heads: int, x: Tensor, parts: Tensor) -> Any:
    def split(given: Tensor) -> Any:
        return called(lambda x: student.split_heads(x, heads), by_default, given)

    found = {"split_heads(x, heads)": split(x)}
    found["merge_heads(x)"] = called(student.merge_heads, by_default, parts)
    held = x.detach() + 1
    split(held)
    student.merge_heads(parts.detach() + 1)
    found["again"] = split(held.copy_(x.detach()))
    # a view may be given back
    return {key: y.clone() if isinstance(y, Tensor) else y for key, y in found.items()}


def one(draw: Draw, name: str) -> int:
    """A size that is 1 after all."""
    draw.drawn[name] = f"{name} = 1"
    return 1


def expect_heads(student: Student, draw: Draw, by_default: bool = False) -> None:
    # in the large round the first and the last size are more than 32, for mistakes that begin there
    bounds = {"B": 66, "n": 2 if draw.round.name == "large" else 6, "heads": 6, "d": 66}
    batch, n, heads, d = (draw.size(name, high=bounds[name]) for name in bounds)
    heads = heads if d > 1 else one(draw, "heads")  # once a single feature
    size = draw.magnitude("x, parts", zero=True)
    x = draw.layout("x", size * draw.normal(batch, n, heads * d))
    parts = draw.layout("parts", size * draw.normal(batch, heads, n, d))
    got = student.run(split_and_merge, by_default=by_default, heads=heads, x=x, parts=parts)
    right = attentions.splits(x, heads)
    causes: dict[Cause, Any] = {INTERLEAVED: right["interleaved"], NOT_TRANSPOSED: right["split"]}
    for key in ("split_heads(x, heads)", "again"):
        expect_close(got[key], right[""], "split_heads(x, heads)", causes=causes)
    causes = {
        MERGED: parts.reshape(batch, n, -1),
        INTERLEAVED: parts.permute(0, 2, 3, 1).flatten(2),
    }
    merged = parts.transpose(1, 2).flatten(2)
    expect_close(got["merge_heads(x)"], merged, "merge_heads(x)", causes=causes)


@rounds("published", "ones", "more ones", "large", half=True, single=True)
@points(1)
def test_heads(student: Student, draw: Draw) -> None:
    """`split_heads` gives each head its features, and `merge_heads` is the way back."""
    expect_heads(student, draw)


# modules


@probe
def describe(student: Any, name: str, sizes: list[int]) -> Any:
    module = getattr(student, name)(*sizes)
    if not isinstance(module, nn.Module):
        return None
    return {key: list(value.shape) for key, value in module.named_parameters()}


def expect_parameters(student: Student, draw: Draw, name: str, shapes: dict[str, Any]) -> None:
    """That a module has these parameters and no others."""
    sizes = [draw.size("heads", high=6), draw.size("d", high=8), draw.size("hidden")]
    heads, dim, hidden = sizes[0], sizes[0] * sizes[1], sizes[2]
    given = [dim, heads] if name == "MultiHead" else [dim, heads, hidden]
    draw.drawn["dim"] = f"dim = {dim}"
    got = student.run(describe, name=name, sizes=given)
    expect(got is not None, _("{name} is not an nn.Module.").format(name=name))
    if name != "MultiHead":  # what is amiss within it is told of there
        got, shapes = (
            {key: value for key, value in each.items() if not key.startswith("attention.")}
            for each in (got, shapes)
        )
    size_of = {"dim": dim, "hidden": hidden}
    for each, named in shapes.items():
        wanted = [size_of[size] for size in named]
        sentence = _("{module} has no parameter `{name}`.").format(module=name, name=each)
        expect(each in got, sentence, explain.did_you_mean(each, got))
        sentence = _("`{name}` has shape {parameters}, expected {wanted}.").format(
            name=each, parameters=tuple(got[each]), wanted=tuple(wanted)
        )
        cause = explain.TRANSPOSE if got[each] == wanted[::-1] else ""
        expect(got[each] == wanted, sentence, cause)
    others = ", ".join(sorted(set(got) - set(shapes)))
    expect(not others, _("There are further parameters: {others}.").format(others=others))


@rounds("published", "large", single=True)
@points(1)
def test_parameters(student: Student, draw: Draw) -> None:
    """`MultiHead` has its eight parameters, by these names and of these shapes, and no others."""
    expect_parameters(student, draw, "MultiHead", OF_HEADS)


@helper
def fill_all(module: Any, values: dict[str, Tensor]) -> None:
    """Gives each parameter its numbers, by its name."""
    kept = dict(module.named_parameters())
    for name, value in values.items():
        if name not in kept:
            raise NotJudged("no attribute", name)
        if kept[name].shape != value.shape:
            raise NotJudged("shape", name, tuple(kept[name].shape), tuple(value.shape))
        with torch.no_grad():
            kept[name].copy_(value)


@probe
def pass_through(
    student: Any,
    name: str,
    sizes: list[int],
    by_default: bool,
    args: list[Any],
    kwargs: dict[str, Any],
    training: bool,
    twice: bool,
    by_keyword: bool,
    x: Tensor,
    mask: Any,
    grad: Tensor,
    values: dict[str, Tensor],
) -> Any:
    module = moved(getattr(student, name)(*sizes, *args, **kwargs), x).train(training)
    fill_all(module, values)
    if twice:  # another instance shares nothing with it
        fill_all(moved(getattr(student, name)(*sizes), x), {key: 1 + values[key] for key in values})
    given, named = ([mask], {}) if mask is not None else ([], {})
    if by_keyword:
        given, named = [], {"mask": mask}

    def found(x: Tensor) -> Any:
        return called(lambda x: module(x, *given, **named), by_default, x)

    again = None
    if twice:  # the same object with other numbers
        found(x)
        held = x.detach() + 1
        found(held)
        again = found(held.copy_(x.detach()))
    leaf = x.detach().requires_grad_()
    y = found(leaf.view_as(leaf))
    slopes = gradients(y, grad, {"x": leaf, **dict(module.named_parameters())})
    return {"y": y, "again": again, **slopes}


def drawn_values(draw: Draw, shapes: dict[str, Any], dim: int, hidden: int) -> dict[str, Tensor]:
    """Numbers for the parameters, by which what a layer gives is about as large as what it gets."""
    size_of, values = {"dim": dim, "hidden": hidden}, dict[str, Tensor]()
    for name, named in shapes.items():
        numbers = draw.normal(*(size_of[each] for each in named))
        if name.endswith("weight") and len(named) == 2:
            numbers = 1.5 * numbers / math.sqrt(size_of[named[1]])
        values[name] = numbers + (0.5 if "norm" in name else 0)
    return values


# how it is worked out by hand, what its parameters are, and which mistakes are known
MODULES: dict[str, tuple[Callable[..., Tensor], dict[str, Any], dict[str, Cause]]] = {
    "MultiHead": (attentions.heads_by_hand, OF_HEADS, attentions.HEAD_MISTAKES),
    "EncoderBlock": (attentions.block_by_hand, OF_BLOCK, attentions.BLOCK_MISTAKES),
}


def expect_module(student: Student, draw: Draw, name: str, by_default: bool = False) -> None:
    """Holds what a module gives, and all gradients, against what is worked out by hand in float64."""
    by, shapes, mistakes = MODULES[name]
    twice = draw.round.is_published and student.device == "cpu"
    bounds = {"B": 130, "n": 4, "heads": 6, "d": 12, "hidden": 70}
    batch, n, heads, d, hidden = (draw.size(each, high=bounds[each]) for each in bounds)
    # once a single feature; of that a norm leaves its rounding, so there in float64
    if d == 1 and name == "MultiHead":
        heads = one(draw, "heads")
    if heads == 1 and name == "EncoderBlock":
        d = one(draw, "d")
    dim = heads * d
    draw.drawn["dim"] = f"dim = {dim}"
    training = draw.choice("training", [True, False])
    args, kwargs = draw.passed(**({"dropout": 0.0} if name == "EncoderBlock" else {}))
    size = draw.choice("x", SIZES)
    x = draw.layout("x", size * draw.normal(batch, n, dim))
    kinds = {"(n, n)": (n,), "(B, 1, n)": (batch, 1), "None": (), "(B, n, n)": (batch, n)}
    kind, mask = draw.choice("mask", kinds), None
    if kind:
        mask = draw.integers(0, 2, *kind, n) == 1
        # each place may look at one
        mask = mask | (torch.arange(n, device=draw.home) == draw.integers(0, n, *kind, 1))
        mask = mask if draw.round.is_published else draw.strided(mask)
    values, grad = drawn_values(draw, shapes, dim, hidden), draw.normal(batch, n, dim)
    last = 64.0 if size > 1 else 1.0
    for key in values:
        if key.endswith(("out.weight", "linear2.weight")):
            values[key] = last * values[key]
    got = student.run(
        pass_through,
        name=name,
        sizes=[dim, heads] if name == "MultiHead" else [dim, heads, hidden],
        by_default=by_default,
        args=args,
        kwargs=kwargs,
        training=training,
        twice=twice,
        by_keyword=draw.choice("by_keyword", [False, True]),
        x=x,
        mask=mask,
        grad=grad,
        values=values,
    )
    exact = {key: value.double().requires_grad_() for key, value in {"x": x, **values}.items()}
    given = exact["x"], mask, exact, heads
    y = by(*given)

    def of_mistakes() -> dict[Cause, Any]:
        with torch.no_grad():
            return {
                cause: by(*given, each)
                for each, cause in mistakes.items()
                if mask is not None or each not in attentions.MASK_MISTAKES
            }

    # a row of a norm may be small, and then its rounding is not
    rtol = 2e-4 if draw.dtype == torch.float32 else None
    forward = f"{name}(…)(x)" if mask is None else f"{name}(…)(x, mask)"
    for key in ("y", "again") if twice else ("y",):
        right = y.detach().to(draw.dtype)
        expect_close(got[key], right, forward, rtol=rtol, causes=of_mistakes)
    slopes = torch.autograd.grad((y * grad).sum(), list(exact.values()))
    for key, right in zip(exact, slopes, strict=True):
        if key.startswith("attention."):  # a MultiHead's own are looked at there
            continue
        sentence = _("`{name}` gets no gradient.").format(name=key)
        expect(got[key] is not None, sentence, explain.CUT)
        what = _("the gradient of {name}").format(name=key)
        # that of the keys' bias is 0: it adds the same to all scores
        scale = math.sqrt(batch * n) * (10 if "key.bias" in key else 1) * max(1.0, size) * last
        expect_close(got[key], right.to(draw.dtype), what, rtol=rtol, scale=scale)


@rounds(single=True)
@points(1)
@follows("attention_masked")
def test_multi_head(student: Student, draw: Draw) -> None:
    """`MultiHead` gives what its parameters say, with and without a mask, and autograd sees through it."""
    expect_module(student, draw, "MultiHead")


@rounds(single=True)
@points(1)
@follows("multi_head")
def test_encoder_block(student: Student, draw: Draw) -> None:
    """`EncoderBlock` has its parameters, and gives without dropout what they say, pre-norm; with gradients."""
    if draw.round.is_published:
        expect_parameters(student, draw, "EncoderBlock", OF_BLOCK)
    expect_module(student, draw, "EncoderBlock")


# dropout

# what is silent while the other one is looked at
PARTS = {"attention": "attention.out", "network": "linear2"}
B, N, HEADS, DIM, HIDDEN = 8, 8, 2, 32, 24
MOST_AWAY = 0.09  # eight standard deviations of the share of 2 · 8 · 8 · 32 numbers


@probe
def drop(
    student: Any, sizes: list[int], p: Any, by_default: bool, x: Tensor, values: dict[str, Tensor]
) -> Any:
    options = {} if p is None else {"dropout": p}
    block = moved(student.EncoderBlock(*sizes, **options), x)
    fill_all(block, values)
    block.train()
    training = [called(block, by_default, x) for _ in range(2)]
    block.eval()
    return {"training": training, "evaluation": called(block, by_default, x)}


def expect_dropped(
    student: Student, draw: Draw, part: str, p: float | None, by_default: bool = False
) -> None:
    """Holds a block, of which `part` alone adds something, against what is to be dropped of that."""
    x = draw.normal(B, N, DIM)
    values = drawn_values(draw, OF_BLOCK, DIM, HIDDEN)
    silent = PARTS["network" if part == "attention" else "attention"]
    for kind in ("weight", "bias"):
        values[f"{silent}.{kind}"] = 0 * values[f"{silent}.{kind}"]
    sizes = [DIM, HEADS, HIDDEN]
    got = student.run(drop, sizes=sizes, p=p, by_default=by_default, x=x, values=values)
    exact = {key: value.cpu().double() for key, value in {"x": x, **values}.items()}
    added = attentions.block_by_hand(exact["x"], None, exact, HEADS) - exact["x"]
    share = 0.1 if p is None else p
    draw.drawn["dropout"] = f"dropout = {share:g}"
    draw.drawn["part"] = _("only {part} adds something to x").format(part=part)
    rtol = 1e-4 if draw.dtype == torch.float32 else None
    kept, causes = list[Tensor](), dict[Cause, Any]()
    for y in got["training"]:
        stays = torch.ones(x.shape, dtype=torch.bool)
        if isinstance(y, Received) and y.tensor.shape == x.shape:
            stays = y.tensor.cpu() != x.cpu()
        kept.append(stays)
    zeros = 1 - torch.stack(kept).double().mean().item()
    sentence = _("In training {zeros:.0%} of what {part} gives become 0, with dropout = {share:g}.")
    cause = NOTHING_DROPPED if zeros == 0 else P_KEPT if abs(1 - share - zeros) < MOST_AWAY else ""
    away = 0 if share in (0, 1) else MOST_AWAY * math.sqrt(4 * share * (1 - share))
    expect(abs(zeros - share) <= away, sentence.format(zeros=zeros, part=part, share=share), cause)
    factor = 1 / (1 - share) if share < 1 else 0.0
    for y, stays in zip(got["training"], kept, strict=True):
        right = exact["x"] + torch.where(stays, added * factor, 0)
        causes = {NOT_SCALED: exact["x"] + torch.where(stays, added, 0)}
        what = _("a block in training")
        expect_close(y, right.to(draw.dtype), what, rtol=rtol, causes=causes)
    if 0 < share < 1:
        anew = not torch.equal(*kept)
        expect(anew, _("In each call the same numbers become 0."), NOT_ANEW)
        sentence = _("It becomes 0 all along dimension {dim} or not at all: draw for each number.")
        for dim in range(3):
            alike = bool((kept[0] == kept[0].narrow(dim, 0, 1)).all())
            expect(not alike, sentence.format(dim=dim))
    what, right = _("a block in evaluation"), (exact["x"] + added).to(draw.dtype)
    dropped = got["evaluation"]
    causes = {}
    if isinstance(dropped, Received) and dropped.tensor.shape == x.shape:
        stays = dropped.tensor.cpu() != x.cpu()
        causes = {IN_EVALUATION: exact["x"] + torch.where(stays, added * factor, 0)}
    expect_close(dropped, right, what, rtol=rtol, causes=causes)


@points(1)
@follows("encoder_block")
def test_encoder_dropout(student: Student, draw: Draw) -> None:
    """In training both results go through dropout before they are added, in evaluation none does."""
    p = round(draw.uniform(0.2, 0.4).item(), 2)
    default, whole = (None, p) if draw.dtype == torch.float32 else (p, 1.0)
    expect_dropped(student, draw, "attention", default)
    expect_dropped(student, draw, "network", whole)


@points(1)
@needs(
    *("attention", "attention_masked", "attention_of_nothing", "masks", "heads"),
    *("parameters", "multi_head", "encoder_block", "encoder_dropout"),
)
def test_other_devices(elsewhere: Student, draw: Draw) -> None:
    """All of it works on any device: results, and masks that are made, are where the inputs are."""
    by_default = draw.dtype == torch.float64
    if by_default:
        draw.tell_default(elsewhere.device)
    expect_masks(elsewhere, draw, by_default)
    expect_attention(elsewhere, draw, masked=True, nothing=True, by_default=by_default)
    expect_module(elsewhere, draw, "EncoderBlock", by_default)  # a MultiHead is in it
    if not by_default:
        expect_attention(elsewhere, draw, slopes=True)
        expect_heads(elsewhere, draw)
        expect_dropped(elsewhere, draw, "network", 0.5)


HINTS = (
    """Write the shapes down beside each line; most mistakes here are two dimensions that change places. What has
    to be done to k so that each query meets each key? Along which of the two dimensions of the scores do the shares
    add up to 1?""",
    """A mask acts on the scores, before the softmax: `masked_fill` puts −∞ wherever the mask is False. Then look at a
    row that is False throughout: what does a softmax make of it, and what is to stand there? For the heads the last
    dimension is taken apart into two (`unflatten`, or `view`), and then one of them goes in front of the places
    (`transpose`). In a mask of the shape (B, n, n) the heads are missing: `unsqueeze` makes room. A block keeps its
    layers in attributes with the names that are asked; `nn.Dropout` knows by itself whether it is training.""",
    """```python
    scores = q @ k.transpose(-2, -1) / math.sqrt(q.shape[-1])
    shares = scores.masked_fill(~mask, -math.inf).softmax(dim=-1).masked_fill(~mask, 0)
    ```

    `x.reshape(batch, n, heads, dim // heads).transpose(1, 2)` splits, `x.transpose(1, 2).flatten(2)` merges. A mask is
    `torch.ones(n, n, dtype=torch.bool, device=device).tril()`, or `torch.arange(size, device=lengths.device) <
    lengths[:, None, None]`. The block: `x = x + self.dropout(self.attention(self.norm1(x), mask))`, and the same once
    more with `self.linear2(torch.relu(self.linear1(self.norm2(x))))`.""",
)
COMPARE = """Another right way: one layer of size (3 · dim, dim) makes queries, keys and values in one product, which is
    what `nn.MultiheadAttention` keeps in `in_proj_weight`; `torch.einsum("bhid,bhjd->bhij", q, k)` says the shapes
    aloud.

    Torch's `F.scaled_dot_product_attention` need not keep the n × m scores: it goes through the keys in blocks, with a
    running maximum and a running sum for the softmax (FlashAttention). So its memory grows with n, not with n². The
    block is `nn.TransformerEncoderLayer(norm_first=True)`, which has two more dropouts: on the shares and between the
    two layers."""
