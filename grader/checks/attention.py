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
    dropouts,
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
# the numbers of leading dimensions, round by round; with a mask it might be of as many sequences as places
LEADING, MASKED = (1, 2, 2, 0, 0, 2), (1, 2, 2, 1, 0)
LOW = "c·randn, S ≥ −10⁵"  # and equal for one key of each query; none is larger than 10⁵
NUMBERS = {"randn": 1.0, "30·randn": 30.0, "0": 0.0, "3·randn": 3.0, LOW: math.inf, "2·randn": 2.0}
SIZES = {"randn": 1.0, "10⁻⁷·randn": 1e-7, "0": 0.0, "randn ": 1.0, "100·randn": 100.0}
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
    masks: list[Any],
) -> Any:
    leaves = [each.detach().requires_grad_() if slopes else each for each in (q, k, v)]

    def found(*given: Tensor, mask: Any = masks[0]) -> Any:
        args, kwargs = ((), {"mask": mask}) if by_keyword else ((mask,), {})
        if mask is None and not by_keyword:
            args = ()
        return called(lambda *x: student.attention(*x, *args, **kwargs), by_default, *given)

    y = found(*leaves)
    others = [found(q, k, v, mask=mask) for mask in masks[1:]]
    if not slopes:  # the same objects with other numbers
        held = q.detach() + 1
        found(held, k, v)
        return {"y": [y, *others], "again": [found(held.copy_(q.detach()), k, v)]}
    return {"y": [y, *others], **gradients(y, grad, dict(zip("qkv", leaves, strict=True)))}


@helper
def gradients(y: Any, grad: Tensor, leaves: dict[str, Tensor]) -> dict[str, Any]:
    """The gradients of leaves, where there is a graph that leads to them."""
    if isinstance(y, Tensor) and y.requires_grad and y.shape == grad.shape:
        (y * grad).sum().backward()
    return {name: leaf.grad for name, leaf in leaves.items()}


