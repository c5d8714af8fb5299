# wrong: the pair is the wrong way round
# fails: fit
# cause: swapped
import torch


def init_params(dtype=None, device=None):
    return {
        "a": torch.ones((), dtype=dtype, device=device, requires_grad=True),
        "b": torch.ones((), dtype=dtype, device=device, requires_grad=True),
    }


def predict(x, params):
    return params["a"] * x + params["b"]


def calculate_err(y_pred, y):
    return ((y_pred - y) ** 2).mean()


def update_params(params, lr):
    with torch.no_grad():
        for p in params.values():
            if p.grad is not None:
                p -= lr * p.grad


def clear_grad(params):
    for p in params.values():
        p.grad = None


def fit(xs, ys, num_adjust, lr=0.01):
    params = init_params(xs.dtype, xs.device)
    errors = []
    for _ in range(num_adjust):
        err = calculate_err(predict(xs, params), ys)
        err.backward()
        update_params(params, lr)
        clear_grad(params)
        errors.append(err.item())
    return errors, params
