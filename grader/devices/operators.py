"""Every operator with an operand on `sim`: the rule of one device, then the CPU's kernel on the same memory."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import torch
from torch import Tensor

from .compound import is_compound, lowered, wrapped_compound
from .memory import NAME, index_of, kept_raw, on_sim, place, raw_of, storage_over, wrapped
from .one_device import expect_one_device, tensors_in
from .plans import Operator
from .random import SEEDS, generators
from .torch_private import CPU_KEYS, address_of, cpu_kernel

_aten: Any = torch.ops.aten
_operators: dict[int, Operator] = {}
_CPU = torch.device("cpu")


def _known(op: Any) -> Operator:
    if id(op) not in _operators:
        _operators[id(op)] = Operator.of(op, _SPECIAL.get(op))
    return _operators[id(op)]


def run_on_sim(op: Any, *args: Any, **kwargs: Any) -> Any:
    """The fallback: every operator with an operand on `sim`, or with `device="sim"`, comes here."""
    known = _operators.get(id(op)) or _known(op)
    if known.simple and (kept := _kept_raws(known, args)) is not None:
        raws, index = kept
        result = known.call(*raws, **kwargs)
        return wrapped(result, index=index) if known.results[0] is None else args[0]
    if known.special is not None:
        return known.special(*args, **kwargs)
    given = dict(zip(known.names, args, strict=False)) | kwargs
    expect_one_device(op, known, given)
    return _compute(op, known, given)


def run_on_compound(op: Any, *args: Any, **kwargs: Any) -> Any:
    """The fallback where an operand is made of others: there, torch itself chooses among the CPU's kernels."""
    known = _known(op)
    given = dict(zip(known.names, args, strict=False)) | kwargs
    expect_one_device(op, known, given)
    return _compute(op, replace(known, call=op), given)


def _kept_raws(known: Operator, args: Sequence[Any]) -> tuple[list[Any], int] | None:
    """The arguments for the CPU's kernel, and which `sim` they are on.

    None if not all tensors are on one `sim` and at hand: the common case, made fast.
    """
    raws = list(args)
    there = -1
    for number in known.operands:
        if number == len(raws):
            break
        value = raws[number]
        if isinstance(value, Tensor):
            raws[number] = raw = kept_raw(value)
            if raw is None or value.get_device() != there >= 0:
                return None
            there = value.get_device()
        elif isinstance(value, list):
            raws[number] = entries = [kept_raw(entry) for entry in value]
            if any(entry is None for entry in entries):
                return None
            for entry in value:
                if entry.get_device() != there >= 0:
                    return None
                there = entry.get_device()
        elif value is not None and not known.numbers:
            return None
    return raws, max(there, 0)


def _compute(op: Any, known: Operator, given: dict[str, Any]) -> Any:
    """Runs the CPU's kernel on the operands' memory. What is new is where `device=` says, or where the operands are."""
    index = index_of(given["device"] or NAME) if "device" in given else _place_of(given.values())
    bases: dict[int, Tensor] = {}
    raws = {name: lowered(value, bases) for name, value in given.items()}
    for name in known.tensors & raws.keys():
        # a number that torch has made a tensor of
        if isinstance(raws[name], bool | int | float | complex):
            raws[name] = _number(raws[name], raws.values())
    if "device" in raws:
        raws["device"] = _CPU
    raws.pop("pin_memory", None)
    result = _run_random(op, known, raws, index) if known.random else known.call(**raws)
    for name in known.changed:
        _follow(given[name], raws[name])
    if len(known.results) == 1:
        return _raised(result, known.results[0], given, bases, index)
    if not known.results:
        return None
    results = zip(result, known.results, strict=True)
    return tuple(_raised(one, name, given, bases, index) for one, name in results)


def _place_of(operands: Iterable[Any]) -> int:
    """Which `sim` the first operand is on that is on one."""
    tensors = (tensor for operand in operands for tensor in tensors_in(operand))
    return next((tensor.get_device() for tensor in tensors if on_sim(tensor)), 0)


