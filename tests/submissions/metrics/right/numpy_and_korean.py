# right: numpy for the counts, Korean comments, the losses in torch
import numpy as np
import torch
import torch.nn.functional as F


def confusion_matrix(predicted, labels, num_classes):
    # 쌍마다 하나씩 센다
    matrix = np.zeros((num_classes, num_classes), dtype=np.int64)
    np.add.at(matrix, (labels.cpu().numpy(), predicted.cpu().numpy()), 1)
    return torch.from_numpy(matrix).to(labels.device)


def f1_score(matrix, average="macro"):
    counts = matrix.cpu().numpy()
    tp = np.diag(counts)
    below = counts.sum(0) + counts.sum(1)
    if average == "micro":
        tp, below = tp.sum(), below.sum()
    f1 = np.divide(2 * tp, below, out=np.zeros(np.shape(tp)), where=below > 0)
    value = f1[1] if average == "binary" else np.mean(f1)
    return torch.tensor(float(value), dtype=torch.float64, device=matrix.device)


def kl_divergence(p, q):
    항 = torch.where(p > 0, p * (torch.where(p > 0, p, 1).log() - q.log()), 0)
    return 항.sum(1).mean()


def soft_f1_loss(logits, labels):
    p = torch.softmax(logits, dim=1)
    y = F.one_hot(labels, logits.size(1)).to(p.dtype)
    tp = (p * y).sum(dim=0)
    below = p.sum(dim=0) + y.sum(dim=0)
    below = below.masked_fill(below == 0, 1.0)
    return 1 - (2 * tp / below).mean()


def flat_share(measure, path):
    값 = np.array([measure(곳).item() for 곳 in path])
    return float(np.mean(값[1:] == 값[:-1]))
