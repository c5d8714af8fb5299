# right: a class behind the functions, demo under __main__
import torch


class Loop:
    def __init__(self, params, lr):
        self.params, self.lr = params, lr

    def update(self):
        with torch.no_grad():
            for p in self.params.values():
                if p.grad is not None:
                    p.sub_(p.grad * self.lr)

    def clear(self):
        for p in self.params.values():
            p.grad = None


def init_params(dtype=None, device=None):
    make = lambda: torch.full((), 1.0, dtype=dtype or torch.get_default_dtype(), device=device, requires_grad=True)
    return {"a": make(), "b": make()}


def predict(x, params):
    return params["a"] * x + params["b"]


def calculate_err(y_pred, y):
    return (y_pred - y).square().mean()


def update_params(params, lr):
    Loop(params, lr).update()


def clear_grad(params):
    Loop(params, 0).clear()


def fit(xs, ys, num_adjust, lr=0.01):
    loop = Loop(init_params(xs.dtype, xs.device), lr)
    errors = [0.0] * num_adjust
    for i in range(num_adjust):
        err = calculate_err(predict(xs, loop.params), ys)
        errors[i] = err.item()
        err.backward()
        loop.update()
        loop.clear()
    return loop.params, errors


if __name__ == "__main__":
    print(fit(torch.arange(3.0), torch.arange(3.0), 5))
