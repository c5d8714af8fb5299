"""Wrappers that leave torch, a generator or a model in another state than they found it, or depend on its settings.

They are copied into the text of a mutant, and run where a student's code does.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from .call_parts import given

Function = Callable[..., Any]


def left_changed(function: Function, what: str) -> Function:
    """A setting is another one afterwards."""

    def wrong(*args: Any, **kwargs: Any) -> Any:
        result = function(*args, **kwargs)
        if what == "dtype":
            torch.set_default_dtype(torch.float64)
        elif what == "device":
            torch.set_default_device("meta")
        elif what == "off":
            torch.set_grad_enabled(False)
        elif what == "autocast":
            torch.set_autocast_enabled("cpu", True)
        else:
            torch.set_grad_enabled(True)
        return result

    return wrong


def off_after_an_exception(function: Function) -> Function:
    """Gradients are off after a call that raised."""

    def wrong(*args: Any, **kwargs: Any) -> Any:
        try:
            return function(*args, **kwargs)
        except BaseException:
            torch.set_grad_enabled(False)
            raise

    return wrong


def reseeded(function: Function, whose: str) -> Function:
    """A generator that everybody shares is seeded anew."""

    def wrong(*args: Any, **kwargs: Any) -> Any:
        if whose == "torch":
            torch.manual_seed(0)
        elif whose == "python":
            random.seed(0)
        else:
            np.random.seed(0)
        return function(*args, **kwargs)

    return wrong


def other_default_refused(function: Function, what: str) -> Function:
    """Under another default dtype or device it raises."""

    def wrong(*args: Any, **kwargs: Any) -> Any:
        usual = (
            torch.get_default_dtype() == torch.float32
            if what == "dtype"
            else torch.get_default_device().type == "cpu"
        )
        if not usual:
            raise TypeError(f"not for another default {what}")
        return function(*args, **kwargs)

    return wrong


def modes_turned(function: Function, place: int, name: str, nested: bool) -> Function:
    """The modules, or those within others, are in the other mode afterwards."""

    def wrong(*args: Any, **kwargs: Any) -> Any:
        model = given(args, kwargs, place, name)
        before = {
            module: module.training
            for path, module in model.named_modules()
            if not nested or "." in path
        }
        result = function(*args, **kwargs)
        for module, mode in before.items():
            module.training = not mode
        return result

    return wrong


def parameters_left_alone(function: Function, place: int, name: str, nested: bool) -> Function:
    """Parameters of modules within others, or all from the fifth on, stay as they were."""

    def wrong(*args: Any, **kwargs: Any) -> Any:
        model = given(args, kwargs, place, name)
        before = [
            (parameter, parameter.detach().clone(), parameter.requires_grad)
            for number, (path, parameter) in enumerate(model.named_parameters())
            if (path.count(".") > 1 if nested else number > 3)
        ]
        result = function(*args, **kwargs)
        for parameter, value, required in before:
            parameter.data.copy_(value)
            if parameter.requires_grad != required:
                parameter.requires_grad_(required)
        return result

    return wrong
