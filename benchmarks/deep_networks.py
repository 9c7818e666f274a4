"""Run the commands on networks of up to 5,000 layers, and print the time and memory of each.

    python -m benchmarks.deep_networks                     # 5,000 layers, and ResNet-1001
    python -m benchmarks.deep_networks --layers 1200 --networks chain residual

Each command runs in a process of its own, so that evaluation opens the model file afresh. Times are processor time, since
other processes slow a core down; `start` is that of `import keras` and TensorFlow alone. A failure is an exit status other
than 0, and more than a minute beyond the start for `validate` and `summary` of ResNet-1001; the exit status is then 1.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

LONGEST = 60.0  # seconds for ResNet-1001 without data, beyond the start of TensorFlow
CONVOLUTION = "Conv2D: {filters: 2, kernel_size: 3, padding: same}"
EVERYTHING = {
    "validate": ("validate", "{recipe}"),
    "summary": ("summary", "{recipe}"),
    "--depth 1": ("summary", "{recipe}", "--depth", "1", "--json"),
    "--all": ("summary", "{recipe}", "--all"),
    "diagram": ("summary", "{recipe}", "--diagram", "{folder}/diagram.svg"),
    "train": ("train", "{recipe}", "--run", "deep", "--output", "{folder}/outputs", "--quiet"),
    "evaluate": ("evaluate", "{folder}/outputs/{name}/deep"),
    "predict": ("predict", "{folder}/outputs/{name}/deep", "{folder}/input.npy"),
}


@dataclass(frozen=True)
class Outcome:
    """What a command took.

    Attributes:
        seconds: of processor time.
        megabytes: of resident memory at most.
        failure: the end of what it wrote where it failed; else empty.
    """

    seconds: float
    megabytes: float
    failure: str


def repeated(layers: str, times: int) -> str:
    """Repetitions of at most 1,000 rounds each."""
    return "\n".join(
        f"    - repeat: {{times: {min(1000, times - done)}, layers: [{layers}]}}" for done in range(0, times, 1000)
    )


@dataclass(frozen=True)
class Network:
    """The shape of the input, and the text of the layers and blocks of a recipe."""

    layers: str
    blocks: str = ""
    shape: tuple[int, ...] = (4, 4, 2)


def doubled(first: str, doubling: str, times: int) -> Network:
    """Calls of blocks within blocks that hold `times` times the layers of the first one.

    Args:
        first: the layers of the first block.
        doubling: those of any other one, where `{}` calls the one before it.
        times: at least 1. As a sum of powers of 2 it says which blocks are called.
    """
    powers = range(min(times.bit_length(), 9))  # a call and a structure are two of 20 within each other
    layers = [first, *(doubling.replace("{}", f"power{power}") for power in powers)]
    blocks = "\n".join(f"  power{power}: {{layers: [{layers[power]}]}}" for power in powers)
    *rest, last = powers
    calls = [last] * (times >> last) + [power for power in rest if times >> power & 1]
    return Network("\n".join(f"    - power{power}" for power in calls), blocks)


def networks(count: int) -> dict[str, Network]:
    """Networks by name; each has about `count` layers."""
    side = int((count / 2) ** (1 / 3))
    nested = f"{CONVOLUTION}, ReLU"
    for _ in range(3):
        nested = f"repeat: {{times: {side}, layers: [{nested}]}}"
    path = f"[{CONVOLUTION}, ReLU]"
    start_at_zero = path.replace("same", "same, kernel_initializer: zeros")  # else values double from sum to sum
    return {
        "chain": Network(repeated(f"{CONVOLUTION}, ReLU", count // 2 - 1)),
        "residual": Network(repeated(f"residual: {{body: {start_at_zero}}}", count // 3 - 1)),
        "nested": Network(f"    - {nested}"),
        "blocks": doubled(f"{CONVOLUTION}, ReLU", "{}, {}", count // 2 - 1),
        "branches": Network(repeated(f"branches: {{merge: Average, paths: [{path}, {path}]}}", count // 5 - 1)),
        "tree": doubled(f"{CONVOLUTION}, ReLU", "branches: {merge: Average, paths: [[{}], [{}]]}", count // 3),
        "resnet1001": Network(RESNET_1001, shape=(32, 32, 3)),
    }


# He et al., 2016, "Identity Mappings in Deep Residual Networks": 111 pre-activated bottlenecks in each of three stages.
RESNET_1001 = """\
    - Conv2D: {filters: 16, kernel_size: 3, padding: same}
    - repeat:
        over: {filters: [16, 32, 64]}
        as: stage
        layers:
          - repeat:
              times: 111
              as: block
              layers:
                - residual:
                    body:
                      - BatchNormalization
                      - ReLU
                      - Conv2D: {filters: $filters, kernel_size: 1, strides: $(2 if block == 0 and stage > 0 else 1)}
                      - BatchNormalization
                      - ReLU
                      - Conv2D: {filters: $filters, kernel_size: 3, padding: same}
                      - BatchNormalization
                      - ReLU
                      - Conv2D: {filters: $(4 * filters), kernel_size: 1}
                    shortcut: auto
    - BatchNormalization
    - ReLU"""


def recipe(network: Network, data: Path) -> str:
    """A recipe that trains one step on two classes."""
    return "\n".join([
        f"data: {{source: {{npz: {{path: {data}}}}}, classes: 2, split: {{validation: 0.2}}}}",
        f"blocks:\n{network.blocks}" if network.blocks else "",
        f"model:\n  input: {list(network.shape)}\n  layers:\n{network.layers}",
        "    - GlobalAveragePooling2D\n    - Dense: {units: $classes, activation: softmax}",
        "train: {epochs: 1, batch_size: 8, optimizer: {SGD: {learning_rate: 0.001}}}\n",
    ])  # fmt: skip


def save_examples(shape: Sequence[int], folder: Path) -> Path:
    """A file of 10 random examples for training and 8 for testing."""
    generator = np.random.default_rng(0)
    inputs = generator.random((18, *shape)).astype("float32")
    labels = np.arange(18) % 2
    path = folder / "examples.npz"
    np.savez(path, x_train=inputs[:10], y_train=labels[:10], x_test=inputs[10:], y_test=labels[10:])
    np.save(folder / "input.npy", inputs[:1])
    return path


def run(arguments: Sequence[str]) -> Outcome:
    """One command of Python in a process of its own."""
    with tempfile.TemporaryFile() as written:
        process = subprocess.Popen([sys.executable, *arguments], stdout=written, stderr=subprocess.STDOUT)
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        written.seek(0)
        text = written.read().decode(errors="replace")
    seconds = used.ru_utime + used.ru_stime
    failure = f"exit status {process.returncode}\n{text[-1500:]}" if process.returncode else ""
    return Outcome(seconds, used.ru_maxrss / 1024, failure)


def measured(name: str, network: Network, commands: dict[str, tuple[str, ...]], start: Outcome) -> list[str]:
    """Run commands on a network and print its row; returns what failed."""
    failures = []
    print(f"{name:<12}", end="", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        data = save_examples(network.shape, Path(folder))
        path = Path(folder) / f"{name}.yaml"
        path.write_text(recipe(network, data), encoding="utf-8")
        without_data = 0.0
        for command, arguments in commands.items():
            outcome = run(["-m", "cnncli", *(part.format(recipe=path, folder=folder, name=name) for part in arguments)])
            print(f"{outcome.seconds:>8.1f} s{outcome.megabytes / 1000:>5.1f} GB", end="", flush=True)
            if command in ("validate", "summary"):
                without_data += outcome.seconds - start.seconds
            if outcome.failure:
                failures.append(f"{name}, {command}: {outcome.failure}")
    print()
    if name == "resnet1001" and without_data > LONGEST:
        failures.append(f"{name}: validate and summary took {without_data:.0f} s (at most {LONGEST:.0f} s)")
    return failures


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--layers", type=int, default=5000)
    parser.add_argument("--networks", nargs="*", choices=networks(100), default=list(networks(100)))
    parser.add_argument("--commands", nargs="*", choices=EVERYTHING, default=list(EVERYTHING))
    options = parser.parse_args()
    commands = {name: EVERYTHING[name] for name in EVERYTHING if name in options.commands}
    start = run(["-c", "import keras, tensorflow"])
    print(f"start: {start.seconds:.1f} s, {start.megabytes / 1000:.1f} GB; {options.layers:,} layers")
    print(f"{'':<12}" + "".join(f"{command:>18}" for command in commands))
    failures = []
    for name in options.networks:
        failures += measured(name, networks(options.layers)[name], commands, start)
    print("\n\n".join(["", *failures]) if failures else "no failures")
    return bool(failures)


if __name__ == "__main__":
    sys.exit(main())
