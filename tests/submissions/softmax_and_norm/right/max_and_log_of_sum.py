# right: log-softmax by hand and softmax as its exponential; statistics with keepdim; a dict as the cache
import torch


def log_softmax(x, dim=-1):
    shifted = x - x.max(dim=dim, keepdim=True).values
    return shifted - torch.log(torch.exp(shifted).sum(dim, keepdim=True))


def softmax(x, dim=-1):
    return torch.exp(log_softmax(x, dim))


def softmax_backward(grad, y, dim=-1):
    return y * grad - y * (y * grad).sum(dim, keepdim=True)


def log_softmax_backward(grad, y, dim=-1):
    return grad - y.exp() * grad.sum(dim, keepdim=True)


def normalize(x, dim, eps):
    mean = x.mean(dim, keepdim=True)
    var = ((x - mean) ** 2).mean(dim, keepdim=True)
    std = torch.sqrt(var + eps)
    return {"xhat": (x - mean) / std, "std": std}


def norm_backward(grad, cache, dim):
    xhat = cache["xhat"]
    dxhat = grad * cache["weight"]
    dx = dxhat
    if cache.get("training", True):
        dx = dxhat - dxhat.mean(dim, keepdim=True) - xhat * (dxhat * xhat).mean(dim, keepdim=True)
    rows = tuple(range(grad.dim() - 1))
    dweight, dbias = grad * xhat, grad
    if rows:
        dweight, dbias = dweight.sum(rows), dbias.sum(rows)
    else:
        dbias = dbias.clone()
    return {"x": dx / cache["std"], "weight": dweight, "bias": dbias}


def layer_norm(x, weight, bias, eps=1e-5):
    cache = normalize(x, -1, eps)
    cache["weight"] = weight
    return weight * cache["xhat"] + bias, cache


def layer_norm_backward(grad, cache):
    return norm_backward(grad, cache, -1)


def batch_norm(
    x, weight, bias, running_mean, running_var, training=True, momentum=0.1, eps=1e-5
):
    if training:
        n = x.shape[0]
        cache = normalize(x, 0, eps)
        mean = x.mean(0)
        var = ((x - mean) ** 2).sum(0) / (n - 1)
        running_mean += momentum * (mean - running_mean)
        running_var += momentum * (var - running_var)
    else:
        std = torch.sqrt(running_var + eps)
        cache = {"xhat": (x - running_mean) / std, "std": std}
    cache["weight"] = weight
    cache["training"] = training
    return weight * cache["xhat"] + bias, cache


def batch_norm_backward(grad, cache):
    return norm_backward(grad, cache, 0)


def dropout(x, p=0.5, training=True):
    if not training or p == 0:
        return x.clone(), torch.ones_like(x)
    if p == 1:
        return torch.zeros_like(x), torch.zeros_like(x)
    mask = (torch.rand_like(x) > p).to(x.dtype)
    mask = mask / (1 - p)
    return x * mask, mask


def dropout_backward(grad, cache):
    return grad * cache
