# wrong: the keys are "dw1", "db1", …
# fails: backward_second_layer, backward_first_layer
# cause: name
import torch
import torch.nn.functional as F


def forward(x, w1, b1, w2, b2):
    z1 = x @ w1 + b1
    h = torch.relu(z1)
    logits = h @ w2 + b2
    cache = (x, z1, h, w2)
    return logits, cache


def cross_entropy(logits, labels):
    log_p = torch.log_softmax(logits, dim=1)
    picked = log_p.gather(1, labels.unsqueeze(1))
    return -picked.mean()


def backward(cache, logits, labels):
    x, z1, h, w2 = cache
    n, c = logits.shape
    onehot = F.one_hot(labels, c)
    dz2 = (torch.softmax(logits, dim=1) - onehot) / n
    dw2 = h.T @ dz2
    db2 = dz2.sum(dim=0)
    dh = dz2 @ w2.T
    dz1 = dh * (z1 > 0)
    dw1 = x.T @ dz1
    db1 = dz1.sum(dim=0)
    return {"dw1": dw1, "db1": db1, "dw2": dw2, "db2": db2}
