# right: the chain rule one operation at a time, with terms for variance and mean; names of arguments of its own
import torch


def softmax(inputs, dim=-1):
    return torch.exp(log_softmax(inputs, dim=dim))


def softmax_backward(g, s, dim=-1):
    # the sum first, and the own share after it
    return g * s - s * (g * s).sum(dim, True)


def log_softmax(inputs, dim=-1):
    top = torch.amax(inputs, dim, True)
    z = inputs - top
    return z - z.exp().sum(dim, True).log()


def log_softmax_backward(g, logs, dim=-1):
    return g - logs.exp() * g.sum(dim, True)


def layer_norm(inputs, gamma, beta, eps=1e-5):
    # the rows become columns, and batch norm does it
    columns = inputs.reshape(-1, len(gamma)).T
    hat, cache = _forward(columns, eps)
    return (hat.T * gamma + beta).reshape(inputs.shape), (cache, gamma)


def _forward(x, eps):
    mu = x.mean(dim=0)
    centred = x - mu
    var = (centred * centred).mean(dim=0)
    std = torch.sqrt(var + eps)
    hat = centred / std
    return hat, (centred, std, hat)


def _backward(dhat, cache):
    centred, std, _hat = cache
    n = dhat.shape[0]
    dcentred = dhat / std
    dstd = -(dhat * centred).sum(dim=0) / std**2
    dvar = dstd / (2 * std)
    dcentred = dcentred + 2 * centred / n * dvar
    dmu = -dcentred.sum(dim=0)
    return dcentred + dmu / n


def layer_norm_backward(g, saved):
    cache, gamma = saved
    flat = g.reshape(-1, len(gamma))
    dx = _backward((flat * gamma).T, cache).T
    return {
        "x": dx.reshape(g.shape),
        "weight": (flat * cache[2].T).sum(dim=0),
        "bias": flat.sum(dim=0),
    }


def batch_norm(
    inputs, gamma, beta, running_mean, running_var, training=True, momentum=0.1, eps=1e-5
):
    if not training:
        std = torch.sqrt(running_var + eps)
        hat = (inputs - running_mean) / std
        return hat * gamma + beta, ("evaluation", std, hat, gamma)
    hat, cache = _forward(inputs, eps)
    with torch.no_grad():
        running_mean.mul_(1 - momentum)
        running_mean.add_(inputs.mean(dim=0), alpha=momentum)
        running_var.mul_(1 - momentum)
        running_var.add_(inputs.var(dim=0), alpha=momentum)
    return hat * gamma + beta, ("training", cache, hat, gamma)


def batch_norm_backward(g, saved):
    mode, cache, hat, gamma = saved
    dhat = g * gamma
    return {
        "bias": g.sum(dim=0),
        "weight": (g * hat).sum(dim=0),
        "x": dhat / cache if mode == "evaluation" else _backward(dhat, cache),
    }


def dropout(inputs, p=0.5, training=True):
    if training and p == 1:
        return torch.zeros_like(inputs), torch.zeros_like(inputs)
    if not training or not p:
        return inputs, torch.ones_like(inputs)
    chance = torch.full(inputs.shape, 1 - p, device=inputs.device)
    scale = torch.bernoulli(chance).to(inputs.dtype) / (1 - p)
    return inputs * scale, scale


def dropout_backward(g, scale):
    return g * scale
