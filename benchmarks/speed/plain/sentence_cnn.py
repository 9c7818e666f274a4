"""Kim's network for sentences, in plain Keras.

    python sentence_cnn.py sentences.csv --epochs 8 --seed 1

The table has the columns part (train or test), label and sentence. As in
https://keras.io/examples/nlp/text_classification_from_scratch/, with the network of Kim, "Convolutional Neural Networks for
Sentence Classification" (2014).
"""

import argparse
import csv
import json
import time

import keras
from keras import layers
from tensorflow import data as tf_data

parser = argparse.ArgumentParser()
parser.add_argument("data")
parser.add_argument("--epochs", type=int, default=8)
parser.add_argument("--seed", type=int, default=42)
parser.add_argument("--model", default="model.keras")
options = parser.parse_args()

keras.utils.set_random_seed(options.seed)

with open(options.data, newline="", encoding="utf-8") as file:
    rows = list(csv.DictReader(file))
class_names = sorted({row["label"] for row in rows})


def sentences_and_labels(part):
    chosen = [row for row in rows if row["part"] == part]
    return [row["sentence"] for row in chosen], [class_names.index(row["label"]) for row in chosen]


train_texts, train_labels = sentences_and_labels("train")
vectorize = layers.TextVectorization(max_tokens=5000, output_sequence_length=40)
vectorize.adapt(train_texts)


def batches(texts, labels):
    dataset = tf_data.Dataset.from_tensor_slices((texts, labels))
    return dataset.batch(50).map(lambda text, label: (vectorize(text), label))


held_back = len(train_texts) // 10
train_ds = batches(train_texts[held_back:], train_labels[held_back:])
val_ds = batches(train_texts[:held_back], train_labels[:held_back])
test_ds = batches(*sentences_and_labels("test"))
train_ds = train_ds.unbatch().cache().shuffle(10_000).batch(50).prefetch(tf_data.AUTOTUNE)
val_ds, test_ds = val_ds.cache().prefetch(tf_data.AUTOTUNE), test_ds.prefetch(tf_data.AUTOTUNE)

inputs = keras.Input(shape=(40,), dtype="int64")
x = layers.Embedding(5000, 128)(inputs)
windows = [layers.GlobalMaxPooling1D()(layers.Conv1D(100, width, activation="relu")(x)) for width in (3, 4, 5)]
x = layers.Dropout(0.5)(layers.Concatenate()(windows))
outputs = layers.Dense(len(class_names), activation="softmax", kernel_constraint=keras.constraints.MaxNorm(3))(x)
model = keras.Model(inputs, outputs)
model.summary()
model.compile(loss="sparse_categorical_crossentropy", optimizer="adam", metrics=["accuracy"])

started = time.perf_counter()
model.fit(train_ds, epochs=options.epochs, validation_data=val_ds)
fit_seconds = time.perf_counter() - started

loss, accuracy = model.evaluate(test_ds, verbose=0)
model.save(options.model)
print(json.dumps({"fit_seconds": fit_seconds, "loss": loss, "accuracy": accuracy}))
