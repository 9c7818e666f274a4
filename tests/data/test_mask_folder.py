"""Images with masks in folders: the classes of their pixels, and every fault with its file."""

from pathlib import Path

import numpy as np
import pytest
from pictures import noise
from PIL import Image

from cnncli.data.columns import RowFile
from cnncli.data.load import load, load_for_model, parse_source
from cnncli.data.sources import masked_images
from cnncli.errors import DataError, RecipeError
from cnncli.recipe.load import load_bytes
from cnncli.recipe.schema_data import Data, Source

IGNORED = 255
SOURCE = {"images": "photos", "masks": "masks", "image_size": [8, 16]}
COLORS = {"ground": [0, 0, 0], "road": [128, 64, 128]}


def numbers(number=0, height=8, width=16):
    """A mask with a rectangle of class 1 at the left."""
    found = np.zeros((height, width), np.uint8)
    found[:, : width // 2] = 1
    found[0, width - 1] = number % 2
    return found


def as_file(values, kind="gray"):
    """A mask as an image of some kind."""
    if kind == "colors":
        return Image.fromarray(np.array(list(COLORS.values()), np.uint8)[values])
    image = Image.fromarray(values)
    if kind == "palette":
        image = image.convert("P")
        image.putdata(values.ravel().tolist())
        image.putpalette([0, 0, 0, 255, 0, 0] + [9] * 750)
    if kind == "RGB gray":
        image = image.convert("RGB")
    return image.convert("1") if kind == "1" else image


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    make()
    return tmp_path


def make(kind="gray", count=10, prefix="", name="{}.png", images="photos", masks="masks", scale=1):
    for number in range(count):
        image, mask = Path(images, prefix, f"{number}.png"), Path(masks, prefix, name.format(number))
        for path in (image, mask):
            path.parent.mkdir(parents=True, exist_ok=True)
        noise(16, 8, seed=number + len(prefix) * 100).save(image)
        as_file(numbers(number) * scale, kind).save(mask)


def read(**settings):
    source = {"images": "photos", "masks": "masks", "image_size": [8, 16], **settings}
    more = {key: source.pop(key) for key in ("on_bad_image", "split") if key in source}
    return load(Data.model_validate({"source": {"mask_folder": source}, **more}))


def problems(**settings):
    with pytest.raises(DataError) as raised:
        read(**settings)
    return [problem.message for problem in raised.value.problems], raised.value.problems[-1].hint


@pytest.mark.parametrize("kind", ["gray", "palette", "RGB gray", "colors"])
@pytest.mark.usefixtures("folder")
def test_numbers_indexes_of_palettes_and_colors_are_classes(kind):
    make(kind)
    splits = read(**({"classes": COLORS} if kind == "colors" else {}))

    assert splits.targets.class_names == (("ground", "road") if kind == "colors" else ("0", "1"))
    assert splits.targets.mask_shape == (8, 16)
    number = int(Path(splits.train.files[0]).stem)
    assert splits.train.labels[0].tolist() == numbers(number).tolist()


@pytest.mark.usefixtures("folder")
def test_masks_of_one_bit_hold_0_and_1():
    for number in range(10):
        Image.fromarray(numbers(number) * 255).convert("1").save(f"masks/{number}.png")

    assert read().targets.class_names == ("0", "1")


@pytest.mark.parametrize(
    ("classes", "names"),
    [
        (["ground", "object"], ("ground", "object")),
        ({"object": 1, "ground": 0}, ("ground", "object")),  # numbers ascend
    ],
)
@pytest.mark.usefixtures("folder")
def test_classes_have_names(classes, names):
    assert read(classes=classes).targets.class_names == names


@pytest.mark.usefixtures("folder")
def test_0_and_255_are_two_classes_where_they_are_named():
    make(scale=255)
    splits = read(classes={"ground": 0, "object": 255})
    assert np.unique(splits.train.labels).tolist() == [0, 1]

    told, hint = problems()
    assert told[0] == f"{Path('masks/0.png')}: it holds 255 at 64 pixels, and classes are 0 to 254"
    assert "or `classes: {background: 0, object: 255}` where it is a class" in hint

    _, hint = problems(classes=["ground", "road"])
    assert "or `classes: {ground: 0, road: 255}` where it is a class" in hint


@pytest.mark.usefixtures("folder")
def test_masks_that_count_from_1_get_a_hint():
    for number in range(10):
        Image.fromarray(numbers(number) + 1).save(f"masks/{number}.png")
    _, hint = problems(classes=["ground", "road"])
    assert "where masks count from 1: `classes: {ground: 1, road: 2}`" in hint
    [note] = [note for note in read().notes if "no pixel of the training masks is `0`" in note.message]
    assert "`classes: {ground: 1, object: 2}`" in note.hint


def as_jpeg(path):
    path.unlink()
    Image.fromarray(numbers()).save(path.with_suffix(".jpg"))


def with_fractions(path):
    path.unlink()
    Image.fromarray(numbers().astype(np.float32) / 2).save(path.with_suffix(".tif"))


def with_pages(path):
    path.unlink()
    page = Image.fromarray(numbers())
    page.save(path.with_suffix(".tif"), save_all=True, append_images=[page])


def in_alpha(path):
    Image.fromarray(np.dstack([np.zeros((8, 16, 3), np.uint8), numbers() * 255])).save(path)


def as_array(path):
    path.unlink()
    np.save(path.with_suffix(".npy"), numbers())


@pytest.mark.parametrize(
    ("write", "message"),
    [
        (as_jpeg, "masks/3.jpg: JPEG changes values, so its class numbers cannot be trusted: save masks as PNG"),
        (with_fractions, "masks/3.tif: it holds 0.5, and a mask has a class number in each pixel"),
        (with_pages, "masks/3.tif: it has 2 pages, and a mask has one"),
        (
            in_alpha,
            "masks/3.png: its pixels differ in transparency alone: save class numbers, without an alpha channel",
        ),
        (as_array, "photos/3.png: it has no mask: masks/3.npy is no image file"),
    ],
)
@pytest.mark.usefixtures("folder")
def test_odd_mask_says_what_it_is(write, message):
    write(Path("masks/3.png"))
    assert problems()[0][0] == message


@pytest.mark.usefixtures("folder")
def test_ignored_pixels_do_not_count():
    mask = numbers()
    mask[3] = 7
    Image.fromarray(mask).save("masks/3.png")
    splits = read(classes=["ground", "object"], ignore=7, split={"validation": 1, "test": 1})

    every = np.concatenate([part.examples.labels for part in splits.parts])
    assert (every == IGNORED).sum() == 16


@pytest.mark.parametrize(
    ("resize", "expected"),
    [
        ("stretch", [[1, 1, 0, 0]] * 4),
        ("crop", [[1, 1, 0, 0]] * 4),
        ("pad", [[IGNORED] * 4, [1, 1, 0, 0], [1, 1, 0, 0], [IGNORED] * 4]),
    ],
)
@pytest.mark.usefixtures("folder")
def test_masks_are_resized_as_their_images_are(resize, expected):
    for number in range(10):
        Image.fromarray(numbers(0)).save(f"masks/{number}.png")

    assert read(image_size=[4, 4], resize=resize).train.labels[0].tolist() == expected


@pytest.mark.usefixtures("folder")
def test_images_are_turned_by_their_exif_orientation_and_masks_are_those_of_the_upright_image():
    exif = Image.Exif()
    exif[0x0112] = 6  # stored lying on its side
    for number in range(10):
        Image.open(f"photos/{number}.png").transpose(Image.Transpose.ROTATE_90).save(f"photos/{number}.png", exif=exif)
    assert read().train.labels.shape[1:] == (8, 16)

    told, _ = problems(exif="ignore")
    assert told[0].startswith(f"{Path('masks/0.png')}: it has 16x8 pixels, and its image 8x16")


@pytest.mark.parametrize("name", ["{}_mask.png", "mask_{}.png", "{}-seg.tif", "{}_L.bmp"])
def test_names_of_masks_may_say_that_they_are_masks(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    make(name=name)
    splits = read()

    assert len(splits.train) + len(splits.validation) + len(splits.test) == 10
    said = f"names of masks and images differ: {name.format(0)} is taken for the mask of 0.png"
    assert said in [note.message for note in splits.notes]


def test_images_and_masks_may_lie_in_one_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    make(masks="photos", name="{}_mask.png")

    assert sorted(read(masks="photos", split={"validation": 1, "test": 1}).train.files)[0].endswith(".png")


@pytest.mark.parametrize("are_named", [False, True])
def test_parts_are_folders_or_have_folders_of_their_own(are_named, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for prefix in ("train", "val", "test"):
        make(prefix=prefix, count=4)
    words = {"validation": "val", "test": "test"}
    own = {f"{part}_{kind}": f"{kind}/{folder}" for part, folder in words.items() for kind in ("masks",)}
    own |= {f"{part}_images": f"photos/{folder}" for part, folder in words.items()}
    splits = read(images="photos/train", masks="masks/train", **own) if are_named else read()

    assert [len(part.examples) for part in splits.parts] == [4, 4, 4]
    assert splits.test.files[0] == "test/0.png"


@pytest.mark.usefixtures("folder")
def test_every_fault_is_reported_at_once():
    Path("masks/1.png").unlink()
    Path("photos/2.png").unlink()
    Image.fromarray(numbers(height=9)).save("masks/3.png")
    Image.fromarray(np.full((8, 16), 3, np.uint8)).save("masks/4.png")
    Path("masks/5.png").write_bytes(b"text")
    Path("photos/6.png").write_bytes(b"")
    as_file(numbers(), "colors").save("masks/7.png")
    told, hint = problems(classes=["ground", "object"])

    assert told[:-1] == [
        "photos/1.png: it has no mask: no 1.* in masks/",
        "masks/2.png: this mask has no image in photos/",
        "photos/6.png: empty (0 bytes)",
        "masks/3.png: it has 16x9 pixels, and its image 16x8",
        "masks/4.png: it holds 3 at 128 pixels, and classes are 0 to 1",
        "masks/5.png: text, not an image",
        "masks/7.png: it has colors ([0, 0, 0], [128, 64, 128]), and `classes` names numbers: "
        "name colors there, `{road: [0, 0, 0]}`",
    ]
    assert "name the numbers in `classes`" in hint

    splits = read(classes=["ground", "object"], on_bad_image="skip", split={"validation": 1, "test": 1})
    assert sum(len(part.examples) for part in splits.parts) == 3
    assert any(note.message == "7 images or masks are left out" for note in splits.notes)


@pytest.mark.usefixtures("folder")
def test_colors_of_no_class_are_named():
    make("colors")
    mask = as_file(numbers(), "colors")
    mask.putpixel((3, 3), (1, 2, 3))
    mask.save("masks/2.png")

    told, hint = problems(classes=COLORS)
    assert told[0] == "masks/2.png: it holds [1, 2, 3] at 1 pixel: colors of no class"
    assert hint.startswith("name them in `classes`, or one with `ignore`: [1, 2, 3]")
    assert read(classes=COLORS, ignore="#010203").targets.count == 2


@pytest.mark.usefixtures("folder")
def test_numbers_with_gaps_need_names():
    make(scale=40)
    told, hint = problems()

    assert told == ["the masks hold 0, 40, and classes are numbers from 0 without gaps"]
    assert hint == "name them: `classes: {background: 0, class_40: 40}` in `mask_folder`"


@pytest.mark.usefixtures("folder")
def test_two_masks_of_an_image_are_a_fault():
    Image.fromarray(numbers()).save("masks/1.bmp")

    assert problems()[0][0] == "photos/1.png: it has 2 masks in masks/: 1.bmp, 1.png"


@pytest.mark.usefixtures("folder")
def test_masks_of_one_class_are_noted():
    Image.fromarray(np.zeros((8, 16), np.uint8)).save("masks/1.png")
    notes = [note.message for note in read(classes=["ground", "object"]).notes]

    assert "1 mask has one class alone: 1 `ground`" in notes


@pytest.mark.usefixtures("folder")
def test_images_of_two_parts_are_leakage():
    make(prefix="train", count=4, images="p", masks="m")
    make(prefix="test", count=4, images="p", masks="m")
    for kind in "pm":
        Path(f"{kind}/test/0.png").write_bytes(Path(f"{kind}/train/0.png").read_bytes())

    assert problems(images="p", masks="m")[0] == ["1 image lies in two of p/train/ and p/test/"]


@pytest.mark.usefixtures("folder")
def test_masks_are_part_of_the_fingerprint():
    before = read().fingerprint
    mask = numbers(1)
    mask[5, 5] = 0
    Image.fromarray(mask).save("masks/1.png")

    assert read().fingerprint != before


@pytest.mark.usefixtures("folder")
def test_other_data_has_the_classes_of_the_model():
    trained = Data.model_validate(
        {
            "source": {
                "mask_folder": {"images": "photos", "masks": "masks", "image_size": [8, 16], "classes": ["a", "b"]}
            }
        }
    )
    splits = load(trained)
    make(images="new/images", masks="new/masks")
    source = parse_source("new")
    examples, _, targets = load_for_model(
        source, input_shape=(8, 16, 3), targets=splits.targets, form=splits.form, data=trained
    )

    assert source.word == "mask_folder"
    assert len(examples) == 10
    assert targets.class_names == ("a", "b")


@pytest.mark.usefixtures("folder")
def test_masks_that_do_not_fit_into_memory_lie_in_a_file(monkeypatch):
    expected = read().train.labels.tolist()
    monkeypatch.setattr(masked_images, "available_bytes", lambda: 0)
    Image.fromarray(numbers(height=9)).save("masks/3.png")
    with pytest.raises(DataError):
        read()
    Image.fromarray(numbers(3)).save("masks/3.png")
    splits = read()

    assert isinstance(splits.train.targets, RowFile)
    assert splits.train.labels.tolist() == expected


@pytest.mark.usefixtures("folder")
def test_classes_of_other_data_are_matched_by_name():
    trained = load(Data.model_validate({"source": {"mask_folder": {**SOURCE, "classes": ["object", "ground"]}}}))
    source = Source.model_validate({"mask_folder": {**SOURCE, "classes": ["ground", "object"]}})
    examples, _, _ = load_for_model(source, input_shape=(8, 16, 3), targets=trained.targets)

    assert examples.labels[0, 1].tolist() == [0] * 8 + [1] * 8


def test_a_folder_of_parts_is_recognized(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for part in ("train", "valid"):
        make(images=f"all/{part}/images", masks=f"all/{part}/masks", count=2)

    settings = parse_source("all").settings
    assert settings.paths() == {
        "images": "all/train/images",
        "masks": "all/train/masks",
        "validation_images": "all/valid/images",
        "validation_masks": "all/valid/masks",
    }


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("classes: [a]", "expected 2 to 255 classes, the background is one"),
        (
            "classes: {a: 0, b: [0, 0]}",
            'expected an integer from 0 to 65535, [red, green, blue], or "#8040ff" in quotes',
        ),
        ("classes: {a: 0, b: [0, 0, 1]}", "expected numbers alone, or colors alone"),
        ("classes: {a: 0, b: 0}", "expected another number or color for each class"),
        ("ignore: -1", "expected an integer from 0 to 65535"),
        ("validation_images: v", "`validation_images` needs `validation_masks`"),
        ("classes: [a, b], ignore: [0, 0, 0]", "`ignore` is a color, and classes are numbers"),
        ("classes: [a, b], ignore: 1", "`ignore` is 1, and so is the class `b`"),
    ],
)
def test_wrong_settings_are_told_at_their_line(line, message):
    text = f"""\
data: {{source: {{mask_folder: {{images: i, masks: m, image_size: [8, 8], {line}}}}}}}
model: {{layers: [Conv2D: {{filters: $classes, kernel_size: 1, activation: softmax}}]}}
"""
    with pytest.raises(RecipeError) as raised:
        load_bytes(text.encode(), "recipe.yaml")

    [problem] = raised.value.problems
    assert message in problem.message
    assert problem.place.line == 1
