# right: two spaces, Korean comments, prints
import torch

# 수치 미분
def forward_difference(f, x, h=1e-3):
  # 전진 차분
  y = (f(x + h) - f(x)) / h
  print("forward", y.shape)
  return y

def central_difference(f, x, h=1e-3):
  # 중앙 차분
  return (f(x + h) - f(x - h)) / (h + h)

def numerical_gradient(f, x, h=1e-3):
  g = [0.0] * x.numel()
  for i in range(x.numel()):
    a = x.flatten().clone(); a[i] = a[i] + h
    b = x.flatten().clone(); b[i] = b[i] - h
    g[i] = ((f(a.view(x.shape)) - f(b.view(x.shape))) / (2 * h)).item()
  return torch.tensor(g, dtype=x.dtype, device=x.device).reshape(x.shape)
