# right: einsum
import torch
from torch import Tensor


def predict(x: Tensor, a: Tensor, b: Tensor) -> Tensor:
    return a * x + b


def mse(y_pred: Tensor, y: Tensor) -> Tensor:
    e = y_pred - y
    return torch.einsum("i,i->", e, e) / e.shape[0]


def gradients(x: Tensor, y: Tensor, a: Tensor, b: Tensor) -> tuple:
    e = 2.0 * (predict(x, a, b) - y) / x.shape[0]
    return torch.einsum("i,i->", e, x).expand_as(a).clone(), e.sum().expand_as(b).clone()


def step(x: Tensor, y: Tensor, a: Tensor, b: Tensor, lr: float) -> tuple:
    return tuple(p - lr * g for p, g in zip((a, b), gradients(x, y, a, b)))