def expect_attention(
    student: Student,
    draw: Draw,
    masked: bool = False,
    nothing: bool = False,
    slopes: bool = False,
    by_default: bool = False,
) -> None:
    """Holds the result against the formula's; with `slopes`, the three gradients as well."""
    lead = draw.shape("leading", MASKED if masked else LEADING, elements=16)
    n, m, d, e = (draw.size(name) for name in "nmde")
    size, value = draw.choice("q", NUMBERS), draw.magnitude("v")
    keys = draw.normal(*lead, m, d)
    inputs = {
        "q": draw.layout("q", attentions.drawn_queries(draw, size, keys, (*lead, n, d))),
        "k": draw.layout("k", keys),
        "v": draw.layout("v", value * draw.normal(*lead, m, e)),
    }
    products = inputs["q"].double() @ inputs["k"].double().mT / math.sqrt(d)
    kinds, masks = [""], list[Tensor | None]([None])
    if masked:
        kinds = attentions.kinds_of_masks(draw, len(lead))
        masks = [attentions.drawn_mask(draw, kind, products, nothing) for kind in kinds]
    by_keyword = draw.choice("by_keyword", [False, True])
    slopes = slopes and draw.dtype.itemsize > 2
    grad = draw.normal(*lead, n, e)
    got = student.run(
        attend,
        by_default=by_default,
        slopes=slopes,
        by_keyword=by_keyword,
        grad=grad,
        masks=masks,
        **inputs,
    )
    exact = {name: each.double().requires_grad_(slopes) for name, each in inputs.items()}
    three = exact["q"], exact["k"], exact["v"]
    known = attentions.MISTAKES | (attentions.MASK_MISTAKES if masked else {})
    if size == math.inf and masked:  # among such scores 0 does what any other number does
        known["zero"] = known["zero"].unsure()

    def of_mistakes(mask: Any, y: Any) -> dict[Cause, Any]:
        with torch.no_grad():
            found: dict[Cause, Any] = {c: by_hand(*three, mask, each) for each, c in known.items()}
            came = y.tensor.cpu().double() if isinstance(y, Received) else None
            if nothing:
                found |= attentions.causes_of_nothing(mask, by_hand(*three, mask), y)
            elif masked:
                for cause, each in attentions.BY_NUMBERS.items():
                    found[cause] = attentions.nearest(each, *three, mask, came)
        return found

    # a score loses |score|·ε
    scores, eps = products.abs().max().item(), torch.finfo(draw.dtype).eps
    rtol = None if draw.dtype.itemsize == 2 else max(20 * scores * eps, 200 * eps, 1e-9)
    value = largest(exact["v"])
    close = partial(expect_close, rtol=rtol)
    whole = by_hand(*three, masks[0])
    for key in ("y",) if slopes else ("y", "again"):
        for kind, mask, y in zip(kinds, masks, got[key], strict=False):
            if masked:
                draw.drawn["mask"] = f"mask = {kind}"
            right = (whole if mask is masks[0] else by_hand(*three, mask)).detach().to(draw.dtype)
            close(y, right, "attention(…)", causes=partial(of_mistakes, mask, y), scale=value)
    if not slopes:
        return
    slope = e * largest(grad) * value / math.sqrt(d)
    scales = {"q": slope * largest(inputs["k"]), "k": n * slope * largest(inputs["q"])}
    scales["v"] = n * largest(grad)
    wanted = torch.autograd.grad((whole * grad).sum(), list(exact.values()))
    for name, right in zip(exact, wanted, strict=True):
        sentence = _("`{name}` gets no gradient.").format(name=name)
        expect(got[name] is not None, sentence, explain.CUT)
        what = _("the gradient of {name}").format(name=name)
        causes = attentions.causes_of_nan(got["v"]) if nothing else {}
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
        "causal_mask(n=n, device=device)": student.causal_mask(n=n, device=str(lengths.device)),
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
        attentions.STRICT: places < places[:, None],
        attentions.TURNED: causal.T,
        attentions.INVERTED: ~causal,
    }
    of_padding: dict[Cause, Any] = {
        attentions.INVERTED: rows >= at,
        attentions.ALSO_INVERTED: rows > at,
        attentions.INCLUDED: rows <= at,
        attentions.ONE_LESS: rows < at - 1,
        attentions.NO_MIDDLE: (rows < at)[:, 0],
        attentions.AT_THE_END: rows >= size - at,
    }
    for name, right, causes in (
        ("causal_mask(n)", causal, of_causal),
        ("causal_mask(n=n, device=device)", causal, of_causal),
        ("padding_mask(lengths, size)", rows < at, of_padding),
        ("again", rows < at, of_padding),
    ):
        what = "padding_mask(lengths, size)" if name == "again" else name
        expect_close(got[name], right, what, causes=causes, fixed_dtype=True)


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
    masks: list[Any],
    grad: Tensor,
    values: dict[str, Tensor],
) -> Any:
    module = moved(getattr(student, name)(*sizes, *args, **kwargs), x).train(training)
    fill_all(module, values)
    if twice:  # another instance shares nothing with it
        fill_all(moved(getattr(student, name)(*sizes), x), {key: 1 + values[key] for key in values})

    def found(x: Tensor, mask: Any = masks[0]) -> Any:
        given, named = ([mask], {}) if mask is not None else ([], {})
        if by_keyword:
            given, named = [], {"mask": mask}
        return called(lambda x: module(x, *given, **named), by_default, x)

    again = []
    if twice:  # the same object with other numbers
        found(x)
        held = x.detach() + 1
        found(held)
        again = [found(held.copy_(x.detach()))]
    leaf = x.detach().requires_grad_()
    y = found(leaf.view_as(leaf))
    second = found(x) if training else None
    slopes = gradients(y, grad, {"x": leaf, **dict(module.named_parameters())})
    ys = [y, *(found(x, mask) for mask in masks[1:])]
    return {"y": ys, "again": again, "second": second, **slopes}


# how it is worked out by hand, what its parameters are, and which mistakes are known
MODULES: dict[str, tuple[Callable[..., Tensor], dict[str, Any], dict[str, Cause]]] = {
    "MultiHead": (attentions.heads_by_hand, OF_HEADS, attentions.HEAD_MISTAKES),
    "EncoderBlock": (attentions.block_by_hand, OF_BLOCK, attentions.BLOCK_MISTAKES),
}


