"""What is known of each operator, and which of them come to `sim` as they are."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import torch

from .torch_private import cpu_kernel, overload_of, schema_of, takes_numbers

# Of the operators that torch calls structured, those of exercises: without a kernel of its own for `sim`, torch would
# run each as two, `empty` and `out=`. On the CPU each makes a new result, or is the form in place of one that does.
_NAMES = """
    add.Tensor sub.Tensor mul.Tensor div.Tensor div.Tensor_mode pow.Scalar pow.Tensor_Scalar
    pow.Tensor_Tensor remainder.Tensor maximum minimum atan2 addcmul addcdiv lerp.Scalar lerp.Tensor
    eq.Scalar eq.Tensor ne.Scalar ne.Tensor lt.Scalar lt.Tensor le.Scalar le.Tensor gt.Scalar gt.Tensor
    ge.Scalar ge.Tensor bitwise_and.Tensor bitwise_or.Tensor bitwise_xor.Tensor bitwise_not
    clamp clamp_min clamp_max
    neg exp expm1 log log1p log2 log10 sqrt rsqrt reciprocal sin cos tan tanh sigmoid erf sign sgn
    floor ceil round trunc gelu silu softplus elu leaky_relu
    sigmoid_backward tanh_backward threshold_backward gelu_backward silu_backward softplus_backward
    elu_backward leaky_relu_backward
    sum.dim_IntList mean.dim amax amin argmax argmin all all.dim any any.dim prod.dim_int max.dim min.dim
    cumsum linalg_vector_norm mm bmm addmm addmv baddbmm tril triu
    _softmax _softmax_backward_data _log_softmax _log_softmax_backward_data
    mse_loss smooth_l1_loss nll_loss_forward nll_loss_backward
    cat index.Tensor gather scatter.src scatter.value scatter_add topk sort.stable
"""
_DIRECT = frozenset(_NAMES.split())


def is_direct(op: Any) -> bool:
    """Whether it is one of those, or one's form in place."""
    schema = schema_of(op)
    name, overload = schema.name.removeprefix("aten::"), schema.overload_name
    form = f".{overload}" if overload else ""
    return name + form in _DIRECT or (name.endswith("_") and name[:-1] + form in _DIRECT)


def direct_operators() -> list[Any]:
    """Those with a kernel of their own, those in place included."""
    found = []
    for entry in _DIRECT:
        name, _, overload = entry.partition(".")
        for packet in (name, name + "_"):
            op = getattr(getattr(torch.ops.aten, packet, None), overload or "default", None)
            if op is not None:
                found.append(op)
    return found


@dataclass(frozen=True)
class Operator:
    """What the fallback needs to know of an operator, read off its schema once."""

    op: Any  # kept, for it is known by its address: its hash is Python
    call: Callable[..., Any]  # the CPU's kernel
    special: Callable[..., Any] | None
    simple: bool  # see `_is_simple`
    operands: tuple[int, ...]  # the indices of the tensors among the arguments
    numbers: bool  # torch takes a number for a tensor here by itself
    names: tuple[str, ...]
    changed: tuple[str, ...]
    results: tuple[str | None, ...]  # for each result the argument that it is, if it is one
    elementwise: bool
    random: bool
    takes_generator: bool
    tensors: frozenset[str]

    @classmethod
    def of(cls, op: Any, special: Callable[..., Any] | None) -> Operator:
        schema = schema_of(op)
        writes = {
            frozenset(argument.alias_info.before_set): argument.name
            for argument in schema.arguments
            if argument.alias_info is not None and argument.alias_info.is_write
        }
        results: list[str | None] = []
        for result in schema.returns:
            written = result.alias_info is not None and result.alias_info.is_write
            results.append(writes[frozenset(result.alias_info.before_set)] if written else None)
        types = [str(argument.type) for argument in schema.arguments]
        elementwise = _is_elementwise(op)
        return cls(
            op=op,
            call=cpu_kernel(op),
            special=special,
            simple=special is None and _is_simple(op, results, elementwise),
            operands=tuple(index for index, one in enumerate(types) if "Tensor" in one),
            numbers=takes_numbers(schema.name.removeprefix("aten::")),
            names=tuple(argument.name for argument in schema.arguments),
            changed=tuple(writes.values()),
            results=tuple(results),
            elementwise=elementwise,
            random=torch.Tag.nondeterministic_seeded in op.tags,
            takes_generator=any(argument.name == "generator" for argument in schema.arguments),
            tensors=frozenset(a.name for a in schema.arguments if "Tensor" in str(a.type)),
        )


# CUDA runs them as element by element (TensorIterator) although torch's tag does not say so
_ELEMENTWISE = {
    "binary_cross_entropy", "binary_cross_entropy_backward", "mse_loss", "mse_loss_backward", "smooth_l1_loss",
    "smooth_l1_loss_backward", "huber_loss", "dist", "where", "floor_divide", "heaviside", "copysign", "fill", "zero",
}  # fmt: skip


def _is_elementwise(op: Any) -> bool:
    name = schema_of(op).name.removeprefix("aten::").rstrip("_")
    if torch.Tag.pointwise in op.tags or name in _ELEMENTWISE:
        return True
    with suppress(AttributeError):  # an operation in place goes by the one that is not
        plain = getattr(getattr(torch.ops.aten, name), overload_of(op))
        return torch.Tag.pointwise in plain.tags
    return False


def _is_simple(op: Any, results: list[str | None], elementwise: bool) -> bool:
    """Whether its one result is new or its first argument with the shape it had, and only tensors tell the device."""
    if results not in ([None], ["self"]):
        return False
    if not (is_direct(op) or (elementwise and results == ["self"])):
        return False
    return torch.Tag.nondeterministic_seeded not in op.tags and not any(
        argument.name in ("device", "generator") or (argument.kwarg_only and argument.alias_info)
        for argument in schema_of(op).arguments
    )
