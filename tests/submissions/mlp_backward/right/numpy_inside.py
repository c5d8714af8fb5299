# right: works in NumPy and goes back to tensors on the device of the inputs
import numpy as np
import torch


def to_numpy(*tensors):
    # NumPy has no bfloat16
    tensors = [t.float() if t.dtype == torch.bfloat16 else t for t in tensors]
    return [t.detach().cpu().numpy() for t in tensors]


def like(array, tensor):
    return torch.as_tensor(np.asarray(array), dtype=tensor.dtype, device=tensor.device)


def forward(x, w1, b1, w2, b2):
    xn, w1n, b1n, w2n, b2n = to_numpy(x, w1, b1, w2, b2)
    h = np.maximum(xn @ w1n + b1n, 0)
    return like(h @ w2n + b2n, x), (xn, h, w2n)


def cross_entropy(logits, labels):
    z, t = to_numpy(logits, labels)
    z = z - z.max(axis=1, keepdims=True)
    losses = np.log(np.exp(z).sum(axis=1)) - z[np.arange(len(t)), t]
    return like(losses.mean(), logits)


def backward(cache, logits, labels):
    x, h, w2 = cache
    z, t = to_numpy(logits, labels)
    p = np.exp(z - z.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    p[np.arange(len(t)), t] -= 1
    p /= len(t)
    d = (p @ w2.T) * (h > 0)
    grads = {"w2": h.T @ p, "b2": p.sum(0), "w1": x.T @ d, "b1": d.sum(0)}
    return {name: like(value, logits) for name, value in grads.items()}
