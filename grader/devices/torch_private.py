"""The names of torch's own that the simulated accelerator is made of, all of them here.

Torch does not promise to keep them. They were tried with torch 2.11.0 and 2.13.0. Where one has gone, this module can
be imported all the same: `why_not` says so, and `sim` is told as absent.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Callable
from functools import partial
from typing import Any

import torch

_TRIED = "2.11.0 and 2.13.0"
_MISSING: list[str] = []


def _found(name: str) -> Any:
    """What `module:attribute` names; without it nothing here is to be used."""
    try:
        return pkgutil.resolve_name(name)
    except (ImportError, AttributeError):
        _MISSING.append(name.replace(":", "."))
        return None


def why_not() -> str:
    """Which names this torch lacks, as a sentence without its full stop; empty where all of them are there."""
    if not _MISSING:
        return ""
    names = ", ".join(_MISSING)
    return (
        f"torch {torch.__version__} has no {names}, which `sim` is made of (tried: torch {_TRIED})"
    )


set_up_backend = _found("torch.utils.backend_registration:_setup_privateuseone_for_python_backend")
empty_tensor = _found("torch._C._acc:create_empty_tensor")
storage_at = _found("torch._C:_construct_storage_from_data_pointer")
swap_tensors = _found("torch._C:_swap_tensor_impl")
takes_numbers = _found("torch._C:_should_allow_numbers_as_tensors")
apply_to_module = _found("torch.nn:Module._apply")  # which `frontend` replaces
_CPU = _found("torch._C:DispatchKey.CPU")
_SPARSE = _found("torch._C:DispatchKey.SparseCPU")
_NESTED = _found("torch._C:DispatchKey.NestedTensorCPU")
_key_set = _found("torch._C:DispatchKeySet")
CPU_KEYS, SPARSE_KEYS, NESTED_KEYS = (
    None if _MISSING else _key_set(key) for key in (_CPU, _SPARSE, _NESTED)
)

for _name in ("_op_dk", "_schema", "_overloadname"):
    _found(f"torch:ops.aten.add.Tensor.{_name}")
for _name in ("Generator", "UntypedStorage"):
    _found(f"torch:{_name}._cdata")
# what `torch.accelerator` asks for the current device, and tells that another is to be
ACCELERATOR = {
    name: _found(f"torch._C:_accelerator_{name}")
    for name in ("getDeviceIndex", "setDeviceIndex", "exchangeDevice", "maybeExchangeDevice")
}


def answer_for_accelerator(name: str, function: Callable[..., Any]) -> None:
    """Has `torch.accelerator` call `function` for one of `ACCELERATOR`."""
    setattr(torch._C, f"_accelerator_{name}", function)


def cpu_kernel(op: Any) -> Callable[..., Any]:
    """The CPU's kernel of an operator, past what is set for the CPU alone, as autocast is."""
    return partial(op._op_dk, _CPU)


def schema_of(op: Any) -> Any:
    """An operator's arguments and results, each with its type and whether it is written to."""
    return op._schema


def overload_of(op: Any) -> str:
    """The part of an operator's name after the dot: `Tensor` for `add.Tensor`."""
    name: str = op._overloadname
    return name


def address_of(thing: Any) -> int:
    """Where a storage or a generator lies in memory: it tells one from another."""
    address: int = thing._cdata
    return address
