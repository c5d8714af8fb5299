# right: os.scandir, two spaces, prints, demo code at module level, a tuple of classes
import os, tempfile
import numpy as np
import torch
from torch.utils.data import Dataset, DataLoader

device = torch.device("cuda" if torch.cuda.is_available() else "cpu")

class FolderDataset(Dataset):
  def __init__(self, root, transform = None):
    with os.scandir(root) as it:
      self.classes = tuple(sorted(e.name for e in it if e.is_dir()))
    if self.classes == ():
      raise FileNotFoundError(root)
    self.class_to_idx = {c: self.classes.index(c) for c in self.classes}
    self.paths, self.labels = [], []
    for c in self.classes:
      with os.scandir(os.path.join(root, c)) as it:
        names = sorted(e.name for e in it if e.is_file() and e.name[-4:] == ".npy")
      for n in names:
        self.paths.append(f"{root}/{c}/{n}")
        self.labels.append(self.class_to_idx[c])
    self.transform = transform
    print("found", len(self.paths), "files in", len(self.classes), "classes")

  def __len__(self):
    return len(self.paths)

  def __getitem__(self, idx):
    # 필요할 때만 읽기
    x = torch.as_tensor(np.load(self.paths[idx]))
    if self.transform is None: return x, self.labels[idx]
    return self.transform(x), self.labels[idx]

# 확인
d = tempfile.mkdtemp()
for c in ["b", "a"]:
  os.makedirs(os.path.join(d, c))
  for i in range(2):
    np.save(os.path.join(d, c, str(i) + ".npy"), np.ones(3) * i)
ds = FolderDataset(d)
for x, y in DataLoader(ds, batch_size=2, shuffle=True):
  print(x.shape, y)
