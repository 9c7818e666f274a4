"""The CNN of the MNIST tutorials on a folder of small colour images, in plain Keras.

    python image_folder.py images --epochs 5 --seed 1
    python image_folder.py images --epochs 5 --seed 1 --cache

The folder has train/ and test/, each with a folder a class. As in
https://keras.io/examples/vision/image_classification_from_scratch/, and with --cache as in
https://www.tensorflow.org/tutorials/images/classification, where decoded images stay in memory after the first epoch.
"""

import argparse
import json
import os
import time

import keras
from keras import layers
from tensorflow import data as tf_data

parser = argparse.ArgumentParser()
parser.add_argument("data")
parser.add_argument("--epochs", type=int, default=5)
parser.add_argument("--seed", type=int, default=42)
parser.add_argument("--cache", action="store_true")
parser.add_argument("--model", default="model.keras")
options = parser.parse_args()

keras.utils.set_random_seed(options.seed)

how = {"image_size": (32, 32), "batch_size": 128, "label_mode": "categorical"}
train_ds, val_ds = keras.utils.image_dataset_from_directory(
    os.path.join(options.data, "train"), validation_split=0.1, subset="both", seed=options.seed, **how
)
test_ds = keras.utils.image_dataset_from_directory(os.path.join(options.data, "test"), shuffle=False, **how)
class_count = len(train_ds.class_names)

if options.cache:
    train_ds, val_ds = train_ds.cache().shuffle(1000), val_ds.cache()
train_ds, val_ds, test_ds = (ds.prefetch(tf_data.AUTOTUNE) for ds in (train_ds, val_ds, test_ds))

model = keras.Sequential(
    [
        keras.Input(shape=(32, 32, 3)),
        layers.Rescaling(1 / 255),
        layers.Conv2D(32, kernel_size=3, activation="relu"),
        layers.MaxPooling2D(pool_size=2),
        layers.Conv2D(64, kernel_size=3, activation="relu"),
        layers.MaxPooling2D(pool_size=2),
        layers.Flatten(),
        layers.Dense(128, activation="relu"),
        layers.Dense(class_count, activation="softmax"),
    ]
)
model.summary()
model.compile(loss="categorical_crossentropy", optimizer="adam", metrics=["accuracy"])

started = time.perf_counter()
model.fit(train_ds, epochs=options.epochs, validation_data=val_ds)
fit_seconds = time.perf_counter() - started

loss, accuracy = model.evaluate(test_ds, verbose=0)
model.save(options.model)
print(json.dumps({"fit_seconds": fit_seconds, "loss": loss, "accuracy": accuracy}))
