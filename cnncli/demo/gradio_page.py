"""The demo's page, made with Gradio: a drawing, an image or a file in, the prediction and Grad-CAM out."""

from __future__ import annotations

import base64
import html
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import gradio as gr

from cnncli.demo.answers import TOP, Answer, Answerer
from cnncli.messages import printable

_CANVAS = """
<canvas width="280" height="280" aria-label="Canvas"></canvas>
<p><span>Draw large, in the middle.</span> <button type="button">Clear</button></p>
"""
_LONGEST_URL = 1 << 20  # characters: a canvas needs fewer
_STYLE = """
.gradio-container > .main {max-width: 1100px; width: 100%; margin: 0 auto; box-sizing: border-box}
#title h1 {font-size: 1.4rem; font-weight: 600; overflow-wrap: anywhere; margin: 0}
#title p {margin: .2rem 0 0; color: var(--body-text-color-subdued)}
#drawing canvas {width: 100%; max-width: 22rem; aspect-ratio: 1; display: block; margin: 0 auto;
  touch-action: none; border: 1px solid var(--border-color-primary); border-radius: var(--radius-sm)}
#drawing p {display: flex; justify-content: space-between; align-items: center; max-width: 22rem; margin: .5rem auto 0}
#drawing button {padding: .2rem .8rem; border: 1px solid var(--border-color-primary); border-radius: var(--radius-sm);
  background: var(--button-secondary-background-fill); color: var(--button-secondary-text-color); cursor: pointer}
#image img, #image-1 img, #image-2 img {width: 100%; height: 100%; object-fit: contain; image-rendering: ENLARGED}
"""


# An image stays the file that was uploaded: the reader of `cnncli predict` says whether it can be read. A subclass would make
# Gradio write a file beside this module.
gr.Image.preprocess = lambda _, payload: payload.path if payload else None


def settings(answerer: Answerer) -> dict[str, Any]:
    """Theme and style. The fonts are those of the system: none is downloaded."""
    theme = gr.themes.Default(
        primary_hue="blue",
        neutral_hue="slate",
        font=["system-ui", "sans-serif"],
        font_mono=["ui-monospace", "monospace"],
    )
    return {"theme": theme, "css": _STYLE.replace("ENLARGED", "pixelated" if answerer.takes_drawings else "auto")}


def build(answerer: Answerer, name: str, folder: Path, examples: Sequence[str]) -> gr.Blocks:
    """Make the page.

    Args:
        name: of the run or model.
        folder: for temporary files.
        examples: image files that a click predicts.
    """
    with gr.Blocks(title=f"{printable(name)} · cnncli demo", analytics_enabled=False, fill_width=True) as page:
        gr.HTML(
            f"<h1>{html.escape(printable(name))}</h1><p>{html.escape(answerer.summary)}</p>",
            elem_id="title",
        )
        if answerer.compares:
            _add_pair(answerer, examples)
        elif answerer.takes_images:
            _add_images(answerer, folder, examples)
        elif answerer.takes_text:
            _add_texts(answerer)
        else:
            _add_files(answerer)
    return page.queue(default_concurrency_limit=1, max_size=16)


def _add_images(answerer: Answerer, folder: Path, examples: Sequence[str]) -> None:
    titles = answerer.titles

    def of_drawing(url: str, invert: bool) -> list[Any]:
        return _shown(answerer.image(_drawn(url, folder), invert=invert) if url else None, titles)

    def of_image(path: str | None, invert: bool) -> list[Any]:
        return _shown(answerer.image(path, invert=invert) if path else None, titles)

    with gr.Row():
        with gr.Column(scale=4, min_width=300):
            if answerer.takes_drawings:
                with gr.Tab("Draw"):
                    drawing, drawing_inverted = _drawing(answerer)
                with gr.Tab("Image"):
                    image, image_inverted = _image(examples)
            else:
                image, image_inverted = _image(examples)
        with gr.Column(scale=6, min_width=300), gr.Row():
            width = 240 if len(titles) < 2 else 500  # pixels: several pictures stand side by side below it
            bars = gr.Label(label="Prediction", num_top_classes=TOP, min_width=width, elem_id="bars")
            pictures = [_picture(title) for title in titles or ["Grad-CAM"]]
            notes = gr.Textbox(label="Notes", lines=1, interactive=False, min_width=500, elem_id="notes")
    shown = [bars, notes, *pictures]
    if answerer.takes_drawings:
        _on_change(of_drawing, drawing, drawing_inverted, shown)
    _on_change(of_image, image, image_inverted, shown)


def _picture(title: str) -> gr.Image:
    return gr.Image(
        label=title,
        interactive=False,
        buttons=["fullscreen"],
        format="png",
        min_width=240,
        elem_id="heat" if title == "Grad-CAM" else f"picture-{title.lower()}",
    )


def _drawing(answerer: Answerer) -> tuple[gr.HTML, gr.Checkbox]:
    drawing = gr.HTML(
        "",
        html_template=_CANVAS,
        js_on_load=Path(__file__).with_name("canvas.js").read_text(encoding="utf-8"),
        elem_id="drawing",
    )
    return drawing, _invert(answerer.draws_light_on_dark)


