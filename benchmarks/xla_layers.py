"""Which layers of Keras XLA compiles: a training step of each, on the processor.

    python -m benchmarks.xla_layers
    python -m benchmarks.xla_layers --only Conv2D GRU

Run from the top of the repository. Each case is a network of one layer with random weights; its outputs in training mode and
their gradients are compiled with XLA and computed once. XLA on a GPU implements the operations that it implements on a processor,
but for a few, so this needs no GPU. The exit code is 1 if `cnncli.training.xla` answers differently for a case.
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
    differing = 0
    for case in CASES:
        if only and case.layer not in only:
            continue
        error, expected = error_of(case), xla.can_compile(case.model())
        differing += (not error) != expected
        if error or not expected:
            told = "" if (not error) != expected else "  (as expected)"
            print(f"{case.code}{told}: {error or 'compiled'}", flush=True)
        keras.backend.clear_session()
    print(f"{differing} cases differ from cnncli.training.xla")
    return 1 if differing else 0


if __name__ == "__main__":
    sys.exit(main())
