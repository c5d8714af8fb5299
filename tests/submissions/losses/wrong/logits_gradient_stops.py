# wrong: the value is right for any z, and the gradient 0 beyond ±20000
# fails: bce_with_logits_is_stable
# cause: zero
import torch


def mse_loss(y_pred, y):
    diff = y_pred - y
    return torch.mean(diff * diff)


def binary_cross_entropy(p, y):
    log_p = torch.clamp(torch.log(p), min=-100)
    log_q = torch.clamp(torch.log(1 - p), min=-100)
    return torch.mean(-y * log_p - (1 - y) * log_q)


def bce_with_logits(z, y):
    m = (-z).clamp(min=0)
    log_sum = m + torch.log(torch.exp(-m) + torch.exp(-z - m))
    terms = (1 - y) * z + log_sum
    return torch.where(z.abs() > 20000, terms.detach() + 0 * z, terms).mean()


def cross_entropy(logits, labels):
    m = logits.max(dim=1, keepdim=True).values.detach()
    shifted = logits - m
    log_sum = shifted.exp().sum(dim=1).log()
    picked = shifted.gather(1, labels.unsqueeze(1)).squeeze(1)
    return (log_sum - picked).mean()


def accuracy(logits, labels):
    predicted = torch.argmax(logits, dim=1)
    return (predicted == labels).float().mean()
