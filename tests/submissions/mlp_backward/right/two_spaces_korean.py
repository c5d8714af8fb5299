# right: two spaces of indentation, Korean comments, a global device, prints, demo code at module level
import torch
import torch.nn.functional as F

device = torch.device("cuda" if torch.cuda.is_available() else "cpu")  # 사용 가능한 장치
torch.manual_seed(42)

# 순전파: 은닉층이 하나인 신경망
def forward(x, w1, b1, w2, b2):
  z1 = x.mm(w1) + b1
  a1 = F.relu(z1)
  z2 = a1.mm(w2) + b2
  return [z2, [x, z1, a1, w2]]

# 손실 함수
def cross_entropy(logits, labels):
  return F.cross_entropy(logits, labels)

# 역전파
@torch.no_grad()
def backward(cache, logits, labels):
  x, z1, a1, w2 = cache
  m = labels.size(0)
  dz2 = F.softmax(logits, dim=-1)
  dz2[torch.arange(m), labels] -= 1   # 정답 위치에서 1을 뺀다
  dz2 = dz2 / m
  dw2 = a1.t().mm(dz2)
  db2 = torch.sum(dz2, dim=0)
  da1 = dz2.mm(w2.t())
  dz1 = torch.where(z1 > 0, da1, torch.zeros_like(da1))
  dw1 = x.t().mm(dz1)
  db1 = torch.sum(dz1, dim=0)
  return {'w1': dw1, 'b1': db1, 'w2': dw2, 'b2': db2}

x = torch.randn(4, 3)
logits, cache = forward(x, torch.randn(3, 5), torch.zeros(5), torch.randn(5, 2), torch.zeros(2))
print("loss", cross_entropy(logits, torch.tensor([0, 1, 1, 0])).item())
