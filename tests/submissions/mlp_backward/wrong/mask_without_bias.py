# wrong: the mask is that of the products, before the bias is added
# fails: backward_first_layer, backward_takes_logits_as_given, backward_at_the_kink
# cause: mask-without-bias
import torch
import torch.nn.functional as F


def forward(x, w1, b1, w2, b2):
    product = x @ w1
    h = torch.relu(product + b1)
    logits = h @ w2 + b2
    cache = (x, product, h, w2)
    return logits, cache


def cross_entropy(logits, labels):
    log_p = torch.log_softmax(logits, dim=1)
    picked = log_p.gather(1, labels.unsqueeze(1))
    return -picked.mean()


def backward(cache, logits, labels):
    x, product, h, w2 = cache
    n, c = logits.shape
    onehot = F.one_hot(labels, c)
    dz2 = (torch.softmax(logits, dim=1) - onehot) / n
    dw2 = h.T @ dz2
    db2 = dz2.sum(dim=0)
    dh = dz2 @ w2.T
    dz1 = dh * (product > 0)
    dw1 = x.T @ dz1
    db1 = dz1.sum(dim=0)
    return {"w1": dw1, "b1": db1, "w2": dw2, "b2": db2}