def _drawn(url: str, folder: Path) -> str:
    """Save the canvas as a file.

    Args:
        url: a PNG image as a data URL.

    Returns:
        The path.
    """
    path = folder / "drawing.png"
    path.write_bytes(base64.b64decode(url[:_LONGEST_URL].partition(",")[2]))
    return str(path)


def _image(examples: Sequence[str]) -> tuple[gr.Image, gr.Checkbox]:
    image = _upload("Image", "image")
    inverted = _invert(False)
    if examples:
        gr.Examples(
            [[path] for path in examples],
            image,
            label="Examples from the test split",
            cache_examples=False,
            api_visibility="private",
            elem_id="examples",
        )
    return image, inverted


def _invert(value: bool) -> gr.Checkbox:
    return gr.Checkbox(value, label="Swap dark and light (--invert)", elem_classes="invert")


def _on_change(answer: Callable[..., Any], given: Any, inverted: gr.Checkbox, shown: Sequence[Any]) -> None:
    """Answer when the input or the choice beside it changes: one at a time, and only the latest."""
    gr.on(
        [given.change, inverted.input],
        answer,
        [given, inverted],
        list(shown),
        concurrency_id="predict",
        concurrency_limit=1,
        trigger_mode="always_last",
        show_progress="minimal",
        api_visibility="private",
    )


def _shown(answer: Answer | None, titles: Sequence[str]) -> list[Any]:
    """Bars, notes and pictures: those of the titles, or the heat."""
    if answer is None:
        return [None, "", *[None] * max(1, len(titles))]
    pictures = [answer.pictures.get(title) for title in titles] if titles else [answer.heat]
    return [answer.shares or answer.text or None, answer.message, *pictures]


def _add_pair(answerer: Answerer, examples: Sequence[str]) -> None:
    def of_pair(first: str | None, second: str | None, invert: bool) -> list[Any]:
        if not first or not second:
            return [None, ""]
        answer = answerer.pair(first, second, invert=invert)
        return [answer.text or None, answer.message]

    with gr.Row():
        given = [_upload(label, f"image-{number}") for number, label in enumerate(("First image", "Second image"), 1)]
    inverted = _invert(False)
    bars = gr.Label(label="Similarity", elem_id="bars")
    notes = gr.Textbox(label="Notes", lines=1, interactive=False, elem_id="notes")
    if len(examples) > 1:
        gr.Examples(
            [list(pair) for pair in zip(examples, [*examples[1:], examples[0]], strict=True)],
            list(given),
            label="Examples from the test split",
            cache_examples=False,
            api_visibility="private",
            elem_id="examples",
        )
    gr.on(
        [*(each.change for each in given), inverted.input],
        of_pair,
        [*given, inverted],
        [bars, notes],
        concurrency_id="predict",
        concurrency_limit=1,
        trigger_mode="always_last",
        show_progress="minimal",
        api_visibility="private",
    )


def _upload(label: str, elem_id: str) -> gr.Image:
    return gr.Image(
        label=label,
        sources=["upload", "webcam", "clipboard"],
        webcam_options=gr.WebcamOptions(mirror=False),
        buttons=[],
        height=300,
        elem_id=elem_id,
    )


def _add_texts(answerer: Answerer) -> None:
    def of_text(text: str) -> list[Any]:
        if not text.strip():
            return [None, None, ""]
        answer = answerer.text(text)
        words = [(f"{word} ", round(heat, 3)) for word, heat in answer.words]
        return [answer.shares or answer.text or None, words or None, answer.message]

    with gr.Row():
        with gr.Column(scale=5, min_width=300):
            text = gr.Textbox(label="Text", lines=5, max_length=20_000, elem_id="text")
            button = gr.Button("Predict", variant="primary")
        with gr.Column(scale=5, min_width=300):
            bars = gr.Label(label="Prediction", num_top_classes=TOP, min_width=240, elem_id="bars")
            words = gr.HighlightedText(label="Words for (+) and against (-) the prediction", elem_id="words")
            notes = gr.Textbox(label="Notes", lines=1, interactive=False, elem_id="notes")
    gr.on(
        [button.click, text.submit],
        of_text,
        text,
        [bars, words, notes],
        concurrency_id="predict",
        concurrency_limit=1,
        api_visibility="private",
    )


def _add_files(answerer: Answerer) -> None:
    def of_file(path: str | None) -> list[Any]:
        if not path:
            return [None, ""]
        table = answerer.file(path)
        return [{"headers": table.columns, "data": table.rows} if table.rows else None, table.message]

    file = gr.File(label="A .npy, .npz or .csv file", file_types=[".npy", ".npz", ".csv"], type="filepath")
    notes = gr.Textbox(label="Notes", lines=1, interactive=False, elem_id="notes")
    table = gr.Dataframe(label="Predictions", interactive=False, wrap=True, elem_id="table")
    file.change(
        of_file,
        file,
        [table, notes],
        concurrency_id="predict",
        concurrency_limit=1,
        api_visibility="private",
    )
