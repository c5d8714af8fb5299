# right: loops over the samples, two spaces, Korean comments
import torch

# 예측값
def predict(x, a, b):
  return a*x + b

# 손실 함수
def mse(y_pred, y):
  total = torch.zeros((), dtype=y.dtype, device=y.device)
  for p, t in zip(y_pred, y):
    total = total + (p - t) ** 2
  return total / len(y)

# 기울기
def gradients(x, y, a, b):
  da = torch.zeros_like(a)
  db = torch.zeros_like(b)
  for i in range(len(x)):
    e = (a * x[i] + b) - y[i]
    da = da + (2 * e * x[i] / len(x)).reshape(a.shape)
    db = db + (2 * e / len(x)).reshape(b.shape)
  print("da", da, "db", db)
  return da, db

def step(x, y, a, b, lr):
  da, db = gradients(x, y, a, b)
  new_a = a.clone()
  new_a -= lr * da
  new_b = b.clone()
  new_b -= lr * db
  return new_a, new_b