def _number(value: bool | complex, operands: Iterable[Any]) -> Tensor:
    """A 0-dim tensor that leaves the dtype of the result to the others, as a number does."""
    if isinstance(value, bool):
        return torch.tensor(value)
    dtypes = [operand.dtype for operand in operands if isinstance(operand, Tensor)]
    own = [dtype for dtype in dtypes if dtype.is_floating_point or dtype.is_complex]
    if isinstance(value, int):
        own += [dtype for dtype in dtypes if dtype is not torch.bool]
    if own and isinstance(value, complex):
        return torch.tensor(value, dtype=own[0].to_complex())
    return torch.tensor(value, dtype=own[0]) if own else torch.tensor(value)


def _run_random(op: Any, known: Operator, raws: dict[str, Any], index: int) -> Any:
    """Draws from the device's own generator, and leaves the CPU's alone."""
    own = SEEDS[index]
    if known.takes_generator:
        generator = raws.get("generator")
        if generator is None:
            raws["generator"] = own
        elif address_of(generator) not in generators:
            raise RuntimeError(
                f"Expected a '{NAME}' device type for generator but found '{generator.device.type}'"
            )
        return op(**raws)
    before = torch.get_rng_state()
    torch.set_rng_state(own.get_state())
    try:
        return op(**raws)
    finally:
        own.set_state(torch.get_rng_state())
        torch.set_rng_state(before)


def _raised(
    result: Any, name: str | None, given: dict[str, Any], bases: dict[int, Tensor], index: int
) -> Any:
    if name is not None:
        return given[name]
    if isinstance(result, Tensor):
        if is_compound(result):
            return wrapped_compound(result, index)
        # a view of an operand is a view on `sim` too
        return wrapped(result, bases.get(address_of(result.untyped_storage())), index)
    if isinstance(result, list | tuple):
        return [_raised(entry, None, given, bases, index) for entry in result]
    return result


def _follow(value: Any, raw: Any) -> None:
    """After an operator has resized an operand (`out=`, `resize_`), its tensor on `sim` is resized as well."""
    if isinstance(value, list | tuple):
        for one, other in zip(value, raw, strict=True):
            _follow(one, other)
    elif on_sim(value) and not is_compound(value):
        memory = raw.untyped_storage()
        grown = memory.nbytes() != value.untyped_storage().nbytes()
        if grown or value.size() != raw.size() or value.stride() != raw.stride():
            there = value.get_device()
            place(
                value, storage_over(memory, raw, there) if grown else value.untyped_storage(), raw
            )


# operators with rules of their own


def _copy_from(source: Tensor, target: Tensor, non_blocking: bool = False) -> Tensor:
    to = raw_of(target) if on_sim(target) else target
    to.copy_(raw_of(source) if on_sim(source) else source)
    return target


def _copy(target: Tensor, source: Tensor, non_blocking: bool = False) -> Tensor:
    return _copy_from(source, target)


def _copy_from_and_resize(source: Tensor, target: Tensor) -> Tensor:
    return _copy_from(source, target.resize_(source.shape))


def _item(tensor: Tensor) -> Any:
    return _aten._local_scalar_dense.default(raw_of(tensor))


def _zeros(size: Any, *, dtype: Any = None, device: Any = None, **_: Any) -> Tensor:
    return wrapped(torch.zeros(size, dtype=dtype), index=index_of(device or NAME))


def _made(op: Any) -> Callable[..., Any]:
    """What makes a tensor of no other one, as each copy does first."""
    kernel = cpu_kernel(op)

    def run(
        *given: Any, device: Any = None, layout: Any = None, pin_memory: Any = None, **named: Any
    ) -> Tensor:
        index = index_of(device or NAME)
        made = kernel(*given, layout=layout, device=_CPU, **named)
        raised: Tensor = _raised(made, None, {}, {}, index)
        return raised

    return run


def _reduced(op: Any) -> Callable[..., Any]:
    """With `out=` of a scalar, the CPU's kernel would first warn that it has to be resized."""

    def run(one: Tensor, other: Tensor, *options: Any, out: Tensor) -> Tensor:
        given = {"self": one, "target": other}
        expect_one_device(op, _known(op), given)
        result = op(*[lowered(value, {}) for value in given.values()], *options)
        return out.resize_(result.shape).copy_(result)

    return run


