"""Random numbers on `sim`: a generator for each of the two, and `torch.Generator` for them."""

from __future__ import annotations

from typing import Any

import torch

from .memory import COUNT, NAME, index_of
from .torch_private import address_of

SEEDS = [torch.Generator().manual_seed(0) for _ in range(COUNT)]  # the devices' own
generators: dict[int, torch.Generator] = {}  # those of `sim`, by address

_Base: Any = torch.Generator  # torch's own, whose place `frontend.patch` gives to the one below


class _Generators(type(torch.Generator)):  # type: ignore[misc]
    def __instancecheck__(cls, instance: object) -> bool:
        return isinstance(instance, _Base)


class Generator(_Base, metaclass=_Generators):  # type: ignore[misc]
    """`torch.Generator`, for `sim` as well: there it is one of the CPU's that says otherwise."""

    on_sim: int | None = None  # which of the two, if it is for one of them

    def __new__(cls, device: Any = "cpu") -> Generator:
        here = torch.device(device).type == NAME
        made: Generator = super().__new__(cls, "cpu" if here else device)
        if here:
            made.on_sim = index_of(device)
            generators[address_of(made)] = made
        return made

    @property
    def device(self) -> torch.device:
        plain: torch.device = _Base.device.__get__(self)
        return plain if self.on_sim is None else torch.device(NAME, self.on_sim)
