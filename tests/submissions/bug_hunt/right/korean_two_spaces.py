# right: two spaces, Korean comments, prints
import torch
import torch.nn as nn

def should_log(epoch, every):
  # every 번째 epoch마다
  return not epoch % every

def accumulated_steps(model, criterion, optimizer, batches):
  result = []
  for i, (inputs, labels) in enumerate(batches):
    model.zero_grad()
    out = model(inputs)
    loss = criterion(out, labels)
    loss.backward()
    optimizer.step()
    print(i, loss.item())
    result += [loss.item()]
  return result

class PlainLinear(nn.Module):
  def __init__(self, in_features, out_features):
    super().__init__()
    self.weights = nn.Parameter(torch.empty(in_features, out_features).normal_())
    self.bias = nn.Parameter(torch.empty(out_features).normal_())

  def forward(self, x):
    return torch.matmul(x, self.weights) + self.bias

def polynomial_model(x, a, b, c):
  y  = a * (x**2)
  y = y + b * (x**1)
  y = y + c
  return y

def difference(f, x, h=1e-3):
  return (f(x + h) - f(x - h)) / (h + h)
