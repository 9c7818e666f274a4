"""The source `tfrecord`: TFRecord files of `tf.train.Example` messages."""

from __future__ import annotations

from cnncli.data.shards.record_index import index_records
from cnncli.data.sources.shards import ShardKind, ShardSource

KIND = ShardKind(
    name="tfrecord",
    suffixes=(".tfrecord", ".tfrecords", ".tfrec"),
    index=index_records,
    column="feature",
    images=("image/encoded", "image", "image_raw", "encoded"),
    labels=("image/class/label", "label", "class", "target"),
)
SOURCE = ShardSource(KIND)
