"""What a rule "from scratch" forbids: a dotted name as places of Python functions and as operators of torch.

    torch.nn.MSELoss ─▶ torch.nn.modules.loss.MSELoss.forward, the operator aten::mse_loss
    torch.optim      ─▶ every function in it, the operators aten::_fused_sgd_, …

Whatever leads there (another name, a subclass, a pickle) ends at one of these. A layer of torch's counts where its
`forward` runs, so one may be made to copy its weights. An operator counts only if nothing that is allowed leads to it:
`x @ w + b` runs no `aten::linear`.

All of it is text, put together before there was code of a student's.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator, Sequence
from types import FunctionType
from typing import Any, NamedTuple

from torch import nn

from .call_trace import place

# packages whose names stand for what is defined elsewhere
_PACKAGES = ("torch", "torch.nn", "torch.nn.modules", "torch.nn.functional", "torch.optim")
# functions of Python that do what the operator of their name does
_BESIDE = ("torch._refs.", "torch._decomp.")
# operators that nothing leads to but these names: tried with torch 2.11.0 and 2.13.0
_LAYERS = {
    "Linear": "linear",
    "LazyLinear": "linear",
    "Bilinear": "bilinear",
    "Conv1d": "conv1d",
    "Conv2d": "conv2d",
    "Conv3d": "conv3d",
}
_LOSSES = {
    "MSELoss": "mse_loss",
    "BCELoss": "binary_cross_entropy",
    "BCEWithLogitsLoss": "binary_cross_entropy_with_logits",
    "CrossEntropyLoss": "cross_entropy_loss",
    "L1Loss": "l1_loss",
    "HuberLoss": "huber_loss",
    "SmoothL1Loss": "smooth_l1_loss",
}
_FUNCTIONS = {each: each for each in (_LAYERS | _LOSSES).values()} | {
    "cross_entropy": "cross_entropy_loss",
    "convolution": "convolution",  # which every other one leads to
}
_OPTIMIZERS = {
    "SGD": "_fused_sgd_",
    "Adam": "_fused_adam_",
    "AdamW": "_fused_adamw_",
    "Adagrad": "_fused_adagrad_",
}
_FAMILIES: tuple[tuple[str, dict[str, str]], ...] = (
    ("torch", _FUNCTIONS),
    ("torch.nn", _LAYERS | _LOSSES),
    ("torch.nn.functional", _FUNCTIONS),
    ("torch.nn.modules", _LAYERS | _LOSSES),
    ("torch.nn.modules.conv", _LAYERS),
    ("torch.nn.modules.linear", {name: _LAYERS[name] for name in ("Linear", "Bilinear")}),
    ("torch.nn.modules.loss", _LOSSES),
    ("torch.optim", _OPTIMIZERS),
)
_OPERATORS = {
    f"{package}.{name}": f"aten::{operator}"
    for package, names in _FAMILIES
    for name, operator in names.items()
}


class Forbidden(NamedTuple):
    """What dotted names forbid.

    Attributes:
        names: those names, and the places of what they stand for.
        below: how the places in them begin.
        operators: operators that count wherever they run.
        direct: operators that count where no other operator has run them: what is allowed may lead to them.
        free: places of classes in a forbidden module that have another name, which is allowed.
    """

    names: frozenset[str]
    below: tuple[str, ...]
    operators: frozenset[str]
    direct: frozenset[str]
    free: frozenset[str]


def _public() -> Iterator[tuple[str, str]]:
    """Each public name of torch's for what is defined elsewhere, with its place."""
    for package in _PACKAGES:
        for name, value in list(vars(sys.modules[package]).items()):
            if isinstance(value, type):
                yield f"{package}.{name}", class_place(value)
            elif isinstance(value, FunctionType):
                yield f"{package}.{name}", place(inspect.unwrap(value).__code__)


def class_place(kind: type) -> str:
    """Module and qualified name of a class; empty where they are no plain text."""
    module, name = _module_of(kind), _name_of(kind)
    return f"{module}.{name}" if type(module) is type(name) is str else ""


def _modules_of_torch() -> Iterator[str]:
    waiting: list[type] = [nn.Module]
    while waiting:
        kind = waiting.pop()
        yield class_place(kind)
        waiting += kind.__subclasses__()


_of_type: Any = type.__dict__
_module_of, _name_of = _of_type["__module__"].__get__, _of_type["__qualname__"].__get__
_line_of = _of_type["__mro__"].__get__
_PLACES = {name: where for name, where in _public() if where}
_LAYER_PLACES = frozenset(_modules_of_torch())


def forbidden(names: Sequence[str]) -> Forbidden:
    """What `names` forbid, each the dotted name of a function, a class, a module or a package."""
    below = tuple(f"{name}." for name in names)
    stands_for = [_PLACES[name] for name in names if name in _PLACES]
    own = {
        operator for name, operator in _OPERATORS.items() if name in names or name.startswith(below)
    }
    direct = {f"aten::{name.rpartition('.')[2]}" for name in names if name not in _OPERATORS}
    free = {
        where
        for name, where in _PLACES.items()
        if where.startswith(below) and not name.startswith(below) and name not in names
    }
    return Forbidden(
        frozenset([*names, *stands_for]),
        (*below, *(f"{where}." for where in stands_for)),
        frozenset(own),
        frozenset(direct - own),
        frozenset(free.difference(stands_for)),
    )


def forbids(rule: Forbidden, where: str) -> bool:
    """Whether a function counts that stands at a place."""
    if where in rule.names or where.startswith(rule.below):
        owner, _, name = where.rpartition(".")
        return owner not in rule.free and (owner not in _LAYER_PLACES or name == "forward")
    return where.startswith(_BESIDE) and f"aten::{where.rpartition('.')[2]}" in rule.operators


def inherited(rule: Forbidden, kind: type) -> str:
    """The place of a forbidden class that a class inherits from; empty without one."""
    for where in map(class_place, _line_of(kind)[1:]):
        if (where in rule.names or where.startswith(rule.below)) and where not in rule.free:
            return where
    return ""
