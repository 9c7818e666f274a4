"""Train and test a network, as https://docs.pytorch.org/tutorials/beginner/basics/optimization_tutorial.html shows it.

What makes PyTorch faster on a processor is used where it costs a line: whole batches are taken from memory at once, and
the optimizers are fused.
"""

import argparse
import json
import sys
import time

import torch
from torch.utils.data import BatchSampler, DataLoader, RandomSampler, SequentialSampler, TensorDataset


def parsed(description, *, epochs):
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("data")
    parser.add_argument("--epochs", type=int, default=epochs)
    parser.add_argument("--seed", type=int, default=42)
    parser.add_argument("--channels-last", action="store_true", help="the layout that oneDNN prefers")
    parser.add_argument("--compile", action="store_true", help="torch.compile")
    parser.add_argument("--turns", action="store_true", help="wait for a line on stdin before each epoch but the first")
    parser.add_argument("--model", default="model.pt")
    options = parser.parse_args()
    torch.manual_seed(options.seed)
    return options


def batches(x, y, batch_size, *, shuffle=False):
    """Batches of tensors in memory; indexing whole batches is several times as fast as collating examples."""
    data = TensorDataset(x, y)
    sampler = RandomSampler(data) if shuffle else SequentialSampler(data)
    return DataLoader(data, sampler=BatchSampler(sampler, batch_size, drop_last=False), batch_size=None)


def run(options, model, optimizer_of, loss_fn, train, validation, test):
    """Fit, test and save; print what the plain Keras scripts print."""
    to = {"memory_format": torch.channels_last} if options.channels_last else {}
    model = model.to(**to)
    optimizer = optimizer_of(model.parameters())
    network = torch.compile(model) if options.compile else model
    started = time.perf_counter()
    for epoch in range(options.epochs):
        epoch_started = time.perf_counter()
        loss, accuracy, steps = train_epoch(network, optimizer, loss_fn, train, to)
        seconds = time.perf_counter() - epoch_started
        val_loss, val_accuracy = evaluate(network, loss_fn, validation, to)
        print(
            f"epoch {epoch + 1}: loss {loss:.4f} accuracy {accuracy:.4f} val_loss {val_loss:.4f} val_accuracy {val_accuracy:.4f}"
        )
        if options.turns:
            print(f"turn {seconds} {steps}", flush=True)
            if not sys.stdin.readline():
                return
    fit_seconds = time.perf_counter() - started
    loss, accuracy = evaluate(network, loss_fn, test, to)
    torch.save(model.state_dict(), options.model)
    print(json.dumps({"fit_seconds": fit_seconds, "loss": loss, "accuracy": accuracy}))


def train_epoch(network, optimizer, loss_fn, train, to):
    network.train()
    total, correct, count, steps = torch.zeros(()), torch.zeros((), dtype=torch.long), 0, 0
    for x, y in train:
        outputs = network(x.to(**to))
        loss = loss_fn(outputs, y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.detach() * len(y)
        correct += right(outputs, y)
        count, steps = count + len(y), steps + 1
    return total.item() / count, correct.item() / count, steps


def evaluate(network, loss_fn, data, to):
    network.eval()
    total, correct, count = 0.0, 0, 0
    with torch.no_grad():
        for x, y in data:
            outputs = network(x.to(**to))
            total += loss_fn(outputs, y).item() * len(y)
            correct += right(outputs, y).item()
            count += len(y)
    return total / count, correct / count


def right(outputs, y):
    return ((outputs > 0) == (y > 0.5)).sum() if outputs.ndim == 1 else (outputs.argmax(1) == y).sum()
