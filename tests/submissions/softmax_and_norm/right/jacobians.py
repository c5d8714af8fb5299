# right: the gradients by whole Jacobi matrices, row by row; loops; the cache is all arguments
import torch


def _rows(x, dim):
    """The rows along `dim` as a list, and a function that puts such rows back."""
    last = x.movedim(dim, -1)
    shape = last.shape

    def back(rows):
        return torch.stack(rows).reshape(shape).movedim(-1, dim)

    return list(last.reshape(-1, shape[-1])), back


def _softmax(row):
    powers = torch.exp(row - row.max())
    return powers / powers.sum()


def softmax(x, dim=-1):
    rows, back = _rows(x, dim)
    return back([_softmax(row) for row in rows])


def softmax_backward(grad, y, dim=-1):
    rows, back = _rows(y, dim)
    grads, _ = _rows(grad, dim)
    return back([(torch.diag(r) - torch.outer(r, r)) @ g for r, g in zip(rows, grads)])


def log_softmax(x, dim=-1):
    rows, back = _rows(x, dim)
    return back([row - torch.logsumexp(row, 0) for row in rows])


def log_softmax_backward(grad, y, dim=-1):
    rows, back = _rows(y, dim)
    grads, _ = _rows(grad, dim)
    return back([g - g.sum() * torch.exp(r) for r, g in zip(rows, grads)])


def _standardized(row, eps):
    deviations = row - row.mean()
    return deviations / (deviations.square().mean() + eps).sqrt()


def _slope(row, grad, eps):
    n = len(row)
    sigma = (row.var(unbiased=False) + eps).sqrt()
    r = _standardized(row, eps)
    eye = torch.eye(n, dtype=row.dtype, device=row.device)
    jacobian = (eye - 1 / n - torch.outer(r, r) / n) / sigma
    return jacobian.T @ grad


def layer_norm(x, weight, bias, eps=1e-5):
    rows, back = _rows(x, -1)
    return back([_standardized(row, eps) * weight + bias for row in rows]), (x, weight, eps)


def layer_norm_backward(grad, cache):
    x, weight, eps = cache
    rows, back = _rows(x, -1)
    grads, _ = _rows(grad, -1)
    dx = [_slope(row, weight * g, eps) for row, g in zip(rows, grads)]
    dw = sum(_standardized(row, eps) * g for row, g in zip(rows, grads))
    return {"x": back(dx), "weight": dw, "bias": sum(grads)}


def batch_norm(
    x, weight, bias, running_mean, running_var, training=True, momentum=0.1, eps=1e-5
):
    if not training:
        mean, sigma = running_mean.clone(), torch.sqrt(running_var + eps)
        return (x - mean) / sigma * weight + bias, (x, weight, eps, mean, sigma)
    for j in range(x.shape[1]):
        running_mean[j] = (1 - momentum) * running_mean[j] + momentum * x[:, j].mean()
        running_var[j] = (1 - momentum) * running_var[j] + momentum * x[:, j].var()
    columns, back = _rows(x, 0)
    y = back([_standardized(column, eps) for column in columns]) * weight + bias
    return y, (x, weight, eps, None, None)


def batch_norm_backward(grad, cache):
    x, weight, eps, mean, sigma = cache
    if mean is not None:
        normal = (x - mean) / sigma
        return {"x": grad * weight / sigma, "weight": (grad * normal).sum(0), "bias": grad.sum(0)}
    columns, back = _rows(x, 0)
    grads, _ = _rows(grad, 0)
    pairs = list(zip(columns, grads, weight))
    return {
        "x": back([_slope(column, w * g, eps) for column, g, w in pairs]),
        "weight": torch.stack([_standardized(column, eps) @ g for column, g, _ in pairs]),
        "bias": torch.stack([g.sum() for g in grads]),
    }


def dropout(x, p=0.5, training=True):
    kept = torch.rand(x.shape, device=x.device) >= (p if training else 0)
    factor = 1 / (1 - p) if training and p < 1 else 1.0
    return x * kept * factor, (kept, factor)


def dropout_backward(grad, cache):
    kept, factor = cache
    return grad * kept * factor
