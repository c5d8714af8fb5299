"""Wrappers of constructors whose parameters are not drawn as they should be, although their mean and spread are right.

They are copied into the text of a mutant, and run where a student's code does.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

Function = Callable[..., Any]


def drawn_otherwise(function: Function, how: str) -> Function:
    """Parameters have numbers of another distribution, or numbers that depend on each other."""

    def three_uniforms(value: Any) -> Any:
        return torch.rand(3, *value.shape).mul(2).sub(1).sum(0)

    def halves(value: Any) -> Any:
        flat = value.flatten()
        flat[len(flat) // 2 + len(flat) % 2 :] = -flat[: len(flat) // 2]
        return flat.reshape(value.shape)

    def wrong(self: Any, *args: Any, **kwargs: Any) -> None:
        function(self, *args, **kwargs)
        named = dict(self.named_parameters())
        wide = [value for value in named.values() if value.ndim > 1]
        with torch.no_grad():
            for value in named.values():
                if how == "uniforms":
                    value.copy_(three_uniforms(value))
                elif how == "mirrored":
                    value.copy_(halves(value.clone()))
                elif how == "rows alike" and value.ndim > 1:
                    value.copy_(value[:1].clone().expand_as(value))
                elif how == "bias of weights" and value.ndim == 1 and wide:
                    value.copy_(-wide[0][-1].flip(0))

    return wrong
