# right: two spaces, Korean comments, prints, a global `device` that is not used, own loop in train, demo at module level
import torch
import torch.nn as nn
import torch.optim as optim

device = torch.device("cuda" if torch.cuda.is_available() else "cpu")

# 한 스텝 학습
def train_step(model, criterion, optimizer, inputs, labels):
  model.train()
  dev = next(model.parameters()).device
  inputs, labels = inputs.to(dev), labels.to(dev)
  pred = model(inputs)
  loss = criterion(pred, labels)
  optimizer.zero_grad()   # 기울기 초기화
  loss.backward()         # 역전파
  optimizer.step()        # 갱신
  return loss.detach().cpu().item()

# 전체 학습
def train(model, criterion, optimizer, loader, epochs):
  model.train()
  dev = next(model.parameters()).device
  history = []
  for epoch in range(1, epochs + 1):
    total = 0
    n = 0
    for i, batch in enumerate(loader):
      x, y = batch
      x = x.to(dev); y = y.to(dev)
      optimizer.zero_grad()
      loss = criterion(model(x), y)
      loss.backward()
      optimizer.step()
      total = total + loss.item() * len(y)
      n = n + len(y)
      if i % 100 == 0:
        print("Epoch {:4d} Batch {} Loss: {:.6f}".format(epoch, i, loss.item()))
    history.append(total / n)
  return history

# 평가
def evaluate(model, criterion, loader):
  saved = []
  for mod in model.modules():
    saved.append(mod.training)
  model.eval()
  try:
    dev = next(model.parameters()).device
    loss_sum = 0; right = 0; n = 0
    for x, y in loader:
      x = x.to(dev); y = y.to(dev)
      with torch.no_grad():
        out = model(x)
        loss_sum += criterion(out, y).item() * len(y)
        _, pred = torch.max(out, 1)
        right += int(torch.sum(pred == y))
        n += len(y)
    return loss_sum / n, right / n
  finally:
    for mod, t in zip(model.modules(), saved):
      mod.train(t)

net = nn.Linear(2, 2)
opt = optim.SGD(net.parameters(), lr=0.1)
data = [(torch.randn(4, 2), torch.tensor([0, 1, 1, 0]))] * 3
print(train(net, nn.CrossEntropyLoss(), opt, data, 2), evaluate(net, nn.CrossEntropyLoss(), data))
