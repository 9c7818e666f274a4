"""LeNet-5 on handwritten digits, in PyTorch: `python lenet5.py digits.npz --epochs 12 --seed 1`."""

import numpy as np
import torch
from torch import nn
from torch.nn import functional
from training import batches, parsed, run

options = parsed(__doc__, epochs=12)


def prepared(images):
    """uint8 (count, 28, 28) -> float32 (count, 1, 32, 32), 0 to 1, with the paper's border."""
    return functional.pad(torch.from_numpy(images).unsqueeze(1).float() / 255, (2, 2, 2, 2))


with np.load(options.data) as digits:
    x, y = prepared(digits["x_train"]), torch.from_numpy(digits["y_train"]).long()
    x_test, y_test = prepared(digits["x_test"]), torch.from_numpy(digits["y_test"]).long()
held_back = len(x) // 10

model = nn.Sequential(
    nn.Conv2d(1, 6, 5),
    nn.Tanh(),
    nn.AvgPool2d(2),
    nn.Conv2d(6, 16, 5),
    nn.Tanh(),
    nn.AvgPool2d(2),
    nn.Conv2d(16, 120, 5),
    nn.Tanh(),
    nn.Flatten(),
    nn.Linear(120, 84),
    nn.Tanh(),
    nn.Linear(84, 10),
)
run(
    options,
    model,
    lambda parameters: torch.optim.Adam(parameters, lr=1e-3, fused=True),
    nn.CrossEntropyLoss(),
    batches(x[:-held_back], y[:-held_back], 128, shuffle=True),
    batches(x[-held_back:], y[-held_back:], 128),
    batches(x_test, y_test, 128),
)
