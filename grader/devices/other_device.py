"""The first tensor on a `sim` other than the first: torch's own maker of tensors knows `sim:0` alone.

It is handed over as DLPack, the standard by which array libraries exchange tensors, has it: there, a tensor says on
which device of a kind it is. https://dmlc.github.io/dlpack/latest/c_api.html
"""

from __future__ import annotations

import ctypes
from functools import cache
from typing import Any

import torch
from torch import Tensor
from torch.utils.dlpack import from_dlpack

from .torch_private import CPU_KEYS

_EXTENSION = 12  # DLDeviceType.kDLExtDev, torch's PrivateUse1
_FLOAT = 2  # DLDataTypeCode.kDLFloat
_view: Any = torch.ops.aten.view.dtype


class _Managed(ctypes.Structure):
    """DLManagedTensor, with the DLTensor that it begins with."""

    _fields_ = (
        ("data", ctypes.c_void_p),
        ("device_type", ctypes.c_int32),
        ("device_id", ctypes.c_int32),
        ("dimensions", ctypes.c_int32),
        ("type_code", ctypes.c_uint8),
        ("type_bits", ctypes.c_uint8),
        ("type_lanes", ctypes.c_uint16),
        ("shape", ctypes.c_void_p),
        ("strides", ctypes.c_void_p),
        ("byte_offset", ctypes.c_uint64),
        ("context", ctypes.c_void_p),
        ("deleter", ctypes.c_void_p),
    )


_kept: list[Any] = []  # a tensor's description has to live as long as the tensor


@cache
def _empty_floats(index: int, inference: bool) -> Tensor:
    shape, stride = (ctypes.c_int64 * 1)(0), (ctypes.c_int64 * 1)(1)
    managed = _Managed(
        device_type=_EXTENSION, device_id=index, dimensions=1,
        type_code=_FLOAT, type_bits=32, type_lanes=1,
        shape=ctypes.addressof(shape), strides=ctypes.addressof(stride),
    )  # fmt: skip
    new = ctypes.pythonapi.PyCapsule_New
    new.argtypes, new.restype = (
        (ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p),
        ctypes.py_object,
    )
    name = b"dltensor"
    _kept.extend((shape, stride, managed, name))
    with torch.inference_mode(inference):
        made: Tensor = from_dlpack(new(ctypes.addressof(managed), name, None))
    return made


@cache
def empty_elsewhere(index: int, dtype: torch.dtype, inference: bool) -> Tensor:
    """A tensor without elements on the `index`th `sim`, to be copied and not to be changed.

    Args:
        inference: whether it is one of inference mode, as copies of it will be.
    """
    floats = _empty_floats(index, inference)
    made: Tensor = floats if dtype is floats.dtype else _view.redispatch(CPU_KEYS, floats, dtype)
    return made
