"""ResNet-20 of the CIFAR-10 paper, in PyTorch: `python resnet20.py images.npz --epochs 5 --seed 1`."""

import numpy as np
import torch
from torch import nn
from torch.nn import functional
from torchvision.transforms import v2
from training import batches, parsed, run

options = parsed(__doc__, epochs=5)


def prepared(images):
    """uint8 (count, 32, 32, 3) -> float32 (count, 3, 32, 32), 0 to 1."""
    return torch.from_numpy(images).permute(0, 3, 1, 2).contiguous().float() / 255


with np.load(options.data) as images:
    x, y = prepared(images["x_train"]), torch.from_numpy(images["y_train"]).long()
    x_test, y_test = prepared(images["x_test"]), torch.from_numpy(images["y_test"]).long()
held_back = len(x) // 10
augment = v2.Compose([v2.RandomCrop(32, padding=4), v2.RandomHorizontalFlip()])


class Augmented(torch.utils.data.Dataset):
    """Batches of which each image is augmented by itself."""

    def __init__(self, x, y):
        self.x, self.y = x, y

    def __len__(self):
        return len(self.x)

    def __getitem__(self, rows):
        return torch.stack([augment(image) for image in self.x[rows]]), self.y[rows]


class Block(nn.Module):
    def __init__(self, before, filters, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(before, filters, 3, stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(filters)
        self.conv2 = nn.Conv2d(filters, filters, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(filters)
        self.shortcut = nn.Identity()
        if stride != 1 or before != filters:
            self.shortcut = nn.Sequential(nn.Conv2d(before, filters, 1, stride, bias=False), nn.BatchNorm2d(filters))

    def forward(self, x):
        y = functional.relu(self.bn1(self.conv1(x)))
        return functional.relu(self.bn2(self.conv2(y)) + self.shortcut(x))


blocks, before = [], 16
for stage, filters in enumerate((16, 32, 64)):
    for number in range(3):
        blocks.append(Block(before, filters, 2 if stage > 0 and number == 0 else 1))
        before = filters
model = nn.Sequential(
    nn.Conv2d(3, 16, 3, padding=1, bias=False),
    nn.BatchNorm2d(16),
    nn.ReLU(),
    *blocks,
    nn.AdaptiveAvgPool2d(1),
    nn.Flatten(),
    nn.Linear(64, 10),
)
data = Augmented(x[:-held_back], y[:-held_back])
sampler = torch.utils.data.BatchSampler(torch.utils.data.RandomSampler(data), 128, drop_last=False)
run(
    options,
    model,
    lambda parameters: torch.optim.SGD(parameters, lr=0.01, momentum=0.9, nesterov=True, weight_decay=2e-4, fused=True),
    nn.CrossEntropyLoss(),
    torch.utils.data.DataLoader(data, sampler=sampler, batch_size=None),
    batches(x[-held_back:], y[-held_back:], 128),
    batches(x_test, y_test, 128),
)
