# right: a class for each with forward and backward; the cache is the object; running statistics by lerp_ and copy_
import torch
from torch import Tensor


class Softmax:
    def __init__(self, dim: int) -> None:
        self.dim = dim

    def forward(self, x: Tensor) -> Tensor:
        e = (x - x.amax(self.dim, keepdim=True)).exp()
        return e.div_(e.sum(self.dim, keepdim=True))

    def backward(self, grad: Tensor, y: Tensor) -> Tensor:
        dot = torch.sum(grad * y, dim=self.dim, keepdim=True)
        return (grad - dot) * y


class Norm:
    def __init__(self, x: Tensor, mean: Tensor, var: Tensor, eps: float, weight: Tensor) -> None:
        self.scale = torch.rsqrt(var + eps)
        self.normal = (x - mean) * self.scale
        self.weight = weight

    def forward(self, bias: Tensor) -> Tensor:
        return torch.addcmul(bias, self.normal, self.weight)

    def backward(self, grad: Tensor, dim: int, fixed: bool) -> dict:
        g = grad * self.weight
        if not fixed:
            n = grad.shape[dim]
            total = g.sum(dim, keepdim=True)
            along = (g * self.normal).sum(dim, keepdim=True)
            g = (n * g - total - self.normal * along) / n
        flat = grad.reshape(-1, grad.shape[-1])
        return {
            "x": g * self.scale,
            "weight": torch.einsum("nd,nd->d", flat, self.normal.reshape(flat.shape)),
            "bias": torch.einsum("nd->d", flat),
        }


def softmax(x: Tensor, dim: int = -1) -> Tensor:
    return Softmax(dim).forward(x)


def softmax_backward(grad: Tensor, y: Tensor, dim: int = -1) -> Tensor:
    return Softmax(dim).backward(grad, y)


def log_softmax(x: Tensor, dim: int = -1) -> Tensor:
    return x - x.logsumexp(dim, keepdim=True)


def log_softmax_backward(grad: Tensor, y: Tensor, dim: int = -1) -> Tensor:
    return torch.sub(grad, torch.exp(y).mul(grad.sum(dim, keepdim=True)))


def layer_norm(x: Tensor, weight: Tensor, bias: Tensor, eps: float = 1e-5):
    var, mean = torch.var_mean(x, dim=-1, correction=0, keepdim=True)
    norm = Norm(x, mean, var, eps, weight)
    return norm.forward(bias), norm


def layer_norm_backward(grad: Tensor, cache: Norm):
    return cache.backward(grad, -1, fixed=False)


def batch_norm(
    x: Tensor,
    weight: Tensor,
    bias: Tensor,
    running_mean: Tensor,
    running_var: Tensor,
    training: bool = True,
    momentum: float = 0.1,
    eps: float = 1e-5,
):
    n = len(x)
    if training:
        var, mean = torch.var_mean(x, dim=0, correction=0)
        running_mean.lerp_(mean, momentum)
        running_var.copy_((1 - momentum) * running_var + momentum * var * n / (n - 1))
    else:
        mean, var = running_mean.clone(), running_var.clone()
    norm = Norm(x, mean, var, eps, weight)
    return norm.forward(bias), [norm, not training]


def batch_norm_backward(grad: Tensor, cache):
    norm, fixed = cache
    return norm.backward(grad, 0, fixed)


def dropout(x: Tensor, p: float = 0.5, training: bool = True):
    if not training:
        return x, (None, p)
    kept = torch.bernoulli(torch.full_like(x, 1 - p, dtype=torch.float32)).bool()
    return x.masked_fill(~kept, 0) / (1 - p if p < 1 else 1), (kept, p)


def dropout_backward(grad: Tensor, cache):
    kept, p = cache
    if kept is None:
        return grad
    return grad.masked_fill(~kept, 0) / (1 - p if p < 1 else 1)
