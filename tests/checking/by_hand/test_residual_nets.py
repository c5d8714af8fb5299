"""Convolutions, blocks and the network by their numbers, against torch's modules, and their mistakes."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from grader.checking.by_hand import residual_nets as nets


def numbers(*shape: int) -> Tensor:
    seed = sum(shape)
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def filled(layers: nn.Module) -> dict[str, Tensor]:
    state = {name: value for name, value in layers.state_dict().items() if value.dim()}
    drawn = {
        name: (1 + place / 10) * numbers(*value.shape) / value[0].numel() ** 0.5
        for place, (name, value) in enumerate(state.items())
    }
    return {n: value.abs() + 0.5 if "var" in n else value for n, value in drawn.items()}


class Block(nn.Module):
    """A block in torch's modules, with the layers that a reference names."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        for name, layer in nets.layers_of_block(inputs, outputs, stride).named_children():
            self.add_module(name, layer)
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        if stride > 1:
            past = nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs)
            self.downsample = nn.Sequential(*past)

    def forward(self, x: Tensor) -> Tensor:
        layers = dict(self.named_children())
        past = layers["downsample"](x) if "downsample" in layers else x
        hidden = F.relu(layers["bn1"](layers["conv1"](x)))
        return F.relu(layers["bn2"](layers["conv2"](hidden)) + past)


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize(("inputs", "outputs", "stride"), [(3, 3, 1), (2, 4, 2), (2, 3, 1)])
def test_a_block_is_that_of_torchs_modules(
    training: bool, inputs: int, outputs: int, stride: int
) -> None:
    block = Block(inputs, outputs, stride).double().train(training)
    state = filled(block)
    block.load_state_dict(state, strict=False)
    x, run = numbers(4, inputs, 6, 5), nets.Pass(state, training)
    assert torch.allclose(run.block(x, stride), block(x))
    after = {name: value for name, value in block.state_dict().items() if name in run.running}
    assert after
    assert all(torch.allclose(run.running[name], value) for name, value in after.items())


def test_each_mistake_of_a_block_and_of_the_network_shows() -> None:
    for mistakes, layers, shape, of in (
        (nets.BLOCK_MISTAKES, nets.layers_of_block(2, 3, 2), (4, 2, 7, 6), "block"),
        (nets.NETWORK_MISTAKES, nets.layers_of_network(3, 2), (3, 3, 33, 33), "network"),
    ):
        x, state = numbers(*shape), filled(layers)
        found = []
        for mistake in ("", *mistakes):
            if mistake == "x for downsample":  # which shows where the shapes are equal
                continue
            run = nets.Pass(state, True, mistake)
            found.append(run.block(x, 2) if of == "block" else run.network(x))
        for place, one in enumerate(found):
            for other in found[place + 1 :]:
                assert one.shape == other.shape
                assert not torch.allclose(one, other)


def test_an_x_that_fits_is_not_what_downsample_makes_of_it() -> None:
    state = filled(nets.layers_of_block(3, 3, 2))
    x = numbers(4, 3, 1, 1)
    one, other = (nets.Pass(state, False, each).block(x, 2) for each in ("", "x for downsample"))
    assert one.shape == other.shape
    assert not torch.allclose(one, other)


def test_a_cut_shortcut_leaves_the_value_alone() -> None:
    x, state = numbers(4, 3, 5, 5).requires_grad_(), filled(nets.layers_of_block(3, 3, 1))
    one, other = (nets.Pass(state, False, each).block(x, 1) for each in ("", "detached"))
    assert torch.equal(one, other)
    slope, its = (torch.autograd.grad(each.sum(), x)[0] for each in (one, other))
    assert not torch.allclose(slope, its)


def test_a_batch_norm_by_one_number_is_no_error() -> None:
    state = filled(nets.layers_of_block(2, 2, 1))
    assert nets.Pass(state, True).block(numbers(1, 2, 1, 1), 1).isfinite().all()


def test_the_convolution_s_mistakes_and_gradients() -> None:
    x, weight = numbers(3, 2, 6, 7).requires_grad_(), numbers(4, 2, 3, 3).requires_grad_()
    right = F.conv2d(x, weight, stride=2, padding=1)
    for cause, other in nets.convolution_causes(x, weight, 2, 1).items():
        assert other.shape != right.shape or not torch.allclose(other, right), cause.text
    grad = numbers(*right.shape)
    slopes = nets.slopes_of(grad, x.detach(), weight.detach(), 2, 1)
    wanted = torch.autograd.grad(right, (x, weight), grad)
    for name, slope in zip(("x", "weight"), wanted, strict=True):
        assert torch.allclose(slopes[name], slope)
        mistakes = nets.slope_causes(name, grad, x.detach(), weight.detach(), 2, 1)
        for cause, other in mistakes.items():
            same = other.shape == slope.shape and torch.allclose(other, slope)
            assert not same, (name, cause.text)


def test_where_kernels_do_not_overlap_none_is_overwritten() -> None:
    x, weight, grad = numbers(2, 2, 6, 6), numbers(3, 2, 2, 2), numbers(2, 3, 3, 3)
    right = nets.slopes_of(grad, x, weight, 2, 0)["x"]
    assert torch.allclose(nets.last_wins(grad, x, weight, 2, 0), right)


def test_a_model_is_filled_where_it_fits() -> None:
    block = Block(2, 2, 1)
    state = {name: value.float() for name, value in filled(block).items()}
    given = {"x": torch.zeros(2, 2, 4, 4), "state": state, "training": False, "grad": None}
    assert nets.passed(block, given)["y"].shape == (2, 2, 4, 4)
    assert torch.equal(block.conv1.weight, state["conv1.weight"])
    del state["bn2.bias"]
    assert set(nets.passed(block, given)) == {"shapes"}
    assert nets.passed(print, given) == {"shapes": None}


class InPlace(Block):
    def forward(self, x: Tensor) -> Tensor:
        return x.add_(1)


def test_an_input_that_a_model_changes_is_told_and_put_back() -> None:
    block = InPlace(2, 2, 1)
    x, state = torch.ones(2, 2, 4, 4), {n: v.float() for n, v in filled(block).items()}
    for each in (x, x.mT.contiguous().mT):
        given = {"x": each, "state": state, "training": False, "grad": None}
        assert not nets.passed(block, given)["left"]
        assert torch.equal(each, torch.ones_like(each))
    assert nets.passed(Block(2, 2, 1), given)["left"]


def test_the_largest_product() -> None:
    assert nets.largest(torch.tensor([-3.0, 1]), torch.tensor([2.0])) == 6
