"""Learning rates, clipping and accumulated steps are torch's, and each named mistake gives something else."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from grader.checking.by_hand import around_a_step
from grader.checking.by_hand.around_a_step import clipped, dropped, total_norm, waved


def rates_of_torch(schedule: Any, steps: int) -> list[float]:
    """The learning rates that one of torch's schedules gives to an optimizer whose own is 0.8."""
    optimizer = torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=0.8)
    scheduler, rates = schedule(optimizer), []
    for _unused in range(steps):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    return rates


def test_drops_are_those_of_step_lr() -> None:
    rates = rates_of_torch(lambda given: torch.optim.lr_scheduler.StepLR(given, 3, 0.4), 10)
    assert [dropped(step, 3, 0.8, 0.4) for step in range(10)] == pytest.approx(rates)


def test_the_wave_falls_as_cosine_annealing_does_after_a_line() -> None:
    rates = rates_of_torch(lambda given: torch.optim.lr_scheduler.CosineAnnealingLR(given, 6), 7)
    assert [waved(step, 4, 10, 0.8) for step in range(4)] == pytest.approx([0.2, 0.4, 0.6, 0.8])
    assert [waved(step, 4, 10, 0.8) for step in range(4, 11)] == pytest.approx(rates)
    assert [waved(step, 4, 10, 0.8) for step in (10, 11, 30)] == [0, 0, 0]
    assert [waved(step, 2, 2, 0.8) for step in range(4)] == pytest.approx([0.4, 0.8, 0, 0])


def test_each_mistake_with_a_rate_gives_other_rates() -> None:
    steps = range(14)
    drops = around_a_step.drop_causes(3, 0.8, 0.4) | {
        cause: rate
        for cause, rate in around_a_step.drop_causes(3, 0.8, None).items()
        if cause.id == "wrong-default"
    }
    right = {0.4: [dropped(step, 3, 0.8, 0.4) for step in steps]}
    right[0.1] = [dropped(step, 3, 0.8) for step in steps]
    for cause, rate in drops.items():
        of = 0.1 if cause.id == "wrong-default" else 0.4
        assert [rate(step) for step in steps] != pytest.approx(right[of]), cause
    waves = around_a_step.wave_causes(4, 10, 0.8)
    found = [[waved(step, 4, 10, 0.8) for step in steps]]
    for cause, rate in waves.items():
        rates = [rate(step) for step in steps]
        assert all(rates != pytest.approx(other) for other in found), cause
        found.append(rates)


def gradients() -> list[Tensor]:
    generator = torch.Generator().manual_seed(5)
    return [3 * torch.randn(shape, generator=generator) for shape in ((2, 3), (), (4,))]


@pytest.mark.parametrize("share", [0.3, 1.5])
def test_gradients_are_clipped_as_torch_does(share: float) -> None:
    parameters = [nn.Parameter(torch.zeros_like(grad)) for grad in gradients()]
    for parameter, grad in zip(parameters, gradients(), strict=True):
        parameter.grad = grad
    norm = total_norm(gradients())
    max_norm = share * norm.item()
    total = nn.utils.clip_grad_norm_(parameters, max_norm)
    torch.testing.assert_close(norm.float(), total)
    torch.testing.assert_close(
        clipped(gradients(), max_norm), [p.grad for p in parameters], rtol=1e-5, atol=0
    )


def test_zeros_stay_zeros_whatever_the_mistake() -> None:
    zeros = [torch.zeros(2), torch.zeros(())]
    for other in around_a_step.clip_causes(zeros, 0.5).values():
        assert all(torch.equal(*pair) for pair in zip(other(), zeros, strict=True))


def test_each_mistake_with_a_norm_gives_something_else() -> None:
    grads = gradients()
    norm = total_norm(grads)
    norms = around_a_step.norm_causes(grads, norm.item() / 3, [grads[0] + 1])
    assert all(not torch.isclose(other, norm.float()) for other in norms.values())
    for share in (0.3, 1.5):
        right = clipped(grads, share * norm.item())
        differing = {
            cause.id
            for cause, other in around_a_step.clip_causes(grads, share * norm.item()).items()
            if not all(torch.allclose(*pair) for pair in zip(other(), right, strict=True))
        }
        below = {"scaled-up", "no-root", "sum-of-norms", "missing-factor", "by-value"}
        above = {cause.id for cause in around_a_step.clip_causes(grads, 1.0)} - {"scaled-up"}
        assert differing == above if share < 1 else differing <= below


def test_a_step_of_several_batches_is_that_of_all_in_one() -> None:
    torch.manual_seed(1)
    batches = [(torch.randn(size, 3), torch.randn(size, 2)) for size in (4, 4, 1)]
    start = [torch.randn(2, 3).double(), torch.randn(2).double()]

    def work(calls: Any, mistake: str = "") -> Any:
        model = nn.Linear(3, 2).double()
        model.load_state_dict({"weight": start[0], "bias": start[1]})
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
        return around_a_step.accumulated(model, nn.MSELoss(), calls, optimizer, mistake)

    after, losses = work([batches, batches])
    [whole] = [[(torch.cat(xs), torch.cat(ys))] for xs, ys in [zip(*batches, strict=True)]]
    at_once, loss_at_once = work([whole, whole])
    torch.testing.assert_close(after, at_once)
    means = [each[""] for each in losses]
    assert means == pytest.approx([each[""] for each in loss_at_once])
    causes = around_a_step.sum_causes(lambda mistake: work([batches, batches], mistake)[0])
    found = [after]
    for cause, other in causes.items():
        parameters = other()
        assert all(not torch.allclose(parameters[1][0], each[1][0]) for each in found), cause
        found.append(parameters)
    later = work([batches, batches], "loss-after")[1]
    for cause, values in around_a_step.loss_causes(losses, lambda: later).items():
        assert (values() if callable(values) else values) != pytest.approx(means), cause