def _metadata(op: Any) -> Callable[..., Any]:
    """What touches no element: the CPU's kernel serves any device."""
    return partial(op.redispatch, CPU_KEYS)


def _indexing(op: Any) -> Callable[..., Any]:
    """Index tensors may lie on the CPU; a tensor of the CPU takes none of `sim`'s."""

    def run(target: Tensor, indices: Any, *rest: Any, **kwargs: Any) -> Any:
        for index in indices:
            if on_sim(index) and index.device != target.device:
                raise RuntimeError(
                    "indices should be either on cpu or on the same device as the indexed "
                    f"tensor ({target.device})"
                )
        known = _known(op)
        given = dict(zip(known.names, (target, indices, *rest), strict=False)) | kwargs
        values = given.get("values")
        if isinstance(values, Tensor) and values.device != target.device and values.dim():
            raise RuntimeError(
                "Expected all tensors to be on the same device, but found at least two devices, "
                f"{target.device} and {values.device}!"
            )
        return _compute(op, known, given)

    return run


def _masked_fill(op: Any) -> Callable[..., Any]:
    def run(target: Tensor, mask: Tensor, value: Any) -> Any:
        if mask.device != target.device:
            raise RuntimeError(
                f"expected self and mask to be on the same device, but got mask on {mask.device} "
                f"and self on {target.device}"
            )
        known = _known(op)
        return _compute(op, known, {"self": target, "mask": mask, "value": value})

    return run


def convolution(x: Tensor, weight: Tensor, bias: Tensor | None, *options: Any) -> Tensor:
    """Torch leaves it to the backend; here it is the CPU's."""
    op = _aten.convolution.default
    for name, other in (("weight", weight), ("bias", bias)):
        if on_sim(x) and other is not None and not on_sim(other):
            raise RuntimeError(
                f"Input type ({x.type()}) and {name} type ({other.type()}) should be the same"
            )
    given = {"input": x, "weight": weight, "bias": bias}
    expect_one_device(op, _known(op), given)
    result = op(*[lowered(value, {}) for value in given.values()], *options)
    return wrapped(result, index=x.get_device())


def convolution_backward(
    grad: Tensor, x: Tensor, weight: Tensor, *options: Any
) -> tuple[Tensor | None, ...]:
    transposed = options[3]
    bias = [weight.shape[1] * options[5] if transposed else weight.shape[0]]
    results = _aten.convolution_backward.default(
        raw_of(grad), raw_of(x), raw_of(weight), bias, *options
    )
    there = x.get_device()
    return tuple(None if result is None else wrapped(result, index=there) for result in results)


_SPECIAL: dict[Any, Callable[..., Any]] = {
    _aten._copy_from.default: _copy_from,
    _aten._copy_from_and_resize.default: _copy_from_and_resize,
    _aten.copy_.default: _copy,
    _aten._local_scalar_dense.default: _item,
    _aten._efficientzerotensor.default: _zeros,
    **{op: _made(op) for op in (_aten.empty.memory_format, _aten.empty_strided.default)},
    _aten.mse_loss.out: _reduced(_aten.mse_loss.default),
    _aten.smooth_l1_loss.out: _reduced(_aten.smooth_l1_loss.default),
    **{
        op: _metadata(op)
        for op in (
            _aten.alias.default,
            _aten.as_strided.default,
            _aten.view.default,
            _aten._reshape_alias.default,
            _aten.set_.source_Storage,
            _aten.set_.source_Storage_storage_offset,
            _aten.set_.source_Tensor,
            _aten.set_.default,
        )
    },
    **{
        op: _indexing(op)
        for op in (
            _aten.index.Tensor,
            _aten.index.Tensor_out,
            _aten._unsafe_index.Tensor,
            _aten.index_put.default,
            _aten.index_put_.default,
            _aten._index_put_impl_.default,
            _aten._unsafe_index_put.default,
        )
    },
    **{
        op: _masked_fill(op)
        for op in (
            _aten.masked_fill.Scalar,
            _aten.masked_fill.Tensor,
            _aten.masked_fill_.Scalar,
            _aten.masked_fill_.Tensor,
        )
    },
}
