"""The CNN of the MNIST tutorials, in PyTorch: `python mnist.py digits.npz --epochs 10 --seed 1`."""

import numpy as np
import torch
from torch import nn
from training import batches, parsed, run

options = parsed(__doc__, epochs=10)
with np.load(options.data) as digits:
    x, y = torch.from_numpy(digits["x_train"]), torch.from_numpy(digits["y_train"]).long()
    x_test, y_test = torch.from_numpy(digits["x_test"]), torch.from_numpy(digits["y_test"]).long()
x, x_test = x.unsqueeze(1).float() / 255, x_test.unsqueeze(1).float() / 255  # (count, 1, 28, 28), 0 to 1
held_back = len(x) // 10

model = nn.Sequential(
    nn.Conv2d(1, 32, 3),
    nn.ReLU(),
    nn.MaxPool2d(2),
    nn.Conv2d(32, 64, 3),
    nn.ReLU(),
    nn.MaxPool2d(2),
    nn.Flatten(),
    nn.Linear(1600, 128),
    nn.ReLU(),
    nn.Linear(128, 10),
)
run(
    options,
    model,
    lambda parameters: torch.optim.Adam(parameters, fused=True),
    nn.CrossEntropyLoss(),
    batches(x[:-held_back], y[:-held_back], 128, shuffle=True),
    batches(x[-held_back:], y[-held_back:], 128),
    batches(x_test, y_test, 128),
)
