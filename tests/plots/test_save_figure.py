"""Saving a figure: atomic, deterministic, and the layout as composed."""

import errno
import os
import stat

import numpy as np
import pytest
from matplotlib.text import Text
from PIL import Image

from cnncli.errors import OutputError
from cnncli.plots.curves import draw_curves
from cnncli.plots.save import save
from cnncli.plots.style import look, new_figure
from cnncli.plots.tiles import show_sheet

HISTORY = {"loss": [2.0, 1.0, 0.5], "val_loss": [2.1, 1.2, 0.9]}


def curves():
    return draw_curves(HISTORY, title="$x$ \U0001f408", best_epoch=2)


def test_one_file_per_format_and_nothing_else(tmp_path):
    files = save(curves(), tmp_path / "curves.png", formats=("png", "svg"))
    assert files == [tmp_path / "curves.png", tmp_path / "curves.svg"]
    assert sorted(tmp_path.iterdir()) == files
    assert files[0].read_bytes().startswith(b"\x89PNG")
    assert b"<svg" in files[1].read_bytes()[:600]


def test_dots_in_a_name_belong_to_it(tmp_path):
    assert save(curves(), tmp_path / "filters-block1.conv1") == [tmp_path / "filters-block1.conv1.png"]


@pytest.mark.parametrize("kind", ["png", "svg"])
def test_the_same_numbers_give_the_same_bytes(tmp_path, kind):
    first, again = curves(), curves()
    contents = {
        save(figure, tmp_path / name, formats=(kind,))[0].read_bytes()
        for figure, name in [(first, "a"), (again, "b"), (first, "c")]
    }
    assert len(contents) == 1
    content = contents.pop()
    assert b"matplotlib.org" not in content
    assert b"<dc:date>" not in content


def test_a_saved_figure_keeps_no_pixels(tmp_path):
    figure = curves()
    save(figure, tmp_path / "a.png")
    held = {id(renderer) for text in figure.findobj(Text) if vars(renderer := text._renderer)}
    assert figure.findobj(Text)
    assert held == set()


def test_other_numbers_give_other_bytes(tmp_path):
    other = draw_curves({**HISTORY, "loss": [2.0, 1.0, 0.6]}, title="$x$ \U0001f408", best_epoch=2)
    pairs = [save(figure, tmp_path / name, formats=("svg",))[0] for figure, name in [(curves(), "a"), (other, "b")]]
    assert pairs[0].read_bytes() != pairs[1].read_bytes()


def test_resolution_is_150_dots_per_inch(tmp_path):
    figure = curves()
    with Image.open(save(figure, tmp_path / "a")[0]) as image:
        assert image.size == tuple(round(150 * inches) for inches in figure.get_size_inches())


def test_a_sheet_is_saved_pixel_by_pixel(tmp_path):
    sheet = np.random.default_rng(0).integers(0, 256, (37, 53, 3), dtype=np.uint8)
    with look():
        figure = new_figure(1.23, 0.77)
        axes = show_sheet(figure, 0.1, 0.2, sheet)  # 15 and 30 pixels from the top left
    assert axes.images[0].get_interpolation() == "nearest"
    # Data coordinates are the sheet's pixels, counted downwards; the page's count upwards.
    assert axes.transData.transform((10, 5)) == pytest.approx((15 + 10, round(0.77 * 150) - 30 - 5))
    with Image.open(save(figure, tmp_path / "a")[0]) as image:
        pixels = np.asarray(image.convert("RGB"))
    np.testing.assert_array_equal(pixels[30:67, 15:68], sheet)


def test_a_failing_write_leaves_the_old_picture(tmp_path, monkeypatch):
    path = tmp_path / "curves.png"
    path.write_bytes(b"old")

    def full(_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OutputError, match=r"cannot write .*curves.png: no space left on /"):
        save(curves(), path)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_missing_folder_is_said(tmp_path):
    with pytest.raises(OutputError, match="its folder does not exist"):
        save(curves(), tmp_path / "nowhere" / "a.png")


def test_a_file_in_place_of_the_folder_is_said(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="a part of the path is a file, not a folder"):
        save(curves(), tmp_path / "file" / "a.png")


def test_an_unknown_format_is_refused_before_anything_is_written(tmp_path):
    with pytest.raises(ValueError, match="formats are among png, svg; received: pdf"):
        save(curves(), tmp_path / "a", formats=("png", "pdf"))
    assert not list(tmp_path.iterdir())


def test_the_file_is_as_readable_as_any_other(tmp_path):
    (tmp_path / "other").touch()
    saved = save(curves(), tmp_path / "a")[0]
    assert stat.S_IMODE(saved.stat().st_mode) == stat.S_IMODE((tmp_path / "other").stat().st_mode)
