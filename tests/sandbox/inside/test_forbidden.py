"""What a dotted name forbids: where Python's functions stand, and which operators of torch."""

from __future__ import annotations

import pkgutil
from types import ModuleType

import pytest
import torch
from torch import nn

from grader import load_course
from grader.sandbox.inside.call_trace import place
from grader.sandbox.inside.forbidden import class_place, forbidden, forbids, inherited

NAMES = sorted(
    {
        name
        for exercise in load_course().exercises
        for name in exercise.forbidden.get("from scratch", {}).get("names", ())
    }
)


@pytest.mark.parametrize("name", NAMES)
def test_each_name_of_the_course_stands_for_something(name: str) -> None:
    thing = pkgutil.resolve_name(name)
    rule = forbidden([name])
    known = {
        each
        for each in rule.operators | rule.direct
        if hasattr(torch.ops.aten, each.removeprefix("aten::"))
    }
    assert rule.operators <= known
    if isinstance(thing, type):
        assert forbids(rule, f"{class_place(thing)}.forward")
    elif code := getattr(thing, "__code__", None):
        assert forbids(forbidden(NAMES), place(code))  # another name may be for where it stands
    elif isinstance(thing, ModuleType):
        assert forbids(rule, f"{name}.anything")
    else:  # no code of Python leads to it
        assert known


def test_a_layer_counts_where_it_computes() -> None:
    rule = forbidden(["torch.nn.Linear"])
    assert forbids(rule, "torch.nn.modules.linear.Linear.forward")
    for name in ("__init__", "reset_parameters", "extra_repr"):
        assert not forbids(rule, f"torch.nn.modules.linear.Linear.{name}")
    assert not forbids(rule, "torch.nn.modules.linear.Bilinear.forward")
    assert not forbids(rule, "torch.nn.modules.linear.LinearOther.forward")


def test_a_module_forbids_what_is_in_it_but_for_what_another_name_allows() -> None:
    rule = forbidden(["torch.nn.modules.linear", "torch.nn.Linear"])
    assert forbids(rule, "torch.nn.modules.linear.NonDynamicallyQuantizableLinear.forward")
    assert forbids(rule, "torch.nn.modules.linear.Linear.forward")
    assert not forbids(rule, "torch.nn.modules.linear.Identity.forward")
    assert not forbids(rule, "torch.nn.modules.conv.Conv1d.forward")


def test_a_package_forbids_all_of_its_functions() -> None:
    rule = forbidden(["torch.optim"])
    for name in ("sgd.SGD.step", "optimizer.Optimizer.__init__", "_functional.adam", "sgd.sgd"):
        assert forbids(rule, f"torch.optim.{name}")
    assert not forbids(rule, "torch.optimizers.SGD.step")
    assert "aten::_fused_adam_" in rule.operators


def test_a_function_forbids_torchs_own_copies_of_it() -> None:
    rule = forbidden(["torch.nn.functional.mse_loss"])
    assert rule.operators == {"aten::mse_loss"}
    assert forbids(rule, "torch._refs.nn.functional.mse_loss")
    assert forbids(rule, "torch._decomp.decompositions.mse_loss")
    assert not forbids(rule, "torch._refs.nn.functional.l1_loss")
    assert not forbids(rule, "torch.nn.functional.l1_loss")


def test_a_name_that_is_not_known_here_is_the_operators_own() -> None:
    rule = forbidden(["torch.sum"])
    assert not rule.operators
    assert rule.direct == {"aten::sum"}


def test_a_class_that_inherits() -> None:
    class Own(nn.Linear): ...

    class Other(nn.Module): ...

    rule = forbidden(["torch.nn.Linear", "torch.nn.modules.linear"])
    assert inherited(rule, Own) == "torch.nn.modules.linear.Linear"
    assert inherited(rule, type("Two", (Other, Own), {})) == "torch.nn.modules.linear.Linear"
    assert inherited(rule, Other) == ""
    assert inherited(rule, nn.Linear) == ""  # itself, and no class of a student's
    assert inherited(rule, type("Same", (nn.Identity,), {})) == ""
    optimizer = type("Mine", (torch.optim.SGD,), {})
    assert inherited(forbidden(["torch.optim"]), optimizer) == "torch.optim.sgd.SGD"


def test_a_class_whose_name_is_no_text_has_no_place() -> None:
    assert class_place(type("Odd", (), {"__module__": 7})) == ""
