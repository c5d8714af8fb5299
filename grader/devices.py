"""A second device for machines that have none: `sim`, an accelerator in pure Python that keeps CUDA's rules.

The commonest mistake with devices is a tensor made on the CPU inside of code that was given tensors on a GPU. No
machine without a GPU sees it. On `sim` such code raises what it raises on CUDA, with the same words and `sim:0` for
`cuda:0`, and what works on CUDA works with the same numbers.

A tensor on `sim` is a plain `torch.Tensor` of PyTorch's spare backend, `PrivateUse1`. Its storage points at memory of
the CPU and owns it, so views, aliasing, version counters, autograd and `.data` are torch's own. Operators reach one
fallback, which checks the devices of the operands, runs the CPU's kernel on the same memory, and puts the result on
`sim`. That interface of torch is experimental: where it cannot be set up, `set_up` gives the reason.

Known differences from CUDA: operations wait until they are done; a generator of `sim` may serve the CPU; `.data` and
`Module.to` cannot move a parameter whose graph is still in use; there is one device, `sim:0`; no sparse tensors, fused
attention or recurrent cells.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

NAME = "sim"
_CPU_KEYS = torch._C.DispatchKeySet(torch._C.DispatchKey.CPU)
_MEMORY = "_sim_memory"  # on a storage of `sim`: the CPU's storage that it points at
_state = {"visible": False}
_seeds = torch.Generator().manual_seed(0)
_generators: dict[int, torch.Generator] = {}  # those of `sim`, by address
_kept: list[Any] = []  # registrations end when they are collected


def set_up() -> str:
    """Makes the device known to torch in this process, once; the reason if it cannot be, empty otherwise.

    No backward pass may come before it in a process that is to fork afterwards, except one on the CPU alone: torch
    starts a thread for each device that it knows at that time.
    """
    if _kept:
        return ""
    try:
        from torch.utils.backend_registration import _setup_privateuseone_for_python_backend

        _setup_privateuseone_for_python_backend(NAME, backend_module=_Module())
        library = torch.library.Library("_", "IMPL")
        library.fallback(_run, "PrivateUse1")
        own = torch.library.Library("aten", "IMPL")
        own.impl("convolution_overrideable", _convolution, "PrivateUse1")
        own.impl("convolution_backward_overrideable", _convolution_backward, "PrivateUse1")
        _kept.extend([library, own])
        _patch()
        left = torch.ones(2, device=NAME, requires_grad=True)
        with seen_by_torch(NAME):
            (left * torch.arange(2, device=NAME)).sum().backward()
        if left.grad is None or left.grad.tolist() != [0.0, 1.0]:
            return "gradients on it are wrong"
    except Exception as error:  # an experimental interface: anything may be missing
        return f"{type(error).__name__}: {error}"[:300]
    return ""


@contextmanager
def seen_by_torch(device: str) -> Iterator[None]:
    """While it lasts, `torch.accelerator` tells of `sim`, if that is the device; at other times it is hidden."""
    if device != NAME:
        yield
        return
    _state["visible"] = True
    try:
        # the calling thread runs the backward pass: a child of a fork has no thread for the device
        with torch.autograd.set_multithreading_enabled(False):
            yield
    finally:
        _state["visible"] = False


class _Module:
    """What torch asks of `torch.sim`; the counterpart of `torch.cuda`."""

    def is_available(self) -> bool:
        return _state["visible"]

    def is_initialized(self) -> bool:
        return True

    def _is_in_bad_fork(self) -> bool:
        return False

    def _lazy_init(self) -> None:
        pass

    def device_count(self) -> int:
        return 1

    def current_device(self) -> int:
        return 0

    def set_device(self, device: Any) -> None:
        pass

    def synchronize(self, device: Any = None) -> None:
        pass

    def empty_cache(self) -> None:
        pass

    def manual_seed(self, seed: int) -> None:
        _seeds.manual_seed(int(seed))

    def manual_seed_all(self, seed: int) -> None:
        _seeds.manual_seed(int(seed))

    def get_rng_state(self, device: Any = NAME) -> Tensor:
        return _seeds.get_state()

    def set_rng_state(self, state: Tensor, device: Any = NAME) -> None:
        _seeds.set_state(state)

    def get_amp_supported_dtype(self) -> list[torch.dtype]:
        return [torch.float16, torch.bfloat16]


# memory


def _on_sim(value: object) -> bool:
    return isinstance(value, Tensor) and value.device.type == NAME


def _storage_over(memory: torch.UntypedStorage) -> torch.UntypedStorage:
    """A storage of `sim` over a storage of the CPU, which lives as long."""
    storage: torch.UntypedStorage = torch._C._construct_storage_from_data_pointer(
        memory.data_ptr(), torch.device(NAME, 0), memory.nbytes()
    )
    setattr(storage, _MEMORY, memory)
    return storage


def _memory_of(tensor: Tensor) -> torch.UntypedStorage:
    storage = tensor.untyped_storage()
    memory: torch.UntypedStorage | None = getattr(storage, _MEMORY, None)
    if memory is None:  # torch made it by itself, and then it is empty
        memory = torch.UntypedStorage(storage.nbytes())
        setattr(storage, _MEMORY, memory)
    return memory


def _place(tensor: Tensor, storage: torch.UntypedStorage, like: Tensor) -> Tensor:
    """Lets `tensor` be what `like` is, in `storage`."""
    torch.ops.aten.set_.source_Storage_storage_offset.redispatch(
        _CPU_KEYS, tensor, storage, like.storage_offset(), like.size(), like.stride()
    )
    return tensor


def _raw(tensor: Tensor) -> Tensor:
    """The tensor of the CPU with the same memory, shape and strides."""
    raw = torch.empty((0,), dtype=tensor.dtype)
    return raw.set_(_memory_of(tensor), tensor.storage_offset(), tensor.size(), tensor.stride())


def _wrapped(raw: Tensor, storage: torch.UntypedStorage | None = None) -> Tensor:
    """The tensor of `sim` with the memory of `raw`."""
    empty: Tensor = torch._C._acc.create_empty_tensor([0], raw.dtype)
    return _place(empty, storage or _storage_over(raw.untyped_storage()), raw)


# operators


@dataclass(frozen=True)
class _Operator:
    """What the fallback needs to know of an operator, read off its schema once."""

    names: tuple[str, ...]
    changed: tuple[str, ...]
    results: tuple[str | None, ...]  # for each result the argument that it is, if it is one
    elementwise: bool
    random: bool
    takes_generator: bool

    @classmethod
    def of(cls, op: Any) -> _Operator:
        schema = op._schema
        writes = {
            frozenset(argument.alias_info.before_set): argument.name
            for argument in schema.arguments
            if argument.alias_info is not None and argument.alias_info.is_write
        }
        results = []
        for result in schema.returns:
            written = result.alias_info is not None and result.alias_info.is_write
            results.append(writes[frozenset(result.alias_info.before_set)] if written else None)
        return cls(
            names=tuple(argument.name for argument in schema.arguments),
            changed=tuple(writes.values()),
            results=tuple(results),
            elementwise=_is_elementwise(op),
            random=torch.Tag.nondeterministic_seeded in op.tags,
            takes_generator=any(argument.name == "generator" for argument in schema.arguments),
        )


_operators: dict[Any, _Operator] = {}
# CUDA runs them as element by element (TensorIterator) although torch's tag does not say so
_ELEMENTWISE = {
    "binary_cross_entropy", "binary_cross_entropy_backward", "mse_loss", "mse_loss_backward", "smooth_l1_loss",
    "smooth_l1_loss_backward", "huber_loss", "dist", "where", "floor_divide", "heaviside", "copysign", "fill",
}  # fmt: skip


def _is_elementwise(op: Any) -> bool:
    name = op._schema.name.removeprefix("aten::").rstrip("_")
    if torch.Tag.pointwise in op.tags or name in _ELEMENTWISE:
        return True
    packet = getattr(
        torch.ops.aten, name, None
    )  # an operation in place goes by the one that is not
    with suppress(AttributeError):
        return packet is not None and torch.Tag.pointwise in getattr(packet, op._overloadname).tags
    return False


def _run(op: Any, *args: Any, **kwargs: Any) -> Any:
    """The fallback: every operator with an operand on `sim`, or with `device="sim"`, comes here."""
    if special := _SPECIAL.get(op):
        return special(*args, **kwargs)
    known = _known(op)
    given = dict(zip(known.names, args, strict=False)) | kwargs
    _expect_one_device(op, known, given)
    return _compute(op, known, given)


def _compute(op: Any, known: _Operator, given: dict[str, Any]) -> Any:
    """Runs the CPU's kernel on the operands' memory."""
    storages: dict[int, torch.UntypedStorage] = {}
    raws: dict[str, Any] = {}
    for name, value in given.items():
        raws[name] = _lowered(value, storages)
    if "device" in raws:
        raws["device"] = torch.device("cpu")
    raws.pop("pin_memory", None)
    if known.random:
        result = _run_random(op, known, raws)
    else:
        result = op(**raws)
    for name in known.changed:
        _follow(given[name], raws[name])
    if len(known.results) == 1:
        return _raised(result, known.results[0], given, storages)
    return (
        tuple(
            _raised(one, name, given, storages)
            for one, name in zip(result, known.results, strict=True)
        )
        if known.results
        else None
    )


def _run_random(op: Any, known: _Operator, raws: dict[str, Any]) -> Any:
    """Draws from the device's own generator, and leaves the CPU's alone."""
    if known.takes_generator:
        generator = raws.get("generator")
        if generator is None:
            raws["generator"] = _seeds
        elif generator._cdata not in _generators:
            raise RuntimeError(
                f"Expected a '{NAME}' device type for generator but found '{generator.device.type}'"
            )
        return op(**raws)
    before = torch.get_rng_state()
    torch.set_rng_state(_seeds.get_state())
    try:
        return op(**raws)
    finally:
        _seeds.set_state(torch.get_rng_state())
        torch.set_rng_state(before)


def _lowered(value: Any, storages: dict[int, torch.UntypedStorage]) -> Any:
    if isinstance(value, Tensor):
        if value.device.type != NAME:
            return value
        raw = _raw(value)
        storages[raw.untyped_storage()._cdata] = value.untyped_storage()
        return raw
    if isinstance(value, list | tuple) and any(isinstance(entry, Tensor) for entry in value):
        return [_lowered(entry, storages) for entry in value]
    return value


def _raised(
    result: Any, name: str | None, given: dict[str, Any], storages: dict[int, torch.UntypedStorage]
) -> Any:
    if name is not None:
        return given[name]
    if isinstance(result, Tensor):
        # a view of an operand is a view on `sim` too
        return _wrapped(result, storages.get(result.untyped_storage()._cdata))
    if isinstance(result, list | tuple):
        return [_raised(entry, None, given, storages) for entry in result]
    return result


def _follow(value: Any, raw: Any) -> None:
    """After an operator has resized an operand (`out=`, `resize_`), its tensor on `sim` is resized as well."""
    if isinstance(value, list | tuple):
        for one, other in zip(value, raw, strict=True):
            _follow(one, other)
    elif _on_sim(value):
        memory = raw.untyped_storage()
        grown = memory.nbytes() != value.untyped_storage().nbytes()
        if grown or value.size() != raw.size() or value.stride() != raw.stride():
            _place(value, _storage_over(memory) if grown else value.untyped_storage(), raw)


# the rule of one device


def _expect_one_device(op: Any, known: _Operator, given: dict[str, Any]) -> None:
    operands = [(name, tensor) for name, value in given.items() for tensor in _tensors(value)]
    if all(tensor.device.type == NAME for _, tensor in operands):
        return
    if known.elementwise:
        # a 0-dim tensor of the CPU counts as a number, unless it is written to
        for name, tensor in operands:
            number = tensor.dim() == 0 and name not in known.changed
            if tensor.device.type != NAME and not (number and tensor.device.type == "cpu"):
                raise RuntimeError(
                    "Expected all tensors to be on the same device, but found at least two devices, "
                    f"{NAME}:0 and {tensor.device}!"
                )
        return
    first = operands[0][1].device
    for name, tensor in operands:
        if tensor.device != first:
            raise RuntimeError(
                f"Expected all tensors to be on the same device, but got {name} is on "
                f"{tensor.device}, different from other tensors on {first} "
                f"(when checking argument in method {_method(op)})"
            )


def _method(op: Any) -> str:
    """How torch names CUDA's kernel of an operator in its messages."""
    name, overload = op._schema.name.removeprefix("aten::"), op._schema.overload_name
    if overload in ("out", "output", "values") or overload.endswith("_out"):
        # where torch comes here through `out=`, CUDA has one kernel for all forms of the operator
        overload = overload.removesuffix("out").removesuffix("_")
        return "_".join(
            [
                "wrapper_CUDA",
                name,
                *([overload] if overload not in ("", "output", "values") else []),
            ]
        )
    return f"wrapper_CUDA_{overload}_{name}"


