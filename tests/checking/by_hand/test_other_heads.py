"""Networks with other heads: what loading, freezing and a new head give, and what is told of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from grader.checking.by_hand import other_heads as heads
from grader.checking.outcome import Cause, CheckFailed
from grader.sandbox.wire.values import Received

State = dict[str, Tensor]
Load = Callable[[nn.Module, State], Any]


def network(kind: str = "linear", classes: int = 3) -> heads.Other:
    return heads.Other(heads.head_of(kind, classes))


def right(model: nn.Module, state: Mapping[str, Tensor]) -> nn.Module:
    body = {name: value for name, value in state.items() if not name.startswith("fc.")}
    head = {name: value for name, value in model.state_dict().items() if name.startswith("fc.")}
    model.load_state_dict(body | head)
    return model


def but(*left_out: str) -> Load:
    """Loads all but the head and what begins so."""

    def load(model: nn.Module, state: State) -> nn.Module:
        own = model.state_dict()
        return right(model, {n: own[n] if n.startswith(left_out) else state[n] for n in state})

    return load


def assigned(model: nn.Module, state: State) -> nn.Module:
    body = {name: value for name, value in state.items() if not name.startswith("fc.")}
    model.load_state_dict(body, strict=False, assign=True)
    return model


def with_head(model: nn.Module, state: State) -> nn.Module:
    model.load_state_dict(state)
    return model


def with_new_head(model: nn.Module, state: State) -> nn.Module:
    right(model, state).get_submodule("fc").reset_parameters()  # type: ignore[operator]
    return model


def popped(model: nn.Module, state: State) -> nn.Module:
    right(model, state)
    del state["fc.bias"]
    return model


def doubled(model: nn.Module, state: State) -> nn.Module:
    right(model, state)
    state["fc.bias"].mul_(2)
    return model


def told(check: Callable[..., None], *args: Any) -> tuple[str, str]:
    """What a check says, and the first of its causes."""
    with pytest.raises(CheckFailed) as failed:
        check(*args)
    causes = failed.value.end.causes
    return str(failed.value), causes[0].text if causes else ""


BUFFERS = ("bn1.running_mean", "bn1.running_var", "bn1.num_batches_tracked")


@pytest.mark.parametrize(
    ("load", "cause"),
    [
        (but("fc2"), heads.ALL_OF_FC),
        (but("fc2", "block.fc"), heads.ALL_OF_FC),
        (but("conv1"), None),
        (but(*BUFFERS), heads.NO_BUFFERS),
        (but(""), heads.NOTHING_LOADED),
        (assigned, heads.NEW_TENSORS),
        (with_head, heads.HEAD_LOADED),
        (with_new_head, heads.OTHER_HEAD),
        (popped, heads.STATE_CHANGED),
        (doubled, heads.VALUES_CHANGED),
    ],
)
def test_what_loading_has_done_wrong_is_named(load: Load, cause: Cause | None) -> None:
    got = heads.loaded(load, network(), network().state_dict(), by_keyword=False)
    assert told(heads.expect_loaded, got)[1] == (cause.text if cause else "")


@pytest.mark.parametrize(
    ("own", "other"), [("linear", "linear"), ("biasless", "none"), ("sequential", "linear")]
)
def test_a_body_is_loaded_whatever_the_heads(own: str, other: str) -> None:
    state = {name: value.double() for name, value in network(other, 5).state_dict().items()}
    heads.expect_loaded(heads.loaded(right, network(own), state, by_keyword=True))


def test_each_state_that_does_not_fit_is_refused_or_told() -> None:
    def copied(model: nn.Module, state: State) -> None:
        for name, value in model.state_dict().items():
            if name in state and state[name].numel() in (1, value.numel()):
                value.copy_(state[name].expand(value.shape) if value.dim() == 1 else value)

    for load, refuses in ((right, True), (copied, False)):
        for fault in heads.NOT_FITTING:
            refused = heads.refused(load, network(), network(classes=4).state_dict(), fault)
            assert refused is refuses, fault
            if not refuses:
                assert f"`{fault[1]}`" in told(heads.expect_refused, [fault], [refused])[0]
    heads.expect_refused(heads.NOT_FITTING, [True] * len(heads.NOT_FITTING))


def pretrained(change: Callable[[heads.Other, State], None]) -> dict[str, Any]:
    trained, net = network(classes=5), network(classes=5)
    handed = heads.values_of(trained)
    right(net, handed)
    change(net, handed)
    found: dict[str, Any] = heads.described(net, [handed], torch.zeros(1))
    return found


def test_a_new_head_holds_nothing_of_the_old_one() -> None:
    def sliced(net: heads.Other, handed: State) -> None:
        net.fc.weight.data[2] = handed["fc.weight"][4]

    heads.expect_pretrained(pretrained(lambda *_unused: None), (5, 6))
    assert told(heads.expect_pretrained, pretrained(sliced), (5, 6))[1] == heads.OLD_HEAD.text
    sentence = told(heads.expect_pretrained, pretrained(lambda *_unused: None), (7, 6))[0]
    assert "(5, 6), expected (7, 6)" in sentence


def test_a_body_that_is_not_trained_is_told() -> None:
    net = network()
    for handed, cause in (([heads.values_of(network())], heads.NOT_TRAINED), ([], heads.NOT_ASKED)):
        found = heads.described(net, handed, torch.zeros(1))
        assert told(heads.expect_pretrained, found, (3, 6))[1] == cause.text


def test_batch_norms_that_are_awake() -> None:
    net = network()
    assert heads.awake(net) == ["bn1"]
    assert heads.all_follow(net)
    assert heads.awake(net.eval()) == []
    net.bn1.train = lambda mode=True: net.bn1  # type: ignore[method-assign]
    assert not heads.all_follow(net)


def received(y: Tensor) -> Received:
    return Received(tensor=y, device="cpu", requires_grad=False, home="cpu", parameter=False)


def frozen(**other: Any) -> dict[str, Any]:
    y = torch.ones(2, 3)
    rest = {"requiring": ["fc.weight"], "head": ["fc.weight"], "head_awake": True, "returned": True}
    passes = {name: received(y) for name in ("training", "evaluation", "asleep")}
    passes["of_batch"] = received(y + 1)
    steps = {"awake": [[], []], "moved": [["fc.weight"], ["fc.weight"]], "modes": [True] * 4}
    return {**rest, **passes, **steps, **other}


@pytest.mark.parametrize(
    ("found", "part"),
    [
        ({"requiring": ["bn1.bias", "fc.weight"]}, "still require gradients: bn1.bias"),
        ({"requiring": []}, "`fc` do not all"),
        ({"head_awake": False}, "`fc` is in evaluation mode"),
        ({"returned": False}, "does not return"),
        ({"moved": [[], []]}, "does not change `fc`"),
        ({"modes": [True, False, True, True]}, "eval() `model.fc.training` is True"),
        ({"modes": [True, True, False, True]}, "train() `model.training` is False"),
    ],
)
def test_what_is_told_of_a_frozen_network(found: dict[str, Any], part: str) -> None:
    assert part in told(heads.expect_frozen, frozen(**found))[0]


def test_who_is_awake_is_named_where_statistics_move() -> None:
    moved = ["bn1.running_mean", "fc.weight"]
    for steps, cause in (([moved, []], heads.ASLEEP_LATE), ([[], moved], heads.WOKEN)):
        found = frozen(moved=steps, awake=[["bn1"], ["bn1"]])
        assert told(heads.expect_frozen, found)[1] == cause.of(name="bn1").text
        assert told(heads.expect_frozen, found | {"awake": [[], []]})[1] == ""
