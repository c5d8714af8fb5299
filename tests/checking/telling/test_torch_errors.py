"""Exceptions as torch and Python word them today, and what they say of a student's code."""

from __future__ import annotations

import copy
import io
import math
import warnings
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from grader.checking.telling.torch_errors import (
    gradient_complaint,
    meaning_of,
    meaning_of_warning,
    meaning_on,
    takes_no_half,
)

ROWS = torch.ones(2, 3)
NOT_CALLED: Any = ROWS.mean
DOUBLE = torch.ones(3, 2, dtype=torch.float64)
NONE: Any = None
CALLED: Any = ROWS
NUMBER: Any = 2


def leaf() -> Tensor:
    return torch.ones(3, requires_grad=True)


def changed_leaf() -> None:
    x = leaf()
    x += 1


def changed_view_of_a_leaf() -> None:
    leaf()[:2].mul_(2)


def changed_what_is_needed() -> None:
    y = leaf().exp()
    y += 1
    y.sum().backward()


def changed_expanded() -> None:
    ROWS[:1].expand(4, 3).add_(1)


def backward_twice() -> None:
    loss = (leaf() ** 2).sum()
    loss.backward()
    loss.backward()


def saved_and_loaded(value: Any, **how: Any) -> Any:
    file = io.BytesIO()
    torch.save(value, file)
    file.seek(0)
    return torch.load(file, weights_only=True, **how)


class NoSuper(nn.Module):
    """Forgets what comes first."""

    def __init__(self) -> None:
        self.weight = nn.Parameter(ROWS)


class NoSuperPlain(nn.Module):
    """Forgets it, and keeps a plain tensor."""

    def __init__(self) -> None:
        self.weight = ROWS


