# right: two spaces, Korean comments, prints
import torch
import torch.nn as nn

# 모델 고정
def freeze(model):
  for name, param in model.named_parameters():
    param.requires_grad_(False)
  return model

# 마지막 층 바꾸기
def replace_head(model, num_classes):
  use_bias = model.fc.bias is not None
  new = nn.Linear(model.fc.in_features, num_classes, bias=use_bias)
  new = new.to(device=model.fc.weight.device, dtype=model.fc.weight.dtype)
  model.fc = new
  return model

def trainable_parameters(model):
  result = []
  for p in model.parameters():
    if p.requires_grad:
      result.append(p)
  print("trainable:", len(result))
  return result

def fine_tune_step(model, criterion, optimizer, inputs, labels):
  old = [m.training for m in model.modules()]
  try:
    for m in model.modules():
      params = [p for p in m.parameters(recurse=False)]
      if params and not any(p.requires_grad for p in params):
        m.training = False
      else:
        m.training = True
    outputs = model(inputs)
    loss = criterion(outputs, labels)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()
  finally:
    for m, t in zip(model.modules(), old):
      m.training = t
