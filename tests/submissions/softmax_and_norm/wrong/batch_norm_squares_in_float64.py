# wrong: mean(x²) − μ², in float64, in each column
# fails: batch_norm_in_training
# cause: cancellation
# WRONG: batch_norm: variance as mean(x²)−μ² in float64. 'in the computer that has no digits left'
from typing import Any
import torch
from torch import Tensor

def softmax(x: Tensor, dim: int=-1) -> Tensor:
    powers = torch.exp(x - x.amax(dim=dim, keepdim=True))
    return powers / powers.sum(dim=dim, keepdim=True)

def softmax_backward(grad: Tensor, y: Tensor, dim: int=-1) -> Tensor:
    return y * (grad - (grad * y).sum(dim=dim, keepdim=True))

def log_softmax(x: Tensor, dim: int=-1) -> Tensor:
    return x - torch.logsumexp(x, dim=dim, keepdim=True)

def log_softmax_backward(grad: Tensor, y: Tensor, dim: int=-1) -> Tensor:
    return grad - torch.exp(y) * grad.sum(dim=dim, keepdim=True)

def layer_norm(x: Tensor, weight: Tensor, bias: Tensor, eps: float=1e-05) -> tuple[Tensor, Any]:
    variance = x.var(dim=-1, unbiased=False, keepdim=True)
    inverse = 1 / torch.sqrt(variance + eps)
    normalized = (x - x.mean(dim=-1, keepdim=True)) * inverse
    return (weight * normalized + bias, (normalized, inverse, weight))

def layer_norm_backward(grad: Tensor, cache: Any) -> dict[str, Tensor]:
    normalized, inverse, weight = cache
    d = weight * grad
    mean = d.mean(dim=-1, keepdim=True)
    along = (d * normalized).mean(dim=-1, keepdim=True)
    return {'x': (d - mean - normalized * along) * inverse, 'weight': (grad * normalized).reshape(-1, len(weight)).sum(dim=0), 'bias': grad.reshape(-1, len(weight)).sum(dim=0)}

def batch_norm(x: Tensor, weight: Tensor, bias: Tensor, running_mean: Tensor, running_var: Tensor, training: bool=True, momentum: float=0.1, eps: float=1e-05) -> tuple[Tensor, Any]:
    if training:
        mean, variance = (x.mean(dim=0), ((x.double() ** 2).mean(dim=0) - x.double().mean(dim=0) ** 2).clamp(min=0).to(x.dtype))
        running_mean.mul_(1 - momentum).add_(momentum * mean)
        running_var.mul_(1 - momentum).add_(momentum * x.var(dim=0))
    else:
        mean, variance = (running_mean, running_var)
    inverse = 1 / torch.sqrt(variance + eps)
    normalized = (x - mean) * inverse
    return (weight * normalized + bias, (normalized, inverse, weight, training))

def batch_norm_backward(grad: Tensor, cache: Any) -> dict[str, Tensor]:
    normalized, inverse, weight, training = cache
    d = weight * grad
    if training:
        d = d - d.mean(dim=0) - normalized * (d * normalized).mean(dim=0)
    return {'x': d * inverse, 'weight': (grad * normalized).sum(dim=0), 'bias': grad.sum(dim=0)}

def dropout(x: Tensor, p: float=0.5, training: bool=True) -> tuple[Tensor, Any]:
    if not training:
        return (x, None)
    kept = torch.rand(x.shape, device=x.device) >= p
    return (torch.where(kept, x / (1 - p), 0), (kept, p))

def dropout_backward(grad: Tensor, cache: Any) -> Tensor:
    if cache is None:
        return grad
    kept, p = cache
    return torch.where(kept, grad / (1 - p), 0)
