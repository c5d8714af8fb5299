# wrong: p ln p is missing
# fails: kl_divergence
# cause: missing-term
import torch
import torch.nn.functional as F


def confusion_matrix(predicted, labels, num_classes):
    matrix = torch.zeros(num_classes, num_classes, dtype=torch.int64, device=labels.device)
    one = torch.ones_like(labels)
    return matrix.index_put_((labels, predicted), one, accumulate=True)


def f1_score(matrix, average="macro"):
    tp = matrix.diagonal().double()
    fp = matrix.sum(dim=0) - tp
    fn = matrix.sum(dim=1) - tp
    if average == "micro":
        tp, fp, fn = tp.sum(), fp.sum(), fn.sum()
    below = 2 * tp + fp + fn
    f1 = torch.where(below > 0, 2 * tp / below, torch.zeros_like(below))
    if average == "binary":
        return f1[1]
    return f1.mean()


def kl_divergence(p, q):
    n = p.shape[0]
    return (-torch.xlogy(p, q)).sum() / n


def soft_f1_loss(logits, labels):
    p = torch.softmax(logits, dim=1)
    y = F.one_hot(labels, logits.size(1)).to(p.dtype)
    tp = (p * y).sum(dim=0)
    below = p.sum(dim=0) + y.sum(dim=0)
    below = below.masked_fill(below == 0, 1.0)
    return 1 - (2 * tp / below).mean()


def flat_share(measure, path):
    values = [measure(place).item() for place in path]
    same = sum(a == b for a, b in zip(values, values[1:]))
    return same / (len(values) - 1)