def _tensors(value: Any) -> Sequence[Tensor]:
    if isinstance(value, Tensor):
        return (value,)
    if isinstance(value, list | tuple):
        return [entry for entry in value if isinstance(entry, Tensor)]
    return ()


# operators with rules of their own


def _copy_from(source: Tensor, target: Tensor, non_blocking: bool = False) -> Tensor:
    to = _raw(target) if _on_sim(target) else target
    to.copy_(_raw(source) if _on_sim(source) else source)
    return target


def _copy(target: Tensor, source: Tensor, non_blocking: bool = False) -> Tensor:
    return _copy_from(source, target)


def _copy_from_and_resize(source: Tensor, target: Tensor) -> Tensor:
    return _copy_from(source, target.resize_(source.shape))


def _item(tensor: Tensor) -> Any:
    return torch.ops.aten._local_scalar_dense.default(_raw(tensor))


def _set(op: Any) -> Callable[..., Any]:
    def run(*args: Any, **kwargs: Any) -> Any:
        return op.redispatch(_CPU_KEYS, *args, **kwargs)

    return run


def _indexing(op: Any) -> Callable[..., Any]:
    """Index tensors may lie on the CPU; a tensor of the CPU takes none of `sim`'s."""

    def run(target: Tensor, indices: Any, *rest: Any, **kwargs: Any) -> Any:
        if not _on_sim(target):
            for index in indices:
                if _on_sim(index):
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
                f"{NAME}:0 and cpu!"
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


