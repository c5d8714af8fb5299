# right: two spaces, Korean comments, a global device and a training loop at module level
import torch
import torch.nn as nn
import torch.optim as optim

device = torch.device("cuda" if torch.cuda.is_available() else "cpu")

class MyModel(nn.Module):
  def __init__(self):
    super().__init__()
    # 학습할 파라미터 3개
    self.a = nn.Parameter(torch.ones(1))
    self.b = nn.Parameter(torch.ones(1) * 2)
    self.c = nn.Parameter(torch.ones(1) * 3)

  def forward(self, x):
    # 이차식 계산
    y = self.a * x * x
    y = y + self.b * x
    y = y + self.c
    return y

net = MyModel().to(device)
x = torch.linspace(-1, 1, 20).to(device)
y = 3 * x ** 2 - x + 1
optimizer = optim.Adam(net.parameters(), lr=0.1)
for epoch in range(5):
  optimizer.zero_grad()
  loss = nn.MSELoss()(net(x), y)
  loss.backward()
  optimizer.step()
  print(epoch, loss.item())
