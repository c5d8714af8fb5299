# wrong: weights are a view of a transposed matrix, whose gradient LBFGS cannot flatten
# fails: is_trained
# cause: none
import torch
from torch import nn
class MyLinear(nn.Module):
  def __init__(self, in_features, out_features, bias = True):
    super().__init__()
    self.in_features = in_features
    self.out_features = out_features
    # (출력, 입력)으로 뽑아서 전치
    self.weights = nn.Parameter(torch.randn(out_features, in_features).t())
    self.bias = None
    if bias == True:
      self.bias = nn.Parameter(torch.zeros(out_features).normal_())
  def forward(self, x):
    xw = x @ self.weights
    if self.bias is None: return xw
    return xw + self.bias