def _convolution(x: Tensor, weight: Tensor, bias: Tensor | None, *options: Any) -> Tensor:
    """Torch leaves it to the backend; here it is the CPU's."""
    op = _aten.convolution.default
    given = {"input": x, "weight": weight, "bias": bias}
    _expect_one_device(op, _known(op), given)
    return _wrapped(op(*[_lowered(value, {}) for value in given.values()], *options))


def _convolution_backward(
    grad: Tensor, x: Tensor, weight: Tensor, *options: Any
) -> tuple[Tensor | None, ...]:
    transposed = options[3]
    bias = [weight.shape[1] * options[5] if transposed else weight.shape[0]]
    results = _aten.convolution_backward.default(_raw(grad), _raw(x), _raw(weight), bias, *options)
    return tuple(None if result is None else _wrapped(result) for result in results)


def _known(op: Any) -> _Operator:
    if op not in _operators:
        _operators[op] = _Operator.of(op)
    return _operators[op]


_aten = torch.ops.aten
_SPECIAL: dict[Any, Callable[..., Any]] = {
    _aten._copy_from.default: _copy_from,
    _aten._copy_from_and_resize.default: _copy_from_and_resize,
    _aten.copy_.default: _copy,
    _aten._local_scalar_dense.default: _item,
    **{
        op: _set(op)
        for op in (
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


# what the fallback cannot reach


class _Generators(type(torch._C.Generator)):  # type: ignore[misc]
    def __instancecheck__(cls, instance: object) -> bool:
        return isinstance(instance, torch._C.Generator)


class _Generator(torch._C.Generator, metaclass=_Generators):
    """`torch.Generator`, for `sim` as well: there it is one of the CPU's that says otherwise."""

    on_sim = False

    def __new__(cls, device: Any = "cpu") -> _Generator:
        here = torch.device(device).type == NAME
        made: _Generator = super().__new__(cls, "cpu" if here else device)
        made.on_sim = here
        if here:
            _generators[made._cdata] = made
        return made

    @property
    def device(self) -> torch.device:
        plain: torch.device = torch._C.Generator.device.__get__(self)  # type: ignore[attr-defined]
        return torch.device(NAME, 0) if self.on_sim else plain


def _patch() -> None:
    """Teaches torch's Python side: generators, copies of storages, and parameters that move to the device."""
    torch.Generator = _Generator  # type: ignore[misc, assignment]

    clone = torch.UntypedStorage.clone

    def cloned(storage: torch.UntypedStorage) -> torch.UntypedStorage:
        if storage.device.type != NAME:
            return clone(storage)
        memory = getattr(storage, _MEMORY, None)
        return _storage_over(memory.clone() if memory is not None else torch.UntypedStorage(0))

    def moved(storage: torch.UntypedStorage, *_: Any, **__: Any) -> torch.UntypedStorage:
        return cloned(storage) if storage.device.type == NAME else _storage_over(storage.clone())

    torch.UntypedStorage.clone = cloned  # type: ignore[method-assign]
    setattr(torch.UntypedStorage, NAME, moved)

    # a parameter stays the same object when its module moves, as it does between the CPU and CUDA
    apply = torch.nn.Module._apply

    def applied(module: torch.nn.Module, fn: Any, recurse: bool = True) -> torch.nn.Module:
        before = dict(module._parameters)
        apply(module, fn, recurse)
        for name, old in before.items():
            new = module._parameters.get(name)
            if old is not None and new is not None and new is not old and _crosses(old, new):
                with suppress(RuntimeError):  # its graph is in use
                    torch._C._swap_tensor_impl(old, new)
                    module._parameters[name] = old
        return module

    torch.nn.Module._apply = applied  # type: ignore[method-assign]

    data = Tensor.data

    def set_data(tensor: Tensor, value: Tensor) -> None:
        if not (isinstance(value, Tensor) and _crosses(tensor, value)):
            data.__set__(tensor, value)  # type: ignore[attr-defined]
            return
        other = value.detach().requires_grad_(tensor.requires_grad)
        grad, tensor.grad = tensor.grad, None
        torch._C._swap_tensor_impl(tensor, other)
        tensor.grad = None if grad is None else grad.to(value.device)

    Tensor.data = property(data.__get__, set_data)  # type: ignore[attr-defined]


def _crosses(one: Tensor, other: Tensor) -> bool:
    return {one.device.type, other.device.type} == {"cpu", NAME}
