"""Train the network of a recipe with plain Keras, without augmentation, and print how long a step took, as JSON.

python -m benchmarks.gpu_plain mnist digits.npz float32 gpu
"""

from __future__ import annotations

import json
import sys
import time

import keras
import numpy as np
import tensorflow as tf

from cnncli.network.build import build
from cnncli.network.instantiate import make, make_optimizer
from cnncli.recipe.load import load
from cnncli.recipe.phases import phases_of


def main(name: str, data: str, policy: str, device: str) -> None:
    if device == "cpu":
        tf.config.set_visible_devices([], "GPU")
    for gpu in tf.config.get_visible_devices("GPU"):
        tf.config.experimental.set_memory_growth(gpu, True)
    with np.load(data) as arrays:
        images, labels = arrays["x_train"], arrays["y_train"]
    loaded = load(name)
    size = loaded.recipe.train.batch_size
    recipe = loaded.resolve(classes=10, steps_per_epoch=len(images) // size).recipe
    network = build(recipe, input_shape=images.shape[1:], policy=policy)
    model = network.full_model
    model.compile(
        optimizer=make_optimizer(phases_of(recipe)[0].optimizer),
        loss="sparse_categorical_crossentropy",
        metrics=[make(metric) for metric in recipe.train.metrics],
    )
    dataset = tf.data.Dataset.from_tensor_slices((images, labels)).shuffle(10_000).batch(size)
    dataset = dataset.prefetch(tf.data.AUTOTUNE)
    model.fit(dataset, epochs=1, verbose=0)
    started = time.perf_counter()
    model.fit(dataset, epochs=2, verbose=0)
    seconds = (time.perf_counter() - started) / 2
    steps = -(-len(images) // size)
    found = {
        "step_ms": 1000 * seconds / steps,
        "images_per_second": len(images) / seconds,
        "xla": bool(model.jit_compile),
    }
    print(json.dumps(found))


if __name__ == "__main__":
    keras.utils.set_random_seed(1)
    main(*sys.argv[1:])
