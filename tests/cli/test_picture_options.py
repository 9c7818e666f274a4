"""What the commands that draw refuse before they open anything, and how they head pictures."""

from pathlib import Path

import pytest

from cnncli.cli import figure_output, options
from cnncli.cli.evaluate import figure_title
from cnncli.errors import UsageError


def told(call, *arguments, **more):
    with pytest.raises(UsageError) as caught:
        call(*arguments, **more)
    return str(caught.value)


@pytest.mark.parametrize("number", ["0", "-3", "101", "2000"])
def test_number_of_samples_that_cannot_be_drawn_is_reported_with_the_limits(number):
    assert told(options.read_samples, number, [], default=4) == (
        f"--samples: {int(number):,} examples cannot be drawn\n"
        "    a number from 1 to 100, or one of: most_confused, most_wrong, one_per_class"
    )


@pytest.mark.parametrize("text", ["1.5", "9" * 30, "", "²"])
def test_samples_that_are_no_number_list_the_words_once(text):
    message = told(options.read_samples, text, [], default=4)

    assert message.count("most_confused") == 1
    assert "a number from 1 to 100" in message


def test_samples_and_images_up_to_a_hundred_are_taken():
    assert options.read_samples("100", [], default=4) == 100
    assert options.read_samples(None, [Path("a.png")] * 100, default=4) == 4


def test_more_images_than_fit_on_a_sheet_are_refused():
    message = told(options.read_samples, None, [Path("a.png")] * 101, default=4)
    assert message == "--image: 101 images are too many for one sheet\n    at most 100 at a time"


def test_invert_without_an_image_is_refused():
    message = told(figure_output.check_invert, True, [])
    assert message == "--invert: it swaps dark and light in image files, and none is named\n    --image FILE"
    figure_output.check_invert(True, [Path("a.png")])
    figure_output.check_invert(False, [])


def test_image_in_the_place_of_the_run_is_reported_where_it_belongs():
    message = told(options.check_no_image, "my bee.JPG")

    assert message.endswith("use --image: --image 'my bee.JPG'")
    options.check_no_image("runs/a.keras")
    options.check_no_image(None)


def test_pictures_of_evaluate_are_headed_by_run_and_data_without_their_folders(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "outputs" / "mnist" / "first").mkdir(parents=True)
    (tmp_path / "photos" / "val").mkdir(parents=True)
    run = "outputs/mnist/first"

    assert str(figure_title(run, None, None)) == "mnist/first: test split"
    assert str(figure_title(run, "train", None)) == "mnist/first: train split"
    assert str(figure_title(run, None, str(tmp_path / "photos" / "val") + "/")) == "mnist/first on val"
    assert str(figure_title("downloads/net.keras", None, "digits")) == "net.keras on digits"
    assert len(str(figure_title(run, None, "x" * 500))) < 60
