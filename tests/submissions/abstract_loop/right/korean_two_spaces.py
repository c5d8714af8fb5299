# right: two spaces, Korean comments, prints, mse_loss
import torch
import torch.nn.functional as F

def init_params(dtype=None, device=None):
  one = torch.ones(2, dtype=dtype, device=device)
  return dict(a=one[0].clone().requires_grad_(), b=one[1].clone().requires_grad_())

# 예측
def predict(x, params):
  return params['a'] * x + params['b']

# 오차
def calculate_err(y_pred, y):
  return F.mse_loss(y_pred, y)

# 매개변수 수정
@torch.no_grad()
def update_params(params, lr):
  for k, p in params.items():
    if p.grad is not None:
      p.add_(p.grad, alpha=-lr)

def clear_grad(params):
  for p in params.values():
    p.grad = None

def fit(xs, ys, num_adjust, lr=0.01):
  params = init_params(xs.dtype, xs.device)
  errors = []
  for i in range(num_adjust):
    err = calculate_err(predict(xs, params), ys)
    err.backward()
    update_params(params, lr)
    clear_grad(params)
    errors.append(err.item())
    if i % 10 == 0:
      print(i, err.item())
  return params, errors
