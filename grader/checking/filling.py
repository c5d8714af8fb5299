"""Helpers by which probes put numbers into what a student made, in whatever shape that is kept.

A layer that stores its weights (out, in) where (in, out) is asked loses what the shape is worth; whether its `forward`
is right is another question. So numbers go in in the student's own shape (`fill`), and what comes out is turned back
into the asked one (`as_asked`). What cannot be filled is not judged (`NotJudged`), and the check of shapes says why.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from .probes import helper


@helper
class NotJudged(Exception):
    """Ends a probe that cannot be run on what the student made; the sentences are in `failures.NOT_JUDGED`.

    Args:
        why: the key of the sentence: "no attribute", "unregistered", "frozen" or "shape".
        name: the attribute that it is about.
        shapes: for "shape": that of the attribute, and that of the numbers.
    """

    def __init__(self, why: str, name: str, *shapes: object) -> None:
        super().__init__("|".join(map(str, (why, name, *shapes))))


@helper
def as_asked(kept: Any, like: Tensor) -> Any:
    """A student's tensor in the shape of `like`: transposed, or with more or fewer dimensions of size 1.

    Whatever has that shape, or has another one in another way, is given back as it is.
    """
    if not isinstance(kept, Tensor) or kept.shape == like.shape:
        return kept
    if kept.dim() == 2 == like.dim() and kept.shape == like.shape[::-1]:
        return kept.T
    if [n for n in kept.shape if n != 1] == [n for n in like.shape if n != 1]:
        return kept.reshape(like.shape)
    return kept


@helper
def held_by(owner: Any, name: str) -> Any:
    """The attribute of this name.

    Raises:
        NotJudged: if there is none.
    """
    if not hasattr(owner, name):
        raise NotJudged("no attribute", name)
    return getattr(owner, name)


@helper
def fill(owner: Any, registered: bool = False, **values: Tensor) -> None:
    """Gives attributes these numbers, each in the shape in which the student keeps it.

    Args:
        owner: a model, whether it registered its parameters or not.
        registered: whether every attribute has to be an `nn.Parameter`.
        values: for each attribute its numbers, in the shape that is asked.

    Raises:
        NotJudged: if an attribute is missing, is not registered, or has a shape that is no other view of the asked one.
    """
    for name, value in values.items():
        kept = held_by(owner, name)
        is_parameter = isinstance(kept, nn.Parameter)
        if registered and not is_parameter:
            raise NotJudged("unregistered", name)
        own = as_asked(value, kept) if isinstance(kept, Tensor) else value
        if isinstance(kept, Tensor) and own.shape != kept.shape:
            raise NotJudged("shape", name, tuple(kept.shape), tuple(value.shape))
        if is_parameter:
            with torch.no_grad():
                kept.copy_(own)
        elif not filled_within(kept, own):
            try:
                setattr(owner, name, own.clone())
            except AttributeError:  # a property that is there to be read
                kept.copy_(own)


@helper
def filled_within(kept: Any, own: Tensor, *others: Any) -> bool:
    """Puts numbers into a part of another tensor, such as weights and bias that lie in one vector.

    Who calculates with the whole would not see that a part was exchanged.

    Args:
        others: What keeps its own numbers: a part that lies where one of them does is no place for these.

    Returns:
        Whether that went: not if it is no such part, has another shape, dtype or device, or cannot be written to.
    """
    if not isinstance(kept, Tensor) or not kept._is_view():
        return False
    if any(isinstance(other, Tensor) and other.data_ptr() == kept.data_ptr() for other in others):
        return False
    if (kept.shape, kept.dtype, kept.device) != (own.shape, own.dtype, own.device):
        return False
    try:
        with torch.no_grad():
            kept.copy_(own)
    except RuntimeError:  # its elements are one, or it was made in inference mode
        return False
    return True


@helper
def moved(model: Any, like: Tensor) -> Any:
    """The model on the device and in the dtype of `like`, if it is one that can be moved."""
    return model.to(like) if isinstance(model, nn.Module) else model


@helper
def applied(model: Any, x: Tensor) -> Any:
    """What the model makes of `x`: a class that is no `nn.Module` has a `forward` alone."""
    return model(x) if callable(model) else model.forward(x)
