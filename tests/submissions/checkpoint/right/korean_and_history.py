# right: two spaces, Korean comments, the history in the file too, batches moved, numpy's mean
import os
import numpy as np
import torch

history_so_far = {}


def save_checkpoint(path, model, optimizer, scheduler, epoch):
  # 모든 상태를 한 파일에 저장한다
  torch.save({
    'epoch': epoch,
    'model': model.state_dict(),
    'optimizer': optimizer.state_dict(),
    'scheduler': scheduler.state_dict(),
    'rng': torch.get_rng_state(),
    'note': '체크포인트',
  }, path)
  print(f'{epoch} 에폭까지 저장했습니다: {path}')


def load_checkpoint(path, model, optimizer, scheduler):
  ckpt = torch.load(path, map_location='cpu', weights_only=True)
  model.load_state_dict(ckpt['model'])
  optimizer.load_state_dict(ckpt['optimizer'])
  scheduler.load_state_dict(ckpt['scheduler'])
  torch.set_rng_state(ckpt['rng'])
  return ckpt['epoch']


def train(model, criterion, optimizer, scheduler, loader, epochs, path):
  device = next(model.parameters()).device
  start = 0
  if os.path.exists(path):
    start = load_checkpoint(path, model, optimizer, scheduler)
    print('이어서 학습합니다', start)
  model.train()
  losses = []
  for epoch in range(start, epochs):
    batch_losses = []
    for i, (x, y) in enumerate(loader):
      x, y = x.to(device), y.to(device)
      out = model(x)
      loss = criterion(out, y)
      optimizer.zero_grad()
      loss.backward()
      optimizer.step()
      batch_losses.append(loss.item())
    scheduler.step()
    losses.append(float(np.mean(batch_losses)))
    save_checkpoint(path, model, optimizer, scheduler, epoch + 1)
  return losses