def expect_module(student: Student, draw: Draw, name: str, by_default: bool = False) -> None:
    """Holds what a module gives, and all gradients, against what is worked out by hand in float64."""
    by, shapes, mistakes = MODULES[name]
    twice = draw.round.is_published and student.device == "cpu"
    # in the equal round there are as many sequences as places and as heads, so that a mask might be of any of them
    bounds = {"B": 4 if draw.round.all_equal else 130, "n": 4, "heads": 6, "d": 12, "hidden": 70}
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
    first, masks = draw.choice("mask", list(kinds)), dict[str, Tensor | None]()
    for kind in sorted(kinds, key=lambda each: each != first):
        mask = None
        if kinds[kind]:
            mask = attentions.drawn_mask_of_sequences(draw, kinds[kind], n)
        # a block hands them on
        if kind == first or (name == "MultiHead" and draw.round.name != "large"):
            masks[kind] = mask
    values, grad = attentions.drawn_values(draw, shapes, dim, hidden), draw.normal(batch, n, dim)
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
        masks=list(masks.values()),
        grad=grad,
        values=values,
    )
    exact = {key: value.double().requires_grad_() for key, value in {"x": x, **values}.items()}

    def of_mistakes(mask: Tensor | None, right: Tensor, came: Any) -> dict[Cause, Any]:
        first, second = got["y"][0], got["second"]  # of one call and another
        chance = isinstance(second, Received) and not first.tensor.allclose(
            second.tensor, equal_nan=True
        )
        with torch.no_grad():
            return (
                ({attentions.CHANCE_IN[name]: ...} if chance else {})
                | {
                    cause: by(exact["x"], mask, exact, heads, each)
                    for each, cause in mistakes.items()
                    if mask is not None or each not in attentions.MASK_MISTAKES
                }
                | attentions.causes_of_nothing(mask, right, came)
            )

    # a row of a norm may be small, and then its rounding is not
    rtol = 2e-4 if draw.dtype == torch.float32 else None
    y = by(exact["x"], masks[first], exact, heads)
    for key in ("y", "again") if twice else ("y",):
        for (kind, mask), each in zip(masks.items(), got[key], strict=False):
            draw.drawn["mask"] = f"mask = {kind}"
            forward = f"{name}(…)(x)" if mask is None else f"{name}(…)(x, mask)"
            right = (y if kind == first else by(exact["x"], mask, exact, heads)).detach()
            causes = partial(of_mistakes, mask, right, each)
            expect_close(each, right.to(draw.dtype), forward, rtol=rtol, causes=causes)
    draw.drawn["mask"] = f"mask = {first}"
    of_values = "value.weight" if name == "MultiHead" else "attention.value.weight"
    slopes = torch.autograd.grad((y * grad).sum(), list(exact.values()))
    for key, right in zip(exact, slopes, strict=True):
        if key.startswith("attention."):  # a MultiHead's own are looked at there
            continue
        sentence = _("`{name}` gets no gradient.").format(name=key)
        expect(got[key] is not None, sentence, explain.CUT)
        what = _("the gradient of {name}").format(name=key)
        # that of the keys' bias is 0: it adds the same to all scores
        scale = math.sqrt(batch * n) * (10 if "key.bias" in key else 1) * max(1.0, size) * last
        of_nan = attentions.causes_of_nan(got[of_values]) if draw.round.all_equal else {}
        expect_close(got[key], right.to(draw.dtype), what, rtol=rtol, scale=scale, causes=of_nan)


@rounds(single=True)
@points(1)
@follows("attention_masked", "attention_of_nothing")
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
PARTS = {"`attention`": "attention.out", "`linear2`": "linear2"}
B, N, HEADS, DIM, HIDDEN = 8, 8, 2, 32, 24
MOST_AWAY = 0.09  # eight standard deviations of the share of 2 · 8 · 8 · 32 numbers


@probe
def drop(
    student: Any,
    sizes: list[int],
    p: Any,
    by_default: bool,
    x: Tensor,
    values: dict[str, Tensor],
    telling: dict[str, Tensor],
) -> Any:
    options = {} if p is None else {"dropout": p}
    block = moved(student.EncoderBlock(*sizes, **options), x)
    fill_all(block, values)
    block.train()
    training = [called(block, by_default, x) for _ in range(2)]
    block.eval()
    evaluation = called(block, by_default, x)
    torch.manual_seed(x.numel())  # of another block
    fill_all(another := moved(student.EncoderBlock(*sizes, **options), x).train(), telling)
    return {"training": training, "evaluation": evaluation, "both": called(another, by_default, x)}


