"""The 1-D network of the Keras guides on signals of 64 points in time with 100 channels, in plain Keras.

    python conv1d.py signals.npz --epochs 10 --seed 1

The archive has x, float (count, 64, 100), and y, the class of each, 0 or 1.
"""

import argparse
import json
import time

import keras
import numpy as np
from keras import layers

parser = argparse.ArgumentParser()
parser.add_argument("data")
parser.add_argument("--epochs", type=int, default=10)
parser.add_argument("--seed", type=int, default=42)
parser.add_argument("--model", default="model.keras")
options = parser.parse_args()

keras.utils.set_random_seed(options.seed)

with np.load(options.data) as signals:
    x, y = signals["x"], signals["y"]
test_count = len(x) // 10
x_train, y_train, x_test, y_test = x[test_count:], y[test_count:], x[:test_count], y[:test_count]

model = keras.Sequential(
    [
        keras.Input(shape=(64, 100)),
        layers.Conv1D(64, 3, activation="relu"),
        layers.Conv1D(64, 3, activation="relu"),
        layers.MaxPooling1D(3),
        layers.Conv1D(128, 3, activation="relu"),
        layers.Conv1D(128, 3, activation="relu"),
        layers.GlobalAveragePooling1D(),
        layers.Dropout(0.5),
        layers.Dense(1, activation="sigmoid"),
    ]
)
model.summary()
model.compile(loss="binary_crossentropy", optimizer="rmsprop", metrics=["accuracy"])

started = time.perf_counter()
model.fit(x_train, y_train, batch_size=16, epochs=options.epochs, validation_split=0.1)
fit_seconds = time.perf_counter() - started

loss, accuracy = model.evaluate(x_test, y_test, verbose=0)
model.save(options.model)
print(json.dumps({"fit_seconds": fit_seconds, "loss": loss, "accuracy": accuracy}))
