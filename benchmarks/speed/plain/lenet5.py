"""LeNet-5 on handwritten digits, in plain Keras.

    python lenet5.py digits.npz --epochs 12 --seed 1

The archive has x_train, y_train, x_test and y_test.
"""

import argparse
import json
import time

import keras
import numpy as np
from keras import layers

parser = argparse.ArgumentParser()
parser.add_argument("data")
parser.add_argument("--epochs", type=int, default=12)
parser.add_argument("--seed", type=int, default=42)
parser.add_argument("--model", default="model.keras")
options = parser.parse_args()

keras.utils.set_random_seed(options.seed)


def prepared(images: np.ndarray) -> np.ndarray:
    """uint8 (count, 28, 28) -> float32 (count, 32, 32, 1), 0 to 1, with the paper's border."""
    return np.pad(images.astype("float32") / 255, ((0, 0), (2, 2), (2, 2)))[..., np.newaxis]


with np.load(options.data) as digits:
    x_train, y_train = prepared(digits["x_train"]), digits["y_train"]
    x_test, y_test = prepared(digits["x_test"]), digits["y_test"]

model = keras.Sequential(
    [
        keras.Input(shape=(32, 32, 1)),
        layers.Conv2D(6, kernel_size=5, activation="tanh", name="C1"),
        layers.AveragePooling2D(pool_size=2, name="S2"),
        layers.Conv2D(16, kernel_size=5, activation="tanh", name="C3"),
        layers.AveragePooling2D(pool_size=2, name="S4"),
        layers.Conv2D(120, kernel_size=5, activation="tanh", name="C5"),
        layers.Flatten(),
        layers.Dense(84, activation="tanh", name="F6"),
        layers.Dense(10, activation="softmax", name="output"),
    ]
)
model.summary()
model.compile(
    loss="sparse_categorical_crossentropy", optimizer=keras.optimizers.Adam(learning_rate=1e-3), metrics=["accuracy"]
)

started = time.perf_counter()
model.fit(x_train, y_train, batch_size=128, epochs=options.epochs, validation_split=0.1)
fit_seconds = time.perf_counter() - started

loss, accuracy = model.evaluate(x_test, y_test, verbose=0)
model.save(options.model)
print(json.dumps({"fit_seconds": fit_seconds, "loss": loss, "accuracy": accuracy}))
