"""A small detector of squares, discs and triangles on pictures of 64x64, in plain Keras.

    python detector.py scenes.npz --epochs 20 --seed 1

The archive has x_train, y_train, x_test and y_test: pictures, and boxes (count, boxes, 5) as top, left, bottom, right in [0, 1]
and the class, with rows of -1 where there is none. Maps of centres as in Zhou et al., "Objects as Points" (2019), distances to
the sides as in Tian et al., "FCOS" (2019).
"""

import argparse
import json
import time

import keras
import numpy as np
import tensorflow as tf
from keras import layers

CELLS, CLASSES = 16, 3

parser = argparse.ArgumentParser()
parser.add_argument("data")
parser.add_argument("--epochs", type=int, default=20)
parser.add_argument("--seed", type=int, default=42)
parser.add_argument("--model", default="model.keras")
options = parser.parse_args()

keras.utils.set_random_seed(options.seed)

with np.load(options.data) as scenes:
    x_train, boxes_train = scenes["x_train"], scenes["y_train"]
    x_test, boxes_test = scenes["x_test"], scenes["y_test"]


def maps(boxes):
    """Maps of the boxes of every picture: centres (…, 3), sides (…, 4), and the weights of the cells for each."""
    centres = np.zeros((len(boxes), CELLS, CELLS, CLASSES), "float32")
    sides = np.zeros((len(boxes), CELLS, CELLS, 4), "float32")
    centre_weights = np.ones((len(boxes), CELLS, CELLS), "float32")
    side_weights = np.zeros((len(boxes), CELLS, CELLS), "float32")
    places = np.arange(CELLS) + 0.5
    for number, some in enumerate(boxes):
        some = some[some[:, 4] >= 0]
        for top, left, bottom, right, _ in some:
            top, left, bottom, right = (CELLS * side for side in (top, left, bottom, right))
            y, x = (top + bottom) / 2, (left + right) / 2
            down, across = places[:, None] - y, places[None] - x
            height, width = bottom - top, right - left
            bump = np.exp(-((down / (0.18 * height)) ** 2) / 2 - (across / (0.18 * width)) ** 2 / 2)
            centre_weights[number] = np.minimum(centre_weights[number], (1 - bump) ** 4)
            core = (abs(down) <= max(0.2 * height, 0.5)) & (abs(across) <= max(0.2 * width, 0.5))
            rows, columns = np.nonzero(core)
            to_sides = [places[rows] - top, places[columns] - left, bottom - places[rows], right - places[columns]]
            sides[number, rows, columns] = np.maximum(np.stack(to_sides, axis=-1), 0)
            side_weights[number, rows, columns] = 1
        for top, left, bottom, right, label in some:
            row, column = int((top + bottom) / 2 * CELLS), int((left + right) / 2 * CELLS)
            centres[number, row, column, int(label)] = centre_weights[number, row, column] = 1
        centre_weights[number] *= CELLS**2 / max(len(some), 1)
        side_weights[number] *= CELLS**2 / max(side_weights[number].sum(), 1)
    return centres, sides, centre_weights, side_weights


def flipped(picture, centres, sides, centre_weights, side_weights):
    """The same or, half of the time, its mirror image: left and right change places."""
    if tf.random.uniform(()) < 0.5:
        picture, centres = picture[:, ::-1], centres[:, ::-1]
        sides = tf.gather(sides[:, ::-1], [0, 3, 2, 1], axis=-1)
        centre_weights, side_weights = centre_weights[:, ::-1], side_weights[:, ::-1]
    return picture, centres, sides, centre_weights, side_weights


def for_keras(picture, centres, sides, centre_weights, side_weights):
    return picture, {"centres": centres, "sides": sides}, {"centres": centre_weights, "sides": side_weights}


def dataset(pictures, boxes):
    return tf.data.Dataset.from_tensor_slices((pictures, *maps(boxes)))


held_back = len(x_train) // 10
train_ds = dataset(x_train[held_back:], boxes_train[held_back:]).shuffle(1000)
train_ds = train_ds.map(flipped, num_parallel_calls=tf.data.AUTOTUNE).batch(16).map(for_keras)
train_ds = train_ds.prefetch(tf.data.AUTOTUNE)
val_ds = dataset(x_train[:held_back], boxes_train[:held_back]).batch(16).map(for_keras).prefetch(tf.data.AUTOTUNE)
test_ds = dataset(x_test, boxes_test).batch(16).map(for_keras).prefetch(tf.data.AUTOTUNE)


def conv(x, filters, strides=1):
    x = layers.Conv2D(filters, 3, strides=strides, padding="same", use_bias=False)(x)
    return layers.ReLU()(layers.BatchNormalization()(x))


inputs = keras.Input(shape=(64, 64, 3))
x = layers.Rescaling(1 / 127.5, offset=-1)(inputs)
x = conv(x, 24, strides=2)
x = conv(x, 48, strides=2)
fine = conv(x, 48)
x = conv(fine, 96, strides=2)
middle = conv(x, 96)
x = conv(middle, 120, strides=2)
x = layers.UpSampling2D()(conv(x, 120))
x = conv(layers.Concatenate()([x, middle]), 64)
x = layers.UpSampling2D()(x)
neck = conv(layers.Concatenate()([x, fine]), 64)
centres = layers.Conv2D(
    CLASSES, 1, activation="sigmoid", bias_initializer=keras.initializers.Constant(-4.0), name="centres"
)(conv(neck, 48))
sides = layers.Conv2D(4, 1, activation="softplus", name="sides")(conv(neck, 48))
model = keras.Model(inputs, {"centres": centres, "sides": sides})
model.summary()
model.compile(
    loss={"centres": keras.losses.BinaryFocalCrossentropy(), "sides": keras.losses.Huber(delta=0.1)},
    loss_weights={"centres": 1, "sides": 4},
    optimizer=keras.optimizers.Adam(learning_rate=3e-3),
)

started = time.perf_counter()
model.fit(train_ds, epochs=options.epochs, validation_data=val_ds)
fit_seconds = time.perf_counter() - started

loss = model.evaluate(test_ds, verbose=0, return_dict=True)["loss"]
model.save(options.model)
print(json.dumps({"fit_seconds": fit_seconds, "loss": loss}))
