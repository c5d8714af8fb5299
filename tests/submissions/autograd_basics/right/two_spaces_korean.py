# right: two spaces, Korean comments, prints, a demo at module level
import torch

# 기울기 구하기
def gradient(f, x):
  z = x.detach().clone()
  z.requires_grad_(True)
  out = f(z)
  print("loss:", out.item())
  out.backward(inputs=[z])
  return z.grad

def mean_polynomial_gradient(x):
  return gradient(lambda t: (t**4 + 3*t**3 + 8*t**2 + 3).mean(), x)

def q_gradients(a, b):
  # Q = 3a^3 - b^2
  return gradient(lambda t: (3*t**3).sum(), a), gradient(lambda t: -(t**2).sum(), b)

x = torch.ones(4, 4)
print(mean_polynomial_gradient(x))
