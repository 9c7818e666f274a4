"""Whether XLA compiles the layers that cnncli lets it compile: a training step of each, on the processor.

    python -m benchmarks.xla_layers
    python -m benchmarks.xla_layers --only Conv2D GRU

Run from the top of the repository. Each case is a network of one layer with random weights; its outputs in training mode and
their gradients are compiled with XLA and computed once. XLA on a GPU implements the operations that it implements on a processor,
but for a few, so this needs no GPU. What `cnncli.training.xla` leaves out is listed and not tried: strings end the process. The
exit code is 1 if a case fails.
"""

from __future__ import annotations

import argparse
import sys

import keras
import tensorflow as tf

from benchmarks.layer_cases import CASES, Case
from cnncli.training import xla


def error_of(case: Case) -> str:
    """Why XLA does not compile a training step of a case; empty if it does."""
    model = case.model()
    variables = [variable.value for variable in model.trainable_variables]

    @tf.function(jit_compile=True)
    def step(inputs: tf.Tensor) -> tf.Tensor:
        with tf.GradientTape() as tape:
            loss = sum(
                tf.reduce_sum(tf.cast(each, tf.float32)) for each in tf.nest.flatten(model(inputs, training=True))
            )
        return loss, tape.gradient(loss, variables) if variables else ()

    try:
        step(tf.constant(case.examples(2)))
    except Exception as error:  # whatever TensorFlow raises
        return f"{type(error).__name__}: {str(error).splitlines()[0][:200]}"
    return ""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.xla_layers", description=__doc__)
    parser.add_argument("--only", nargs="+", default=[], metavar="LAYER")
    only = parser.parse_args().only
    failed = 0
    for case in CASES:
        if only and case.layer not in only:
            continue
        if not xla.can_compile(case.model()):
            print(f"{case.code}: left out", flush=True)
            continue
        if error := error_of(case):
            failed += 1
            print(f"{case.code}: {error}", flush=True)
        keras.backend.clear_session()
    print(f"{failed} cases fail that cnncli lets XLA compile")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
