# right: two spaces of indentation, Korean comments, a global `device`, prints, demo code at module level
import torch
import torch.nn as nn

device = torch.device("cuda" if torch.cuda.is_available() else "cpu")  # 사용 가능한 장치
torch.manual_seed(1234)

class LR(nn.Module):
  # 로지스틱 회귀
  def __init__(self, dim, lr=torch.scalar_tensor(0.01), device=None, dtype=None):
    super(LR, self).__init__()
    # 파라미터 초기화
    self.w = torch.zeros(dim, 1, dtype=dtype, device=device)
    self.b = torch.scalar_tensor(0, dtype=dtype, device=device)
    self.grads = {"dw": torch.zeros(dim, 1, dtype=dtype, device=device),
                  "db": torch.scalar_tensor(0, dtype=dtype, device=device)}
    self.lr = lr

  def forward(self, x):
    ## 순전파
    z = torch.mm(self.w.T, x) + self.b
    a = self.sigmoid(z)
    return a

  def sigmoid(self, z):
    return 1/(1 + torch.exp(-z))

  def backward(self, x, yhat, y):
    ## 역전파
    self.grads["dw"] = (1/x.shape[1]) * torch.mm(x, (yhat - y).T)
    self.grads["db"] = (1/x.shape[1]) * torch.sum(yhat - y)

  def optimize(self):
    ## 갱신
    lr = float(self.lr)
    self.w = self.w - lr * self.grads["dw"]
    self.b = self.b - lr * self.grads["db"]

def loss(yhat, y):
  m = y.size()[1]
  a = torch.clamp(torch.log(yhat), min=-100.)
  b = torch.clamp(torch.log(1 - yhat), min=-100.)
  return -(1/m) * torch.sum(y*a + (1 - y)*b)

# 확인
x = torch.randn(3, 20)
y = (x.sum(0, keepdim=True) > 0).float()
model = LR(3)
costs = []
for i in range(20):
  yhat = model.forward(x)
  cost = loss(yhat, y)
  model.backward(x, yhat, y)
  model.optimize()
  costs.append(cost.item())
  if i % 10 == 0:
    print("Cost after iteration {}: {}".format(i, cost))
