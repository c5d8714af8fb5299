"""The rule of one device, as CUDA keeps it: operands on several are refused, with its words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from torch import Tensor

from .compound import lowered
from .memory import NAME, on_sim
from .plans import Operator, is_direct
from .torch_private import schema_of


def expect_one_device(op: Any, known: Operator, given: dict[str, Any]) -> None:
    """Raises `RuntimeError` where the operands that are `given` by name are not where CUDA would have them."""
    operands = [(name, tensor) for name, value in given.items() for tensor in tensors_in(value)]
    devices = {tensor.device for _, tensor in operands}
    if len(devices) < 2 and all(device.type == NAME for device in devices):
        return
    if known.elementwise:
        # CUDA's iterator goes by the first tensor that is on no CPU, of the results first
        operands.sort(key=lambda operand: operand[0] not in known.changed)
        common = next((tensor.device for _, tensor in operands if on_sim(tensor)), None)
        # a 0-dim tensor of the CPU counts as a number, unless it is written to; the iterator takes one
        numbers = 1 if is_direct(op) else len(operands)
        for name, tensor in operands:
            if tensor.device == common:
                continue
            numbers -= 1
            number = tensor.dim() == 0 and name not in known.changed
            if not (number and numbers >= 0 and tensor.device.type == "cpu"):
                if is_direct(op):  # CUDA looks at the shapes first, with the CPU's words
                    op(**{name: _copied(value) for name, value in given.items()})
                raise RuntimeError(
                    "Expected all tensors to be on the same device, but found at least two devices, "
                    f"{common or NAME + ':0'} and {tensor.device}!"
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


def _copied(value: Any) -> Any:
    return lowered(value, {}).detach().clone() if isinstance(value, Tensor) else value


_OUT = ("out", "output", "values", "grad_input")


def _method(op: Any) -> str:
    """How torch names CUDA's kernel of an operator in its messages."""
    schema = schema_of(op)
    name, overload = schema.name.removeprefix("aten::"), schema.overload_name
    if is_direct(op):  # CUDA names it by the operator, in place or not
        return "_".join(filter(None, ["wrapper_CUDA", name.removesuffix("_"), overload]))
    if overload in _OUT or overload.endswith("_out"):
        # where torch comes here through `out=`, CUDA has one kernel for all forms of the operator
        form = "" if overload in _OUT else overload.removesuffix("_out")
        return "_".join(filter(None, ["wrapper_CUDA", name, form]))
    return f"wrapper_CUDA_{overload}_{name}"


def tensors_in(value: Any) -> Sequence[Tensor]:
    """The tensors that an operand is, or is a list of."""
    if isinstance(value, Tensor):
        return (value,)
    if isinstance(value, list | tuple):
        return [entry for entry in value if isinstance(entry, Tensor)]
    return ()
