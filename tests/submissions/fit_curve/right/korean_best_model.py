# right: 가장 좋았던 모델을 통째로 복사, 매개변수와 버퍼를 직접 되돌림
from copy import deepcopy

import torch
from torch import nn
from torch.nn.functional import mse_loss


class Polynomial(nn.Module):
  """계수가 1에서 시작하는 다항식"""
  def __init__(self, degree, dtype=None, device=None):
    super().__init__()
    계수 = torch.ones(degree + 1, dtype=dtype, device=device)
    self.coefficients = nn.Parameter(계수)

  def forward(self, x):
    y = self.coefficients[-1].expand_as(x)
    for k in range(len(self.coefficients) - 2, -1, -1):
      y = torch.addcmul(self.coefficients[k], y, x)
    return y


def predict(model, x):
  # 평가 모드, 그래프 없이
  켜짐 = torch.is_grad_enabled()
  torch.set_grad_enabled(False)
  model.eval()
  y = model(x)
  torch.set_grad_enabled(켜짐)
  return y


def fit(model, criterion, optimizer, train, valid, epochs, patience):
  losses, best, 남은 = [], None, patience
  for _ in range(epochs):
    model.train()
    for p in model.parameters():
      p.grad = None
    loss = criterion(model(train[0]), train[1])
    loss.backward()
    optimizer.step()
    손실 = criterion(predict(model, valid[0]), valid[1]).item()
    if best is None or 손실 < min(losses):
      best, 남은 = deepcopy(model), patience
    else:
      남은 -= 1
    losses.append(손실)
    if not 남은:
      break
  with torch.no_grad():
    for p, q in zip(model.parameters(), best.parameters()):
      p.data = q.data
    for p, q in zip(model.buffers(), best.buffers()):
      p.copy_(q)
  return losses


def plot_fit(axes, x, y, grid, curves):
  축 = lambda t: t.detach().cpu().double().numpy()
  axes.plot(축(x), 축(y), ".", label="점")
  for 이름, 값 in curves.items():
    정렬, 순서 = grid.sort()
    axes.plot(축(정렬), 축(값[순서]), label=이름, color="C1", ls="-.")
  handles, labels = axes.get_legend_handles_labels()
  axes.legend(handles, labels)
  axes.set_xlabel("x"); axes.set_ylabel("y")


def fit_curve(axes, train, valid, grid, degree, lr, epochs, patience):
  model = Polynomial(degree, train[0].dtype, train[0].device)
  optimizer = torch.optim.SGD([model.coefficients], lr=lr, momentum=0)
  처음 = predict(model, grid)
  losses = fit(model, mse_loss, optimizer, train, valid, epochs, patience)
  나중 = predict(model, grid)
  plot_fit(axes, train[0], train[1], grid, {"before": 처음, "after": 나중})
  return model, losses
