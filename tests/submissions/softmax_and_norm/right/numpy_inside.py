# right: works in NumPy in float64 and goes back to the inputs' dtype and device; NumPy's own random numbers
import numpy as np
import torch

rng = np.random.default_rng()


def to_numpy(tensor):
    return tensor.detach().cpu().double().numpy()


def like(array, tensor):
    return torch.from_numpy(np.array(array)).to(tensor.device, tensor.dtype)


def softmax(x, dim=-1):
    a = to_numpy(x)
    a = np.exp(a - a.max(axis=dim, keepdims=True))
    return like(a / a.sum(axis=dim, keepdims=True), x)


def softmax_backward(grad, y, dim=-1):
    g, a = to_numpy(grad), to_numpy(y)
    return like(a * (g - (g * a).sum(axis=dim, keepdims=True)), grad)


def log_softmax(x, dim=-1):
    a = to_numpy(x)
    a = a - a.max(axis=dim, keepdims=True)
    return like(a - np.log(np.exp(a).sum(axis=dim, keepdims=True)), x)


def log_softmax_backward(grad, y, dim=-1):
    g, a = to_numpy(grad), to_numpy(y)
    return like(g - np.exp(a) * g.sum(axis=dim, keepdims=True), grad)


def layer_norm(x, weight, bias, eps=1e-5):
    a, w, b = map(to_numpy, (x, weight, bias))
    root = np.sqrt(a.var(axis=-1, keepdims=True) + eps)
    hat = (a - a.mean(axis=-1, keepdims=True)) / root
    return like(hat * w + b, x), (hat, root, w)


def layer_norm_backward(grad, cache):
    hat, root, w = cache
    g = to_numpy(grad)
    d = g * w
    dx = (d - d.mean(-1, keepdims=True) - hat * (d * hat).mean(-1, keepdims=True)) / root
    rows = tuple(range(g.ndim - 1))
    return {
        "x": like(dx, grad),
        "weight": like((g * hat).sum(axis=rows), grad),
        "bias": like(g.sum(axis=rows), grad),
    }


def batch_norm(
    x, weight, bias, running_mean, running_var, training=True, momentum=0.1, eps=1e-5
):
    a, w, b, mean, var = map(to_numpy, (x, weight, bias, running_mean, running_var))
    if training:
        new = mean * (1 - momentum) + a.mean(0) * momentum
        running_mean.copy_(like(new, running_mean))
        new = var * (1 - momentum) + a.var(0, ddof=1) * momentum
        running_var.copy_(like(new, running_var))
        mean, var = a.mean(0), a.var(0)
    root = np.sqrt(var + eps)
    hat = (a - mean) / root
    return like(hat * w + b, x), (hat, root, w, training)


def batch_norm_backward(grad, cache):
    hat, root, w, training = cache
    g = to_numpy(grad)
    d = g * w
    if training:
        d = d - d.mean(0) - hat * (d * hat).mean(0)
    return {
        "x": like(d / root, grad),
        "weight": like((g * hat).sum(0), grad),
        "bias": like(g.sum(0), grad),
    }


def dropout(x, p=0.5, training=True):
    if not training:
        return x, 1.0
    kept = rng.random(tuple(x.shape)) >= p
    scale = like(kept / (1 - p) if p < 1 else 0 * kept, x)
    return x * scale, scale


def dropout_backward(grad, cache):
    return grad * cache
