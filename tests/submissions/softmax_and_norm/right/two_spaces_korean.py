# right: two spaces, Korean comments, no_grad everywhere, one function for both norms, a generator of its own, demo code
import torch

device = torch.device("cuda" if torch.cuda.is_available() else "cpu")  # 사용 가능한 장치
generator = torch.Generator()

# 소프트맥스
@torch.no_grad()
def softmax(x, dim=-1):
  m, _ = torch.max(x, dim=dim, keepdim=True)
  e = torch.exp(x - m)
  s = torch.sum(e, dim=dim, keepdim=True)
  return e / s

@torch.no_grad()
def softmax_backward(grad, y, dim=-1):
  s = torch.sum(grad * y, dim=dim, keepdim=True)
  return (grad - s) * y

@torch.no_grad()
def log_softmax(x, dim=-1):
  m, _ = torch.max(x, dim=dim, keepdim=True)
  return x - m - torch.log(torch.sum(torch.exp(x - m), dim=dim, keepdim=True))

@torch.no_grad()
def log_softmax_backward(grad, y, dim=-1):
  return grad - torch.exp(y) * torch.sum(grad, dim=dim, keepdim=True)

# 정규화
def norm(x, weight, bias, mean, var, eps):
  rstd = (var + eps) ** -0.5
  return (x - mean) * rstd * weight + bias, rstd

def grads(grad, x, weight, mean, rstd, dim):
  xhat = (x - mean) * rstd
  d = grad * weight
  dx = d
  if dim is not None:  # 학습 모드
    dx = d - d.mean(dim, keepdim=True) - xhat * (d * xhat).mean(dim, keepdim=True)
  d = weight.shape[0]
  return {
    "x": dx * rstd,
    "weight": (grad * xhat).reshape(-1, d).sum(0),
    "bias": grad.reshape(-1, d).sum(0),
  }

@torch.no_grad()
def layer_norm(x, weight, bias, eps=1e-5):
  mean = x.mean(-1, keepdim=True)
  var = x.var(-1, keepdim=True, unbiased=False)
  y, rstd = norm(x, weight, bias, mean, var, eps)
  return y, (x, weight, mean, rstd)

@torch.no_grad()
def layer_norm_backward(grad, cache):
  x, weight, mean, rstd = cache
  return grads(grad, x, weight, mean, rstd, -1)

@torch.no_grad()
def batch_norm(x, weight, bias, running_mean, running_var, training=True, momentum=0.1, eps=1e-5):
  if training:
    mean = x.mean(0)
    var = x.var(0, unbiased=False)
    # 이동 평균
    running_mean[:] = (1 - momentum) * running_mean + momentum * mean
    running_var[:] = (1 - momentum) * running_var + momentum * x.var(0, unbiased=True)
  else:
    mean = running_mean.clone()
    var = running_var.clone()
  y, rstd = norm(x, weight, bias, mean, var, eps)
  return y, (x, weight, mean, rstd, 0 if training else None)

@torch.no_grad()
def batch_norm_backward(grad, cache):
  return grads(grad, *cache)

# 드롭아웃
def dropout(x, p=0.5, training=True):
  if training:
    keep = torch.rand(x.shape, generator=generator, device="cpu") >= p
    keep = keep.to(x.device)
  else:
    keep, p = torch.ones_like(x, dtype=torch.bool), 0.0
  zero = torch.zeros_like(x)
  return torch.where(keep, x / max(1 - p, 1e-12), zero), {"keep": keep, "p": p}

def dropout_backward(grad, cache):
  zero = torch.zeros_like(grad)
  return torch.where(cache["keep"], grad / max(1 - cache["p"], 1e-12), zero)

print(softmax(torch.tensor([0.0, 1.0986], device=device)))
