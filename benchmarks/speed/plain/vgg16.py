"""A new head on a frozen VGG16 for a folder of photos, in plain Keras.

    python vgg16.py photos --epochs 10 --seed 1 --weights vgg16_notop.weights.h5

The folder has train/, val/ and test/, each with a folder a class. As in https://keras.io/guides/transfer_learning/
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
parser.add_argument("--epochs", type=int, default=10)
parser.add_argument("--seed", type=int, default=42)
parser.add_argument("--weights", default="imagenet")
parser.add_argument("--model", default="model.keras")
options = parser.parse_args()

keras.utils.set_random_seed(options.seed)

# Black borders keep a photo's shape, as the recipe does it.
how = {"image_size": (224, 224), "batch_size": 32, "pad_to_aspect_ratio": True}
train_ds = keras.utils.image_dataset_from_directory(os.path.join(options.data, "train"), seed=options.seed, **how)
val_ds = keras.utils.image_dataset_from_directory(os.path.join(options.data, "val"), shuffle=False, **how)
test_ds = keras.utils.image_dataset_from_directory(os.path.join(options.data, "test"), shuffle=False, **how)
class_count = len(train_ds.class_names)
train_ds, val_ds, test_ds = (ds.prefetch(tf_data.AUTOTUNE) for ds in (train_ds, val_ds, test_ds))

base_model = keras.applications.VGG16(weights=options.weights, include_top=False, input_shape=(224, 224, 3))
base_model.trainable = False

inputs = keras.Input(shape=(224, 224, 3))
x = keras.applications.vgg16.preprocess_input(inputs)
x = base_model(x, training=False)
x = layers.GlobalAveragePooling2D()(x)
x = layers.Dense(1024, activation="relu")(x)
outputs = layers.Dense(class_count, activation="softmax")(x)
model = keras.Model(inputs, outputs)
model.summary()
model.compile(
    loss="sparse_categorical_crossentropy", optimizer=keras.optimizers.Adam(learning_rate=1e-3), metrics=["accuracy"]
)

started = time.perf_counter()
model.fit(train_ds, epochs=options.epochs, validation_data=val_ds)
fit_seconds = time.perf_counter() - started

loss, accuracy = model.evaluate(test_ds, verbose=0)
model.save(options.model)
print(json.dumps({"fit_seconds": fit_seconds, "loss": loss, "accuracy": accuracy}))
