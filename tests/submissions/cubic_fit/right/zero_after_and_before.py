# right: zeroes gradients before and after, two spaces, Korean comments
import torch

def predict(x, a, b, c, d):
  return a + b*x + c*x**2 + d*x**3

# 오차 제곱합
def loss(y_pred, y):
  e = y_pred - y
  return (e*e).sum()

def gradients(x, y, a, b, c, d):
  grad_y_pred = 2.0 * (predict(x, a, b, c, d) - y)
  out = []
  for k, p in enumerate([a, b, c, d]):
    out.append((grad_y_pred * x**k).sum().expand(p.shape).clone())
  return out

# 자동 미분으로 한 걸음
def autograd_step(x, y, params, lr):
  a, b, c, d = params
  for p in params:
    if p.grad is not None:
      p.grad.zero_()
  l = loss(predict(x, a, b, c, d), y)
  l.backward()
  with torch.no_grad():
    a -= lr * a.grad
    b -= lr * b.grad
    c -= lr * c.grad
    d -= lr * d.grad
  for p in params:
    p.grad.zero_()
  print("loss", l.item())
  return l.item()
