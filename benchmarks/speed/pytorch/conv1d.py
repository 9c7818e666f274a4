"""The 1-D network of the Keras guides on signals (64, 100), in PyTorch: `python conv1d.py signals.npz --epochs 10 --seed 1`."""

import numpy as np
import torch
from torch import nn
from training import batches, parsed, run

options = parsed(__doc__, epochs=10)
with np.load(options.data) as signals:
    x = torch.from_numpy(signals["x"]).transpose(1, 2).contiguous()  # (count, 100, 64)
    y = torch.from_numpy(signals["y"]).float()
test_count = len(x) // 10
x_test, y_test, x, y = x[:test_count], y[:test_count], x[test_count:], y[test_count:]
held_back = len(x) // 10


class Network(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv1d(100, 64, 3),
            nn.ReLU(),
            nn.Conv1d(64, 64, 3),
            nn.ReLU(),
            nn.MaxPool1d(3),
            nn.Conv1d(64, 128, 3),
            nn.ReLU(),
            nn.Conv1d(128, 128, 3),
            nn.ReLU(),
        )
        self.head = nn.Sequential(nn.Dropout(0.5), nn.Linear(128, 1))

    def forward(self, x):
        return self.head(self.body(x).mean(2)).squeeze(1)  # logits (batch,)


run(
    options,
    Network(),
    lambda parameters: torch.optim.RMSprop(parameters, lr=1e-3, alpha=0.9),  # has no fused form
    nn.BCEWithLogitsLoss(),
    batches(x[:-held_back], y[:-held_back], 16, shuffle=True),
    batches(x[-held_back:], y[-held_back:], 16),
    batches(x_test, y_test, 16),
)
