# right: plain loops over samples, classes and rows
import torch
import torch.nn.functional as F


def confusion_matrix(predicted, labels, num_classes):
    matrix = torch.zeros((num_classes, num_classes), dtype=torch.long, device=predicted.device)
    for guess, truth in zip(predicted.tolist(), labels.tolist()):
        matrix[truth, guess] += 1
    return matrix


def f1_of(tp, fp, fn):
    if tp + fp + fn == 0:
        return 0.0
    return 2 * tp / (2 * tp + fp + fn)


def f1_score(matrix, average="macro"):
    rows = matrix.tolist()
    classes = range(len(rows))
    tp = [rows[k][k] for k in classes]
    fp = [sum(rows[i][k] for i in classes) - tp[k] for k in classes]
    fn = [sum(rows[k]) - tp[k] for k in classes]
    if average == "binary":
        result = f1_of(tp[1], fp[1], fn[1])
    elif average == "micro":
        result = f1_of(sum(tp), sum(fp), sum(fn))
    else:
        result = sum(f1_of(*each) for each in zip(tp, fp, fn)) / len(rows)
    return torch.tensor(result, device=matrix.device)


def kl_divergence(p, q):
    total = 0
    for row, other in zip(p, q):
        some = row > 0
        total = total + (row[some] * (row[some].log() - other[some].log())).sum()
    return total / len(p)


def soft_f1_loss(logits, labels):
    p = F.softmax(logits, dim=-1)
    scores = []
    for k in range(logits.shape[-1]):
        here = labels == k
        below = p[:, k].sum() + here.sum()
        scores.append(2 * p[here, k].sum() / below if below > 0 else below)
    return 1 - torch.stack(scores).mean()


def flat_share(measure, path):
    flat = 0
    before = measure(path[0])
    for place in path[1:]:
        now = measure(place)
        if bool(now == before):
            flat += 1
        before = now
    return flat / (path.shape[0] - 1)
