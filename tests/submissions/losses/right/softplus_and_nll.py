# right: softplus, nll_loss of log_softmax, nn modules that are allowed; two spaces; Korean comments; module-level demo
import torch
import torch.nn as nn
import torch.nn.functional as F

device = torch.device("cuda" if torch.cuda.is_available() else "cpu")

# 평균 제곱 오차
def mse_loss(y_pred, y):
  return F.l1_loss(y_pred, y, reduction="none").pow(2).mean()

# 이진 교차 엔트로피
def binary_cross_entropy(p, y):
  a = torch.maximum(p.log(), torch.full_like(p, -100))
  b = torch.maximum((-p).log1p(), torch.full_like(p, -100))
  return (y * a + (1 - y) * b).mean().neg()

def bce_with_logits(z, y):
  return (F.softplus(z) - y * z).mean()

# 교차 엔트로피
def cross_entropy(logits, labels):
  return nn.NLLLoss()(nn.LogSoftmax(dim=1)(logits), labels)

def accuracy(logits, labels):
  _, pred = torch.max(logits, 1)
  correct = (pred == labels).sum()
  return correct / labels.size(0)

print(mse_loss(torch.tensor([1.0]), torch.tensor([3.0])).item())
