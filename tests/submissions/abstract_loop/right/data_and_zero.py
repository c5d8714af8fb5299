# right: .data for the update, zero_ for clearing, clears first
import torch


def init_params(dtype=None, device=None):
    params = {}
    for name in ("a", "b"):
        params[name] = torch.tensor(1.0, dtype=dtype, device=device, requires_grad=True)
    return params


def predict(x, params):
    a, b = params["a"], params["b"]
    return torch.add(torch.mul(a, x), b)


def calculate_err(y_pred, y):
    return torch.mean(torch.pow(y_pred - y, 2))


def update_params(params, lr):
    for name in params:
        if params[name].grad is None:
            continue
        params[name].data.sub_(lr * params[name].grad)


def clear_grad(params):
    for name in params:
        if params[name].grad is not None:
            params[name].grad.zero_()


def fit(xs, ys, num_adjust, lr=0.01):
    params = init_params(dtype=xs.dtype, device=xs.device)
    history = []
    for i in range(num_adjust):
        clear_grad(params)
        loss = calculate_err(predict(xs, params), ys)
        history.append(float(loss.detach()))
        loss.backward()
        update_params(params, lr=lr)
    return (params, history)
