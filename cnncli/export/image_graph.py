"""Decode image files inside a TensorFlow graph, as training did outside of it."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from cnncli.data.images import Form

_LUMINANCE = (0.299, 0.587, 0.114)  # ITU-R 601, as Pillow converts to gray


def decoded_images(contents: Any, form: Form) -> Any:
    """Decode JPEG, PNG, BMP and GIF files and bring each into the form of the training.

    The EXIF orientation is not applied, and levels beyond 8 bits are lost: TensorFlow does not read them.

    Args:
        contents: string (batch,), the bytes of a file each.

    Returns:
        float32 (batch, height, width, channels), 0 to 255.
    """
    spec = tf.TensorSpec(form.shape, tf.float32)
    return tf.map_fn(lambda content: _one(content, form), contents, fn_output_signature=spec)


def _one(content: Any, form: Form) -> Any:
    """float32 (height, width, channels) of a file."""
    pixels = tf.cast(tf.io.decode_image(content, expand_animations=False), tf.float32)
    pixels = _without_alpha(pixels, form)
    if form.color == "grayscale":
        pixels = tf.round(tf.tensordot(pixels, tf.constant(_LUMINANCE), 1))[..., None]
    pixels = _resized(pixels, form)
    if form.low is not None and form.high is not None:
        pixels = (pixels - form.low) * (255.0 / (form.high - form.low))
    pixels = tf.clip_by_value(tf.round(pixels), 0.0, 255.0)
    if form.invert:
        pixels = 255.0 - pixels
    return tf.ensure_shape(pixels, form.shape)


def _without_alpha(pixels: Any, form: Form) -> Any:
    """Red, green and blue of gray and colour, transparent ones laid on the background."""
    channels = tf.shape(pixels)[-1]
    has_alpha = tf.equal(channels % 2, 0)
    alpha = tf.cond(has_alpha, lambda: pixels[..., -1:] / 255.0, lambda: tf.ones_like(pixels[..., :1]))
    color = tf.cond(channels >= 3, lambda: pixels[..., :3], lambda: tf.repeat(pixels[..., :1], 3, axis=-1))
    return tf.ensure_shape(color * alpha + tf.constant(form.background, tf.float32) * (1 - alpha), (None, None, 3))


def _resized(pixels: Any, form: Form) -> Any:
    """Bilinear with antialiasing, by the rule of the form."""
    size = tf.cast(tf.shape(pixels)[:2], tf.float32)
    wanted = tf.constant([form.height, form.width], tf.float32)
    if form.resize == "keep":
        return tf.image.resize_with_crop_or_pad(pixels, form.height, form.width)
    if form.resize == "stretch":
        return _bilinear(pixels, (form.height, form.width))
    if form.resize == "crop":
        part = wanted * tf.reduce_min(size / wanted)
        begin = tf.cast(tf.maximum(0.0, tf.floor((size - part) / 2)), tf.int32)
        end = tf.minimum(begin + tf.cast(tf.round(part), tf.int32), tf.shape(pixels)[:2])
        return _bilinear(pixels[begin[0] : end[0], begin[1] : end[1]], (form.height, form.width))
    inner = tf.maximum(1, tf.cast(tf.round(size * tf.reduce_min(wanted / size)), tf.int32))
    free = tf.constant([form.height, form.width]) - inner
    before = free // 2
    placed = tf.pad(
        _bilinear(pixels, inner), [[before[0], free[0] - before[0]], [before[1], free[1] - before[1]], [0, 0]]
    )
    return placed + _border(before, inner, form)


def _border(before: Any, inner: Any, form: Form) -> Any:
    """The background where an image was padded, 0 elsewhere."""
    rows, columns = tf.range(form.height), tf.range(form.width)
    is_row = (rows >= before[0]) & (rows < before[0] + inner[0])
    is_column = (columns >= before[1]) & (columns < before[1] + inner[1])
    outside = 1.0 - tf.cast(is_row[:, None] & is_column[None, :], tf.float32)
    level: tuple[float, ...] = form.background
    if form.color == "grayscale":
        level = (sum(part * share for part, share in zip(level, _LUMINANCE, strict=True)),)
    return outside[..., None] * tf.constant(level, tf.float32)


def _bilinear(pixels: Any, size: Any) -> Any:
    return tf.image.resize(pixels, size, antialias=True)
