"""Where torch lacks a name that `sim` is made of, `sim` is absent, and it is said why."""

from __future__ import annotations

import importlib.util
from types import ModuleType

import pytest
import torch
import torch.utils.backend_registration

from grader import devices
from grader.devices import torch_private

NAMES = {
    "torch.utils.backend_registration._setup_privateuseone_for_python_backend": (
        torch.utils.backend_registration
    ),
    "torch._C._construct_storage_from_data_pointer": torch._C,
    "torch._C._swap_tensor_impl": torch._C,
    "torch._C._should_allow_numbers_as_tensors": torch._C,
    "torch._C.DispatchKeySet": torch._C,
    "torch._C.DispatchKey.CPU": torch._C.DispatchKey,
    "torch.nn.Module._apply": torch.nn.Module,
    "torch.ops.aten.add.Tensor._op_dk": torch.ops.aten.add.Tensor,
    "torch.ops.aten.add.Tensor._schema": torch.ops.aten.add.Tensor,
}


def read_anew() -> ModuleType:
    """A second copy of the module, as another torch would have it."""
    spec = importlib.util.spec_from_file_location("torch_private_anew", torch_private.__file__)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_here_they_are_there() -> None:
    assert torch_private.why_not() == ""


@pytest.mark.parametrize("name", NAMES)
def test_the_name_that_has_gone_is_told(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.delattr(NAMES[name], name.rsplit(".", 1)[1])
    assert read_anew().why_not() == (
        f"torch {torch.__version__} has no {name}, which `sim` is made of (tried: torch 2.11.0 and 2.13.0)"
    )


def test_nothing_is_set_up_without_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch_private, "_MISSING", ["torch._C.one", "torch._C.two"])
    told = devices.set_up()
    assert "has no torch._C.one, torch._C.two, which `sim` is made of" in told
    with pytest.raises(RuntimeError):
        torch.ones(1, device="sim")


def test_operators_are_known_by_what_is_wrapped() -> None:
    op = torch.ops.aten.add.Tensor
    assert torch_private.schema_of(op).name == "aten::add"
    assert torch_private.overload_of(op) == "Tensor"
    one, other = torch.ones(2).untyped_storage(), torch.ones(2).untyped_storage()
    assert torch_private.address_of(one) != torch_private.address_of(other)
    assert torch_private.cpu_kernel(op)(torch.ones(1), torch.ones(1)).item() == 2
