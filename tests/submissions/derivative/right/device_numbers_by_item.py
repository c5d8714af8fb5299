# right: an index tensor on the CPU, numbers by item(), a result put together with torch.tensor(…, device=)
import torch


def forward_difference(f, x, h=1e-3):
    return (f(x + h) - f(x)) / h


def central_difference(f, x, h=1e-3):
    return (f(x + h) - f(x - h)) / (2 * h)


def numerical_gradient(f, x, h=1e-3):
    numbers = []
    for i in range(x.numel()):
        step = torch.zeros(x.numel(), dtype=x.dtype, device=x.device)
        step[torch.tensor([i])] = h
        step = step.reshape(x.shape)
        value = (f(x + step) - f(x - step)) / (2 * h)
        numbers.append(value.item())
    return torch.tensor(numbers, dtype=x.dtype, device=x.device).reshape(x.shape)
