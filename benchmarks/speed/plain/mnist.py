"""The CNN of the MNIST tutorials, in plain Keras.

    python mnist.py digits.npz --epochs 10 --seed 1

The archive has x_train, y_train, x_test and y_test. As in https://keras.io/examples/vision/mnist_convnet/
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

with np.load(options.data) as digits:
    x_train, y_train = digits["x_train"], digits["y_train"]
    x_test, y_test = digits["x_test"], digits["y_test"]
x_train = np.expand_dims(x_train.astype("float32") / 255, -1)  # (count, 28, 28, 1), 0 to 1
x_test = np.expand_dims(x_test.astype("float32") / 255, -1)
y_train = keras.utils.to_categorical(y_train, 10)
y_test = keras.utils.to_categorical(y_test, 10)

model = keras.Sequential(
    [
        keras.Input(shape=(28, 28, 1)),
        layers.Conv2D(32, kernel_size=3, activation="relu"),
        layers.MaxPooling2D(pool_size=2),
        layers.Conv2D(64, kernel_size=3, activation="relu"),
        layers.MaxPooling2D(pool_size=2),
        layers.Flatten(),
        layers.Dense(128, activation="relu"),
        layers.Dense(10, activation="softmax"),
    ]
)
model.summary()
model.compile(loss="categorical_crossentropy", optimizer="adam", metrics=["accuracy"])

started = time.perf_counter()
model.fit(x_train, y_train, batch_size=128, epochs=options.epochs, validation_split=0.1)
fit_seconds = time.perf_counter() - started

loss, accuracy = model.evaluate(x_test, y_test, verbose=0)
model.save(options.model)
print(json.dumps({"fit_seconds": fit_seconds, "loss": loss, "accuracy": accuracy}))
