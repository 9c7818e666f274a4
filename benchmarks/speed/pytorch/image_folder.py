"""The CNN of the MNIST tutorials on a folder of small colour images, in PyTorch: `python image_folder.py images --epochs 5`.

The folder has train/ and test/, each with a folder a class. Images are decoded in each epoch, by a process for each core.
"""

import os

import torch
from torch import nn
from torch.utils.data import DataLoader, random_split
from torchvision.datasets import ImageFolder
from torchvision.transforms import ToTensor
from training import parsed, run

options = parsed(__doc__, epochs=5)
images = ImageFolder(os.path.join(options.data, "train"), ToTensor())
test = ImageFolder(os.path.join(options.data, "test"), ToTensor())
train, validation = random_split(images, [0.9, 0.1])
how = {"batch_size": 128, "num_workers": len(os.sched_getaffinity(0)), "persistent_workers": True}

model = nn.Sequential(
    nn.Conv2d(3, 32, 3),
    nn.ReLU(),
    nn.MaxPool2d(2),
    nn.Conv2d(32, 64, 3),
    nn.ReLU(),
    nn.MaxPool2d(2),
    nn.Flatten(),
    nn.Linear(2304, 128),
    nn.ReLU(),
    nn.Linear(128, len(images.classes)),
)
run(
    options,
    model,
    lambda parameters: torch.optim.Adam(parameters, fused=True),
    nn.CrossEntropyLoss(),
    DataLoader(train, shuffle=True, **how),
    DataLoader(validation, **how),
    DataLoader(test, **how),
)
