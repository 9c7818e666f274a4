"""Write event files for TensorBoard, with TensorFlow alone: TensorBoard itself need not be installed.

An event file is a TFRecord file of `Event` messages, of which the first holds the version of the format.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from PIL import Image

from cnncli.recipe.schema_trackers import TensorBoard
from cnncli.trackers import hparams
from cnncli.trackers.parameters import Parameter
from cnncli.trackers.tracked_run import TrackedRun, numbers, times
from cnncli.trackers.tracker import TrackerRun

FOLDER = "tensorboard"
_PREFIX, _SUFFIX = "events.out.tfevents.", ".cnncli"
_VERSION = "brain.Event:2"
_TRAINING, _VALIDATION, _ALL = "train", "validation", ""  # folders; curves of one name are drawn in one chart
_OF_THE_EPOCH = ("learning_rate", "seconds")


class TensorBoardTracker:
    """One folder of event files for each run, with one for the training and one for the validation within it.

    Files of an earlier process are replaced: the history of the run is written again from its beginning, so that no step is
    there twice.
    """

    def __init__(self, settings: TensorBoard) -> None:
        self.settings = settings
        self.writers: dict[str, Any] = {}
        self.times: list[float] = []

    def start(self, run: TrackedRun) -> TrackerRun:
        settings = self.settings
        self.folder = Path(settings.folder) / run.label if settings.folder else run.path / FOLDER
        self.run = run
        self.rows: list[Mapping[str, Any]] = []
        earlier = list(_earlier(self.folder))
        self.stamp = f"{time.time():.6f}"
        for file in earlier:
            file.unlink()
        started = hparams.session_start(_hyperparameters(run.parameters), group=run.fold_set, started=run.started)
        self._write(_ALL, [_plugin(hparams.STARTED, hparams.PLUGIN, started)], 0, run.started)
        if run.recipe_text:
            self._write(_ALL, [_text("recipe", f"```yaml\n{run.recipe_text}\n```")], 0, run.started)
        self._flush()
        return TrackerRun(str(self.folder), run.id, is_new=not earlier)

    def log_epochs(self, rows: Sequence[Mapping[str, Any]]) -> None:
        begin = len(self.rows)
        self.rows += rows
        for row, now in list(zip(self.rows, times(self.run, self.rows), strict=True))[begin:]:
            parts: dict[str, dict[str, float]] = {_TRAINING: {}, _VALIDATION: {}, _ALL: {}}
            for name, value in numbers(row).items():
                part = _ALL if name in _OF_THE_EPOCH else _VALIDATION if name.startswith("val_") else _TRAINING
                parts[part][name.removeprefix("val_")] = value
            for part, found in parts.items():
                if found:
                    self._write(part, [_scalar(*each) for each in found.items()], int(row["epoch"]), now)
        self._flush()

    def finish(self, run: TrackedRun) -> None:
        now = run.ended or time.time()
        step = run.best_epoch
        self._write(_ALL, [_scalar(*each) for each in run.results.items()], step, now)
        for picture in run.pictures:
            self._write(_ALL, [_image(f"figures/{picture.stem}", picture)], step, now)
        if run.about:
            self._write(_ALL, [_text("note", run.about)], step, now)
        ended = hparams.session_end(is_success=run.status == "completed", ended=now)
        self._write(_ALL, [_plugin(hparams.ENDED, hparams.PLUGIN, ended)], step, now)
        for writer in self.writers.values():
            writer.close()

    def _write(self, part: str, values: Sequence[Any], step: int, now: float) -> None:
        import tensorflow as tf

        if part not in self.writers:
            folder = self.folder / part
            folder.mkdir(parents=True, exist_ok=True)
            self.writers[part] = tf.io.TFRecordWriter(str(folder / f"{_PREFIX}{self.stamp}{_SUFFIX}"))
            self.writers[part].write(tf.compat.v1.Event(wall_time=now, file_version=_VERSION).SerializeToString())
            # A TensorBoard that is running forgets what the replaced files held.
            begin = tf.compat.v1.SessionLog(status=tf.compat.v1.SessionLog.START)
            self.writers[part].write(tf.compat.v1.Event(wall_time=now, step=0, session_log=begin).SerializeToString())
        if values:
            summary = tf.compat.v1.Summary(value=values)
            self.writers[part].write(tf.compat.v1.Event(wall_time=now, step=step, summary=summary).SerializeToString())

    def _flush(self) -> None:
        for writer in self.writers.values():
            writer.flush()


def _earlier(folder: Path) -> Iterator[Path]:
    """The event files that an earlier process wrote; those of other programs stay."""
    for part in (_ALL, _TRAINING, _VALIDATION):
        yield from sorted((folder / part).glob(f"{_PREFIX}*{_SUFFIX}"))


def _hyperparameters(parameters: Mapping[str, Parameter]) -> dict[str, Parameter]:
    """The parameters without those of single layers: each is a column of a table."""
    return {name: value for name, value in parameters.items() if not name.startswith("model.layers.")}


def _scalar(tag: str, value: float) -> Any:
    import tensorflow as tf

    return tf.compat.v1.Summary.Value(tag=tag, simple_value=value)


def _image(tag: str, file: Path) -> Any:
    import tensorflow as tf

    content = file.read_bytes()
    with Image.open(file) as image:
        width, height = image.size
        channels = len(image.getbands())
    held = tf.compat.v1.Summary.Image(height=height, width=width, colorspace=channels, encoded_image_string=content)
    return tf.compat.v1.Summary.Value(tag=tag, image=held)


def _text(tag: str, markdown: str) -> Any:
    return _plugin(tag, "text", b"", tf_string=markdown.encode("utf-8", "replace"))


def _plugin(tag: str, plugin: str, content: bytes, *, tf_string: bytes | None = None) -> Any:
    """A value that a plugin of TensorBoard reads."""
    import tensorflow as tf

    data = tf.compat.v1.SummaryMetadata.PluginData(plugin_name=plugin, content=content)
    metadata = tf.compat.v1.SummaryMetadata(plugin_data=data)
    value = tf.compat.v1.Summary.Value(tag=tag, metadata=metadata)
    if tf_string is not None:
        value.tensor.CopyFrom(tf.make_tensor_proto([tf_string]))
    return value