class KeepsANumber(torch.autograd.Function):
    """Keeps what is no tensor where tensors are kept."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        ctx.save_for_backward(x, 2.0)
        return x * 2


def message_of(raises: Callable[[], Any]) -> str:
    with pytest.raises(Exception, match=r".") as caught:
        raises()
    return str(caught.value)


@pytest.mark.parametrize(
    ("raises", "name"),
    [
        (lambda: ROWS.T.view(6), "raised-view"),
        (lambda: ROWS.sum().backward(), "raised-graph-cut"),
        (changed_leaf, "raised-in-place"),
        (changed_view_of_a_leaf, "raised-in-place"),
        (changed_what_is_needed, "raised-in-place"),
        (changed_expanded, "in-place"),
        (backward_twice, "raised-second-backward"),
        (lambda: ROWS @ ROWS, "raised-shapes"),
        (lambda: ROWS + torch.ones(4), "raised-shapes"),
        (lambda: ROWS.expand(4, 3), "raised-shapes"),
        (lambda: ROWS.reshape(5, 7), "raised-shapes"),
        (lambda: torch.ones(2, 3, 4) @ torch.ones(2, 5, 4), "raised-shapes"),
        (lambda: ROWS @ torch.ones(4), "raised-shapes"),
        (lambda: torch.ones(2).add_(DOUBLE), "raised-shapes"),
        (
            lambda: nn.Linear(3, 2).load_state_dict(nn.Linear(4, 2).state_dict()),
            "raised-shapes",
        ),
        (lambda: ROWS @ DOUBLE, "raised-dtype"),
        (lambda: nn.Linear(2, 2)(DOUBLE), "raised-dtype"),
        (lambda: torch.mv(ROWS, DOUBLE[:, 0]), "raised-dtype"),
        (lambda: torch.baddbmm(ROWS[:, :2][None], ROWS[None], DOUBLE[None]), "raised-dtype"),
        (lambda: torch.zeros(2, device="gpu"), "raised-device"),
        (lambda: bool(ROWS), "raised-truth"),
        (lambda: len(x for x in ROWS), "raised-length"),  # type: ignore[arg-type]
        (lambda: (1.0).backward(), "raised-number"),  # type: ignore[attr-defined]
        (lambda: ROWS + NONE, "raised-none"),
        (lambda: 0.1 * NONE, "raised-none"),
        (lambda: NONE.zero_(), "raised-none"),
        (lambda: list(NONE), "raised-none"),
        (NoSuper, "raised-super"),
        (lambda: NoSuperPlain()(ROWS), "raised-super"),
        (lambda: NoSuperPlain().to("cpu"), "raised-super"),
        (lambda: nn.Parameter(torch.tensor([1])), "raised-integers"),
        (lambda: torch.tensor([1]).requires_grad_(), "raised-integers"),
        (lambda: (ROWS == 1).mean(), "raised-mean"),
        (lambda: torch.tensor([1, 2]).mean(), "raised-mean"),
        (lambda: math.exp(ROWS), "raised-one-number"),
        (lambda: ROWS.item(), "raised-one-number"),
        (lambda: (2 * leaf()).backward(), "raised-scalar"),
        (lambda: torch.autograd.grad(leaf().sum(), leaf()), "raised-not-used"),
        (lambda: torch.autograd.grad(leaf().sum(), ROWS), "raised-graph-cut"),
        (lambda: leaf().numpy(), "raised-numpy"),
        (lambda: ROWS[torch.ones(2)], "raised-indices"),
        (lambda: NOT_CALLED + 1, "raised-not-called"),
        (lambda: ROWS ^ 2, "raised-power"),
        (lambda: nn.functional.binary_cross_entropy(ROWS, ROWS.T), "raised-shapes"),
        (lambda: torch.mm(ROWS[0], ROWS.T), "raised-dimensions"),
        (lambda: torch.mm(ROWS, ROWS[0]), "raised-dimensions"),
        (lambda: torch.dot(ROWS, ROWS), "raised-dimensions"),
        (lambda: torch.bmm(ROWS, ROWS), "raised-dimensions"),
        (lambda: torch.ones(2, 3, 4).t(), "raised-dimensions"),
        (lambda: ROWS.sum(2), "raised-dimensions"),
        (lambda: ROWS[0, 0, 0], "raised-dimensions"),
        (lambda: ROWS.sum()[0], "raised-dimensions"),
        (lambda: list(ROWS.sum()), "raised-dimensions"),
        (lambda: torch.stack([ROWS, DOUBLE]), "raised-stack"),
        (lambda: torch.cat([ROWS, DOUBLE]), "raised-stack"),
        (lambda: torch.stack([1.0, 2.0]), "raised-stack"),  # type: ignore[list-item]
        (lambda: nn.functional.nll_loss(ROWS, torch.zeros(2)), "raised-labels"),
        (lambda: nn.functional.one_hot(torch.zeros(2), 3), "raised-labels"),
        (lambda: ROWS.gather(1, torch.zeros(2, 1)), "raised-labels"),
        (lambda: torch.tensor([1, 2]).log_softmax(0), "raised-whole-numbers"),
        (lambda: torch.tensor([1, 2]).add_(0.5), "raised-whole-numbers"),
        (lambda: ROWS[5], "raised-index"),
        (lambda: [1, 2][5], "raised-index"),
        (lambda: ROWS[:, torch.tensor([7])], "raised-index"),
        (lambda: nn.functional.nll_loss(ROWS, torch.tensor([3, 0])), "raised-index"),
        (lambda: nn.functional.embedding(torch.tensor([9]), ROWS), "raised-index"),
        (lambda: nn.functional.one_hot(torch.tensor([5]), 3), "raised-index"),
        (lambda: [1, 2][torch.tensor(0.5)], "raised-indices"),
        (lambda: range(4 / 2), "raised-indices"),  # type: ignore[call-overload]
        (lambda: [1, 2][: 2 / 2], "raised-indices"),  # type: ignore[index]
        (lambda: CALLED(0), "raised-called"),
        (lambda: NUMBER(ROWS), "raised-called"),
        (lambda: setattr(nn.Linear(3, 2), "weight", ROWS), "raised-parameter"),
        (lambda: setattr(leaf() * 2, "requires_grad", False), "raised-not-leaf"),
        (lambda: torch.optim.SGD([leaf() * 2]), "raised-not-leaf"),
        (lambda: torch.optim.SGD(nn.Module().parameters()), "raised-no-parameters"),
        (lambda: copy.deepcopy(leaf() * 2), "raised-deepcopy"),
        (lambda: KeepsANumber.apply(leaf()), "raised-saved"),  # type: ignore[no-untyped-call]
        (lambda: torch.exp(NUMBER), "raised-tensor-wanted"),
        (lambda: torch.exp(ROWS.numpy()), "raised-tensor-wanted"),  # type: ignore[arg-type]
        (lambda: ROWS.numpy().backward(), "raised-tensor-wanted"),  # type: ignore[attr-defined]
        (lambda: [ROWS].dataset, "raised-loader"),  # type: ignore[attr-defined]
        (lambda: iter([ROWS]).dataset, "raised-loader"),  # type: ignore[attr-defined]
        (lambda: (row for row in ROWS).dataset, "raised-loader"),  # type: ignore[attr-defined]
        (lambda: ROWS - (ROWS > 1), "raised-booleans"),
        (lambda: (ROWS > 1) - (ROWS > 0), "raised-booleans"),
        (lambda: -(ROWS > 1), "raised-booleans"),
        (lambda: ROWS.max(dim=1) - 1, "raised-pair"),  # type: ignore[operator]
        (lambda: nn.functional.binary_cross_entropy(2 * ROWS, ROWS), "raised-probabilities"),
        (lambda: torch.set_rng_state(ROWS), "raised-generator"),
        (lambda: saved_and_loaded(ROWS, map_location="cuda:15"), "raised-map-location"),
        (lambda: saved_and_loaded(nn.ReLU()), "raised-weights-only"),
    ],
)
def test_what_torch_and_python_raise_is_known(raises: Callable[[], Any], name: str) -> None:
    message = message_of(raises)
    cause = meaning_of(message)
    assert (cause.id if cause else "") == name, message


def test_what_a_check_did_with_a_result_is_told_otherwise() -> None:
    message = message_of(lambda: ROWS.T.view(6))
    mine, other = meaning_of(message), meaning_of(message, own=False)
    assert mine
    assert other
    assert (mine.id, other.id) == ("raised-view", "raised-in-pieces")


def test_an_exception_without_a_text_is_known_by_its_class() -> None:
    cause = meaning_of("", "BdbQuit")
    assert cause
    assert cause.id == "raised-breakpoint"


@pytest.mark.parametrize(
    ("message", "name"),
    [
        ("view size is not compatible with input tensor's size and stride", "raised-view"),
        (
            "element 0 of tensors does not require grad and does not have a grad_fn",
            "raised-graph-cut",
        ),
        ("mat1 and mat2 shapes cannot be multiplied (5x3 and 4x3)", "raised-shapes"),
        # raised with a GPU alone
        (
            "Expected all tensors to be on the same device, but found at least two devices, cuda:0 and cpu!",
            "raised-device",
        ),
        ("Expected a 'sim' device type for generator but found 'cpu'", "raised-generator-device"),
        ("Boolean value of Tensor with more than one value is ambiguous", "raised-truth"),
        ("EOF when reading a line", "raised-input"),
        ("column 'a' not found in ['\\ufeffa']", "raised-byte-order-mark"),
        ("[Errno 20] Not a directory: 'data/LICENSE'", "raised-no-folder"),
        (
            "Mismatch in shape: grad_output[0] has a shape of torch.Size([2])",
            "raised-gradient-given",
        ),
        ("division by zero", ""),
        ("", ""),
    ],
)
def test_messages(message: str, name: str) -> None:
    cause = meaning_of(message)
    assert (cause.id if cause else "") == name


class Sum(torch.autograd.Function):
    """A sum whose `backward` gives what it is told to."""

    given: Any = None

    @staticmethod
    def forward(_ctx: Any, a: Tensor, b: Tensor) -> Tensor:
        return a + b

    @staticmethod
    def backward(_ctx: Any, _grad: Tensor) -> Any:
        return Sum.given


def complaint(*given: Tensor | None) -> tuple[str, list[str]]:
    """What is told of a `backward` of two inputs, of shape (3, 4)."""
    Sum.given = given
    x = torch.ones(3, 4, requires_grad=True)
    apply: Any = Sum.apply
    message = message_of(lambda: apply(x.clone(), x.clone()).sum().backward())
    told = gradient_complaint(message)
    assert told is not None, message
    return told[0], [cause.id for cause in told[1]]


def test_a_gradient_of_another_shape() -> None:
    right = torch.ones(3, 4)
    assert complaint(right, torch.ones(3)) == (
        "`backward` of Sum gives a gradient of shape (3) for argument 2 of `forward`, not counting "
        "`ctx`; that argument has shape (3, 4).",
        ["raised-gradient-shape"],
    )
    sentence, causes = complaint(right.T, right)
    assert sentence.startswith("`backward` of Sum gives a gradient of shape (4, 3) for argument 1")
    assert causes == ["transpose"]


def test_too_few_gradients() -> None:
    sentence, causes = complaint(torch.ones(3, 4))
    assert sentence == (
        "`backward` of Sum returns 1 gradients; it returns one for each of the 2 inputs of "
        "`forward`, and None for those that need none."
    )
    assert causes == []


def test_autograds_complaints_from_their_text() -> None:
    told = gradient_complaint(
        "Function FBackward returned an invalid gradient at index 2 - got [4] but expected shape "
        "compatible with [4, 1]"
    )
    assert told is not None
    assert [cause.id for cause in told[1]] == ["raised-gradient-shape"]
    told = gradient_complaint(
        "function FBackward returned an incorrect number of gradients (expected 3, got 2)"
    )
    assert told is not None
    assert told[0].startswith(
        "`backward` of F returns 2 gradients; it returns one for each of the 3"
    )
    assert gradient_complaint("something else") is None


@pytest.mark.parametrize(
    ("device", "kind", "message", "name", "part"),
    [
        ("cuda", "OutOfMemoryError", "CUDA out of memory. Tried", "raised-memory", "memory"),
        ("cuda", "AcceleratorError", "CUDA error: out of memory", "raised-memory", "memory"),
        ("cuda", "AcceleratorError", "CUDA error: an illegal memory access was", "", ""),
        ("cuda", "AcceleratorError", "CUDA error: device-side assert triggered", "raised-index", "range"),
        ("sim", "AssertionError", "Torch not compiled with CUDA enabled", "raised-device", "x.device"),
        ("cuda", "RuntimeError", "Found no NVIDIA driver on your system", "raised-device", "x.device"),
        (
            "sim",
            "RuntimeError",
            "Expected all tensors to be on the same device, but found sim:0 and cpu!",
            "raised-device",
            "The inputs are on `sim:0` (which stands for a GPU here), and",
        ),
        (
            "sim:1",
            "RuntimeError",
            "Expected all tensors to be on the same device, but found sim:1 and sim:0!",
            "raised-device",
            "The inputs are on `sim:1` (which stands for a GPU here), and",
        ),
        (
            "cuda",
            "RuntimeError",
            "Expected a 'cpu' device type for generator",
            "",
            "",
        ),
        ("cuda", "RuntimeError", "an invalid device ordinal", "", ""),
        ("cuda", "ValueError", "cuda and cpu", "", ""),
    ],
)  # fmt: skip
def test_what_goes_wrong_with_a_device(
    device: str, kind: str, message: str, name: str, part: str
) -> None:
    cause = meaning_on(device, kind, message)
    assert (cause.id if cause else "") == name
    assert part in (cause.text if cause else "")
    assert meaning_on("cpu", kind, message) is None


def test_numpy_is_on_the_cpu_alone() -> None:
    """`meta` has no numbers on the CPU either, and torch says the same of it as of a GPU."""
    message = message_of(torch.ones(2, device="meta").numpy)
    cause = meaning_on("sim", "TypeError", message)
    assert cause is not None, message
    assert ".cpu()" in cause.text


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
@pytest.mark.parametrize(
    "call",
    [
        lambda x: torch.linalg.vander(x),
        lambda x: torch.linalg.eigh(x.reshape(2, 2))[0],
        lambda x: torch.linalg.inv(x.reshape(2, 2)),
        lambda x: torch.geqrf(x.reshape(2, 2))[0],
    ],
)
def test_functions_that_take_no_half_say_so(
    call: Callable[[Tensor], Tensor], dtype: torch.dtype
) -> None:
    with pytest.raises((RuntimeError, TypeError)) as caught:
        call(torch.ones(4, dtype=dtype))
    assert takes_no_half(str(caught.value))


def test_numpy_has_no_bfloat16() -> None:
    with pytest.raises(TypeError) as caught:
        torch.ones(2, dtype=torch.bfloat16).numpy()
    assert takes_no_half(str(caught.value))


def test_another_dtype_beside_half_is_something_else() -> None:
    with pytest.raises(RuntimeError) as caught:
        torch.ones(2, 2).half() @ torch.ones(2, 2)
    assert not takes_no_half(str(caught.value))


def _grad_of_a_result() -> None:
    _ = (torch.ones(2, requires_grad=True) * 2).grad


def _loss_of_unlike_shapes() -> None:
    torch.nn.functional.mse_loss(torch.ones(3, 1), torch.ones(3))


@pytest.mark.parametrize(
    ("warns", "name"),
    [(_grad_of_a_result, "warned-non-leaf"), (_loss_of_unlike_shapes, "warned-broadcast")],
)
def test_what_torch_warns_of_is_known(warns: Callable[[], None], name: str) -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        warns()
    cause = meaning_of_warning(str(caught[0].message))
    assert cause is not None
    assert cause.id == name
    assert meaning_of_warning("UserWarning: something else") is None
