# wrong: autograd does the work
# fails: backward_second_layer, backward_first_layer
# cause: none
import torch
import torch.nn.functional as F


def forward(x, w1, b1, w2, b2):
    z1 = x @ w1 + b1
    h = torch.relu(z1)
    logits = h @ w2 + b2
    cache = (x, w1, b1, w2, b2)
    return logits, cache


def cross_entropy(logits, labels):
    log_p = torch.log_softmax(logits, dim=1)
    picked = log_p.gather(1, labels.unsqueeze(1))
    return -picked.mean()


def backward(cache, logits, labels):
    x = cache[0]
    w1, b1, w2, b2 = [p.detach().clone().requires_grad_(True) for p in cache[1:]]
    out, _ = forward(x, w1, b1, w2, b2)
    cross_entropy(out, labels).backward()
    dw1, db1, dw2, db2 = w1.grad, b1.grad, w2.grad, b2.grad
    return {"w1": dw1, "b1": db1, "w2": dw2, "b2": db2}
