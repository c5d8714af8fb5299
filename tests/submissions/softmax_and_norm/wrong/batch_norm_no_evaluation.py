# wrong: normalizes with the batch in evaluation
# fails: batch_norm_in_evaluation
# cause: other-statistics
import torch


def softmax(x, dim=-1):
    e = torch.exp(x - x.amax(dim=dim, keepdim=True))
    return e / e.sum(dim=dim, keepdim=True)


def softmax_backward(grad, y, dim=-1):
    return y * (grad - (grad * y).sum(dim=dim, keepdim=True))


def log_softmax(x, dim=-1):
    return x - torch.logsumexp(x, dim=dim, keepdim=True)


def log_softmax_backward(grad, y, dim=-1):
    return grad - torch.exp(y) * grad.sum(dim=dim, keepdim=True)


def layer_norm(x, weight, bias, eps=1e-5):
    mean = x.mean(dim=-1, keepdim=True)
    var = x.var(dim=-1, unbiased=False, keepdim=True)
    std = torch.sqrt(var + eps)
    xhat = (x - mean) / std
    return weight * xhat + bias, (xhat, std, weight)


def layer_norm_backward(grad, cache):
    xhat, std, weight = cache
    d = weight * grad
    dx = d - d.mean(-1, keepdim=True) - xhat * (d * xhat).mean(-1, keepdim=True)
    dweight = (grad * xhat).reshape(-1, len(weight)).sum(0)
    dbias = grad.reshape(-1, len(weight)).sum(0)
    return {"x": dx / std, "weight": dweight, "bias": dbias}


def batch_norm(
    x, weight, bias, running_mean, running_var, training=True, momentum=0.1, eps=1e-5
):
    if training:
        mean = x.mean(dim=0)
        var = x.var(dim=0, unbiased=False)
        running_mean.mul_(1 - momentum).add_(momentum * mean)
        running_var.mul_(1 - momentum).add_(momentum * x.var(dim=0))
    else:
        mean, var = x.mean(dim=0), x.var(dim=0, unbiased=False)
    std = torch.sqrt(var + eps)
    xhat = (x - mean) / std
    return weight * xhat + bias, (xhat, std, weight, training)


def batch_norm_backward(grad, cache):
    xhat, std, weight, training = cache
    d = weight * grad
    if training:
        d = d - d.mean(0) - xhat * (d * xhat).mean(0)
    return {"x": d / std, "weight": (grad * xhat).sum(0), "bias": grad.sum(0)}


def dropout(x, p=0.5, training=True):
    if not training:
        return x, None
    kept = torch.rand(x.shape, device=x.device) >= p
    return torch.where(kept, x / (1 - p), 0), (kept, p)


def dropout_backward(grad, cache):
    if cache is None:
        return grad
    kept, p = cache
    return torch.where(kept, grad / (1 - p), 0)