def expect_dropped(
    student: Student, draw: Draw, part: str, p: float | None, by_default: bool = False
) -> None:
    """Holds a block, of which `part` alone adds something, against what is to be dropped of that."""
    x = draw.normal(B, N, DIM)
    values = attentions.drawn_values(draw, OF_BLOCK, DIM, HIDDEN)
    telling = {
        f"{layer}.{kind}": torch.full_like(values[f"{layer}.{kind}"], each)
        for layer, number in zip(PARTS.values(), (1.0, 2.0), strict=True)
        for kind, each in (("weight", 0.0), ("bias", number))
    }
    silent = next(layer for name, layer in PARTS.items() if name != part)
    for kind in ("weight", "bias"):
        values[f"{silent}.{kind}"] = 0 * values[f"{silent}.{kind}"]
    given = {"sizes": [DIM, HEADS, HIDDEN], "x": x, "values": values, "telling": telling}
    got = student.run(drop, p=p, by_default=by_default, **given)
    exact = {key: value.cpu().double() for key, value in {"x": x, **values}.items()}
    added = attentions.block_by_hand(start := exact["x"], None, exact, HEADS) - start
    share = 0.1 if p is None else p
    draw.drawn["dropout"] = f"dropout = {share:g}"
    draw.drawn["part"] = _("only {part} adds something to x").format(part=part)
    close = partial(expect_close, rtol=1e-4 if draw.dtype == torch.float32 else None)
    factor = 1 / (1 - share) if share < 1 else 0.0
    what, kept, causes = _("a block in training"), list[Tensor](), dict[Cause, Any]()
    for y in got["training"]:
        if not (
            isinstance(y, Received) and y.tensor.shape == x.shape and y.tensor.isfinite().all()
        ):
            causes = {dropouts.NAN_AT_1: math.nan} if share == 1 else {}
            close(y, (start + added * factor).to(draw.dtype), what, causes=causes)
        kept.append(y.tensor.cpu() != x.cpu())
    ys = [y.tensor.cpu().double() for y in got["training"]]
    dropouts.expect_single_numbers(kept, share)
    zeros = 1 - torch.stack(kept).double().mean().item()
    sentence = _("In training {zeros:.0%} of y is x, as where {part} gives 0; dropout = {share:g}.")
    away = 0 if share in (0, 1) else MOST_AWAY * math.sqrt(4 * share * (1 - share))
    cause = dropouts.cause_of_zeros(zeros, share, start, ys)
    expect(abs(zeros - share) <= away, sentence.format(zeros=zeros, part=part, share=share), cause)
    for y, stays in zip(got["training"], kept, strict=True):
        right = start + torch.where(stays, added * factor, 0)
        causes = {
            cause: start + torch.where(stays, each * added, 0)
            for cause, each in dropouts.wrong_factors(share).items()
        }
        both = kept[0] & kept[1]
        if not torch.allclose(ys[0][both], ys[1][both], rtol=1e-3, atol=1e-4):
            causes[dropouts.FURTHER_CHANCE] = ...
        close(y, right.to(draw.dtype), what, causes=causes)
    if 0 < share < 1:
        # the one adds 1 and the other 2, where they stay
        stay = (got["both"].tensor.cpu().double() - start).div(factor).round().int()
        two = [(stay & 1) == 1, (stay & 2) == 2]
        dropouts.expect_by_themselves(two, share)
        same = torch.equal(kept[0], two[list(PARTS).index(part)])
        sentence = _("In its first call another block drops the same numbers.")
        expect(not same, sentence, dropouts.NOT_ANEW)
    dropped = got["evaluation"]
    causes = {dropouts.SCALED_IN_EVALUATION: start + added * factor} if share < 1 else {}
    causes[dropouts.SHRUNK_IN_EVALUATION] = start + added * (1 - share)
    if isinstance(dropped, Received) and dropped.tensor.shape == x.shape:
        stays = dropped.tensor.cpu() != x.cpu()
        if not stays.all() and (share == 1 or stays.any()):
            causes = {dropouts.IN_EVALUATION: start + torch.where(stays, added * factor, 0)}
    close(dropped, (start + added).to(draw.dtype), _("a block in evaluation"), causes=causes)


@points(1)
@follows("encoder_block")
def test_encoder_dropout(student: Student, draw: Draw) -> None:
    """In training both results go through dropout before they are added, in evaluation none does."""
    p = round(draw.uniform(0.2, 0.4).item(), 2)
    default, whole = (None, p) if draw.dtype == torch.float32 else (p, 1.0)
    expect_dropped(student, draw, "`attention`", default)
    expect_dropped(student, draw, "`linear2`", whole)


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
        expect_dropped(elsewhere, draw, "`linear2`", 0.5)


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
