"""ResNet-20 of the CIFAR-10 paper on small colour images, in plain Keras.

    python resnet20.py images.npz --epochs 5 --seed 1

The archive has x_train, y_train, x_test and y_test. He et al., "Deep Residual Learning for Image Recognition" (2015).
"""

import argparse
import json
import time

import keras
import numpy as np
from keras import layers

parser = argparse.ArgumentParser()
parser.add_argument("data")
parser.add_argument("--epochs", type=int, default=5)
parser.add_argument("--seed", type=int, default=42)
parser.add_argument("--model", default="model.keras")
options = parser.parse_args()

keras.utils.set_random_seed(options.seed)

with np.load(options.data) as images:
    x_train, y_train = images["x_train"].astype("float32") / 255, images["y_train"]
    x_test, y_test = images["x_test"].astype("float32") / 255, images["y_test"]


def conv_bn(x, filters, kernel_size=3, strides=1):
    x = layers.Conv2D(
        filters,
        kernel_size,
        strides=strides,
        padding="same",
        use_bias=False,
        kernel_initializer="he_normal",
        kernel_regularizer=keras.regularizers.L2(1e-4),
    )(x)
    return layers.BatchNormalization()(x)


def block(x, filters, strides):
    y = layers.ReLU()(conv_bn(x, filters, strides=strides))
    y = conv_bn(y, filters)
    if strides != 1 or x.shape[-1] != filters:
        x = conv_bn(x, filters, kernel_size=1, strides=strides)
    return layers.ReLU()(layers.Add()([x, y]))


inputs = keras.Input(shape=(32, 32, 3))
x = layers.RandomTranslation(0.125, 0.125, fill_mode="constant")(inputs)
x = layers.RandomFlip("horizontal")(x)
x = layers.ReLU()(conv_bn(x, 16))
for stage, filters in enumerate((16, 32, 64)):
    for number in range(3):
        x = block(x, filters, strides=2 if stage > 0 and number == 0 else 1)
x = layers.GlobalAveragePooling2D()(x)
outputs = layers.Dense(10, activation="softmax")(x)
model = keras.Model(inputs, outputs)
model.summary()
model.compile(
    loss="sparse_categorical_crossentropy",
    optimizer=keras.optimizers.SGD(learning_rate=0.01, momentum=0.9, nesterov=True),
    metrics=["accuracy"],
)

started = time.perf_counter()
model.fit(x_train, y_train, batch_size=128, epochs=options.epochs, validation_split=0.1)
fit_seconds = time.perf_counter() - started

loss, accuracy = model.evaluate(x_test, y_test, verbose=0)
model.save(options.model)
print(json.dumps({"fit_seconds": fit_seconds, "loss": loss, "accuracy": accuracy}))
