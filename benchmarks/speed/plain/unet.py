"""A small U-Net on pictures of 64x64, in plain Keras.

    python unet.py shapes.npz --epochs 20 --seed 1

The archive has x_train, y_train, x_test and y_test: pictures and masks. As in
https://keras.io/examples/vision/oxford_pets_image_segmentation/, with the network of Ronneberger et al., "U-Net" (2015).
"""

import argparse
import json
import time

import keras
import numpy as np
import tensorflow as tf
from keras import layers

parser = argparse.ArgumentParser()
parser.add_argument("data")
parser.add_argument("--epochs", type=int, default=20)
parser.add_argument("--seed", type=int, default=42)
parser.add_argument("--model", default="model.keras")
options = parser.parse_args()

keras.utils.set_random_seed(options.seed)

with np.load(options.data) as shapes:
    x_train, y_train = shapes["x_train"], shapes["y_train"]
    x_test, y_test = shapes["x_test"], shapes["y_test"]


def flipped(picture, mask):
    turn = tf.random.uniform(()) < 0.5
    picture = tf.where(turn, tf.image.flip_left_right(picture), picture)
    mask = tf.where(turn, tf.image.flip_left_right(mask), mask)
    upside_down = tf.random.uniform(()) < 0.5
    picture = tf.where(upside_down, tf.image.flip_up_down(picture), picture)
    return picture, tf.where(upside_down, tf.image.flip_up_down(mask), mask)


def dataset(pictures, masks):
    return tf.data.Dataset.from_tensor_slices((pictures, masks[..., None]))


held_back = len(x_train) // 10
train_ds = dataset(x_train[held_back:], y_train[held_back:]).shuffle(1000)
train_ds = train_ds.map(flipped, num_parallel_calls=tf.data.AUTOTUNE).batch(8).prefetch(tf.data.AUTOTUNE)
val_ds = dataset(x_train[:held_back], y_train[:held_back]).batch(8).prefetch(tf.data.AUTOTUNE)
test_ds = dataset(x_test, y_test).batch(8).prefetch(tf.data.AUTOTUNE)


def double(x, filters):
    for _ in range(2):
        x = layers.Conv2D(filters, 3, padding="same", use_bias=False, kernel_initializer="he_normal")(x)
        x = layers.ReLU()(layers.BatchNormalization()(x))
    return x


inputs = keras.Input(shape=(64, 64, 3))
x = layers.Rescaling(1 / 255)(inputs)
skips = []
for filters in (16, 32, 64):
    skips.append(double(x, filters))
    x = layers.MaxPooling2D(2)(skips[-1])
x = double(x, 128)
for filters, skip in zip((64, 32, 16), reversed(skips), strict=True):
    x = layers.Conv2DTranspose(filters, 2, strides=2)(x)
    x = double(layers.Concatenate()([x, skip]), filters)
outputs = layers.Conv2D(3, 1, activation="softmax")(x)
model = keras.Model(inputs, outputs)
model.summary()
model.compile(
    loss="sparse_categorical_crossentropy",
    optimizer=keras.optimizers.Adam(learning_rate=2e-3),
    metrics=["accuracy", keras.metrics.MeanIoU(num_classes=3, sparse_y_pred=False, name="mean_iou")],
)

started = time.perf_counter()
model.fit(train_ds, epochs=options.epochs, validation_data=val_ds)
fit_seconds = time.perf_counter() - started

loss, accuracy, mean_iou = model.evaluate(test_ds, verbose=0)
model.save(options.model)
print(json.dumps({"fit_seconds": fit_seconds, "loss": loss, "accuracy": accuracy, "mean_iou": mean_iou}))
