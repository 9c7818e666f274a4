"""Time training steps of several processes that take turns: an epoch of each, and again.

    python -m benchmarks.steps_in_turns mnist:float32 mnist:mixed_bfloat16 --rounds 25

A side is `recipe:precision`, and what follows a comma is set in its environment:
`lenet5:float32,TF_ONEDNN_THREADPOOL_USE_CALLER_THREAD=1`. Each trains the network of a recipe with one
output, built and run as `cnncli train` does it, on made-up examples of ten classes with their crossentropy. As all wait
while one computes, a machine that is slow for a while is slow for every side, and the ratios say more than those of
whole processes, one after the other.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import time
from statistics import median, quantiles

from cnncli.tasks.classification.targets import INTEGERS

_READY = "ready"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sides", nargs="+", metavar="RECIPE:PRECISION[,NAME=VALUE…]")
    parser.add_argument("--rounds", type=int, default=25, help="epochs of each side")
    parser.add_argument("--steps", type=int, default=56, help="of an epoch")
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.rounds < 2:
        parser.error("--rounds: at least 2")
    if wrong := [side for side in options.sides if not re.fullmatch(r"[^:,]+:[^:,]+(,[^=,]+=[^,]*)*", side)]:
        parser.error(f"`{wrong[0]}` is no side: RECIPE:PRECISION[,NAME=VALUE…], such as mnist:float32")
    if options.child:
        _train(*options.sides[0].split(":"), options.steps)
        return
    children = [_started(side, options.steps) for side in options.sides]
    milliseconds: list[list[float]] = [[] for _ in children]
    for _ in range(options.rounds):
        for child, taken in zip(children, milliseconds, strict=True):
            taken.append(float(_asked(child)))
    for child in children:
        child.communicate()  # its input ends, and so does it
    print(
        f"{options.rounds} epochs of {options.steps} steps each; milliseconds a step; × is the median of the rounds' ratios"
    )
    for side, taken in zip(options.sides, milliseconds, strict=True):
        fast, *_, slow = quantiles(taken, n=10)
        ratio = median(one / first for one, first in zip(taken, milliseconds[0], strict=True))
        print(f"{median(taken):7.1f} ({fast:.1f}–{slow:.1f})  × {ratio:.2f}  {side}")


def _started(side: str, steps: int) -> subprocess.Popen[str]:
    """A process that is ready to train an epoch for each line that it is given."""
    trained, *settings = side.split(",")
    command = [sys.executable, "-m", "benchmarks.steps_in_turns", "--child", trained, "--steps", str(steps)]
    child = subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={**os.environ, **dict(setting.split("=", 1) for setting in settings)},
    )
    assert child.stdout is not None
    if child.stdout.readline().strip() != _READY:
        sys.exit(f"this ended with status {child.wait()}; run it alone to see why: {' '.join(command)}")
    return child


def _asked(child: subprocess.Popen[str]) -> str:
    assert child.stdin is not None
    assert child.stdout is not None
    child.stdin.write("\n")
    child.stdin.flush()
    return child.stdout.readline()


def _train(name: str, policy: str, steps: int) -> None:
    """Train an epoch of a recipe for each line of the standard input, and print how long a step took."""
    from cnncli.recipe.load import load

    loaded = load(name, [])
    import numpy as np

    from cnncli.data.dataset import INPUT, Examples
    from cnncli.data.pipeline import Batches
    from cnncli.network.build import build
    from cnncli.network.instantiate import make, make_optimizer
    from cnncli.recipe.phases import phases_of
    from cnncli.training.augmentation import training_model
    from cnncli.training.steps import forward_multiply_adds, steps_per_execution

    recipe = loaded.resolve(classes=10, steps_per_epoch=steps).recipe
    batch_size, shape = recipe.train.batch_size, tuple(recipe.model.input or ())
    random = np.random.default_rng(0)
    count = steps * batch_size
    examples = Examples(
        {INPUT: random.integers(0, 256, (count, *shape), np.uint8)}, random.integers(0, 10, count, np.int32)
    )
    batches = Batches(examples, batch_size=batch_size, encodings={"": INTEGERS}, seed=0)
    network = build(recipe, input_shape=shape, policy=policy)
    model, _ = training_model(network, batches)
    model.compile(
        optimizer=make_optimizer(phases_of(recipe)[0].optimizer),
        loss="sparse_categorical_crossentropy",
        metrics=[make(metric) for metric in recipe.train.metrics],
        jit_compile=False,
        steps_per_execution=steps_per_execution(forward_multiply_adds(network), batch_size=batch_size, steps=steps),
    )
    dataset = batches.dataset()

    def epoch() -> float:
        started = time.perf_counter()
        model.fit(dataset, epochs=1, verbose=0, shuffle=False)
        return time.perf_counter() - started

    epoch()
    print(_READY, flush=True)
    for _ in sys.stdin:
        print(epoch() / steps * 1e3, flush=True)


if __name__ == "__main__":
    main()
