"""What is known of each operator before it runs."""

from __future__ import annotations

import torch

from grader.devices.plans import direct_operators


def test_an_operator_with_its_own_kernel_would_else_run_as_two() -> None:
    """Torch then has a kernel for every backend, made of `empty` and `out=`, and `sim` takes nothing else over."""
    has_kernel = torch._C._dispatch_has_kernel_for_dispatch_key
    operators = direct_operators()
    assert len(operators) > 150
    for op in operators:
        assert has_kernel(op.name(), "CompositeExplicitAutogradNonFunctional"), op
