# right: the share of hits in the logits' dtype, and as float32 in the end; losses as sums over numel
import torch


def mse_loss(y_pred, y):
    diff = y_pred - y
    return diff.square().sum() / diff.numel()


def binary_cross_entropy(p, y):
    log_p = torch.clamp(torch.log(p), min=-100)
    log_q = torch.clamp(torch.log(1 - p), min=-100)
    return torch.mean(-y * log_p - (1 - y) * log_q)


def bce_with_logits(z, y):
    m = (-z).clamp(min=0)
    log_sum = m + torch.log(torch.exp(-m) + torch.exp(-z - m))
    return ((1 - y) * z + log_sum).mean()


def cross_entropy(logits, labels):
    m = logits.max(dim=1, keepdim=True).values.detach()
    shifted = logits - m
    log_sum = shifted.exp().sum(dim=1).log()
    picked = shifted.gather(1, labels.unsqueeze(1)).squeeze(1)
    return (log_sum - picked).mean()


def accuracy(logits, labels):
    predicted = torch.argmax(logits, dim=1)
    return predicted.eq(labels).to(logits.dtype).mean().float()
