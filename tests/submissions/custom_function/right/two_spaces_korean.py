# right: two spaces, Korean comments, attributes of ctx instead of save_for_backward, demo code at module level
import torch
import torch.nn as nn

device = torch.device("cuda" if torch.cuda.is_available() else "cpu")

class LinearFunction(torch.autograd.Function):
  # 선형 함수: y = x W^T + b
  @staticmethod
  def forward(ctx, x, weight, bias):
    ctx.x = x
    ctx.weight = weight
    y = torch.matmul(x, weight.T)
    if bias is not None:
      y = y + bias
    return y

  @staticmethod
  def backward(ctx, grad_output):
    # 역전파
    dx, dw, db = None, None, None
    g = grad_output
    if ctx.needs_input_grad[0]:
      dx = torch.matmul(g, ctx.weight)
    x = ctx.x
    while x.dim() < 2:
      x, g = x.unsqueeze(0), g.unsqueeze(0)
    if ctx.needs_input_grad[1]:
      dw = torch.matmul(g.flatten(0, -2).T, x.flatten(0, -2))
    if ctx.needs_input_grad[2]:
      db = torch.sum(g.flatten(0, -2), dim=0)
    return dx, dw, db

class StraightThroughRound(torch.autograd.Function):
  @staticmethod
  def forward(ctx, x):
    return torch.round(x)

  @staticmethod
  def backward(ctx, grad_output):
    return grad_output * 1

x = torch.tensor([0.4, 1.7], requires_grad=True)
StraightThroughRound.apply(x).sum().backward()
print(x.grad)  # tensor([1., 1.])
