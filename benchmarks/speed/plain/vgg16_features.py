"""A new head on what a frozen VGG16 makes of a folder of photos, computed once, in plain Keras.

    python vgg16_features.py photos --epochs 10 --seed 1 --weights vgg16_notop.weights.h5

The folder has train/, val/ and test/, each with a folder a class. This is the lightweight workflow that
https://keras.io/guides/transfer_learning/ tells of: the network runs over the photos once, and the head alone is trained,
on its recorded outputs. It excludes augmentation.
"""

import argparse
import json
import os
import time

import keras
import numpy as np
from keras import layers
from tensorflow import data as tf_data

parser = argparse.ArgumentParser()
parser.add_argument("data")
parser.add_argument("--epochs", type=int, default=10)
parser.add_argument("--seed", type=int, default=42)
parser.add_argument("--weights", default="imagenet")
parser.add_argument("--model", default="model.keras")
options = parser.parse_args()

keras.utils.set_random_seed(options.seed)

inputs = keras.Input(shape=(224, 224, 3))
x = keras.applications.vgg16.preprocess_input(inputs)
base_model = keras.applications.VGG16(
    weights=options.weights, include_top=False, pooling="avg", input_shape=(224, 224, 3)
)
base_model.trainable = False
extractor = keras.Model(inputs, base_model(x, training=False))


def features_and_labels(part: str) -> tuple[np.ndarray, np.ndarray]:
    """float32 (count, 512) and int32 (count,)."""
    photos = keras.utils.image_dataset_from_directory(
        os.path.join(options.data, part), image_size=(224, 224), batch_size=32, pad_to_aspect_ratio=True, shuffle=False
    )
    batches = [(extractor.predict_on_batch(x), y) for x, y in photos.prefetch(tf_data.AUTOTUNE)]
    features, labels = zip(*batches, strict=True)
    return np.concatenate(features), np.concatenate(labels)


class_count = len(os.listdir(os.path.join(options.data, "train")))
head = keras.Sequential(
    [
        keras.Input(shape=(512,)),
        layers.Dense(1024, activation="relu"),
        layers.Dense(class_count, activation="softmax"),
    ]
)
head.summary()
head.compile(
    loss="sparse_categorical_crossentropy", optimizer=keras.optimizers.Adam(learning_rate=1e-3), metrics=["accuracy"]
)

started = time.perf_counter()
x_train, y_train = features_and_labels("train")
x_val, y_val = features_and_labels("val")
head.fit(x_train, y_train, batch_size=32, epochs=options.epochs, validation_data=(x_val, y_val))
fit_seconds = time.perf_counter() - started

loss, accuracy = head.evaluate(*features_and_labels("test"), verbose=0)
keras.Model(inputs, head(extractor(inputs))).save(options.model)
print(json.dumps({"fit_seconds": fit_seconds, "loss": loss, "accuracy": accuracy}))
