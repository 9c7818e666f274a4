"""Every source and every script of docs/public-data-sets.md, on small files of the same form as the published ones."""

from __future__ import annotations

import csv
import gzip
import pickle
import re
import shutil
import subprocess
import sys
import wave
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from PIL import Image

from cnncli.data.load import load
from cnncli.recipe.schema_data import Data

PAGE = (Path(__file__).parents[2] / "docs/public-data-sets.md").read_text(encoding="utf-8")
RANDOM = np.random.default_rng(0)
WORDS = ["the", "film", "is", "a", "dull", "but", "funny", "story", "of", "nine", "lives"]


def recipes() -> list[dict[str, Any]]:
    """The data of all recipes on the page that name a file."""
    found = []
    for block in re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL):
        lines = [line for line in block.splitlines() if not line.startswith("#")]
        each_is_one = sum(line.startswith("source:") for line in lines) > 1
        found += [yaml.safe_load(text) for text in (lines if each_is_one else ["\n".join(lines)])]
    in_text = re.findall(r"`(source: \{.*?\})`", PAGE, re.DOTALL)
    found += [yaml.safe_load(text) for text in in_text if "FOLDER, image_size" not in text]
    return found


def path_of(data: dict[str, Any]) -> str:
    [settings] = data["source"].values()
    return str(settings["path"])


def script(language: str, head: str) -> str:
    """The script of a section."""
    section = PAGE[PAGE.index(f"## {head}") :]
    match = re.search(rf"```{language}\n(.*?)```", section, re.DOTALL)
    assert match
    return match[1]


def python(text: str) -> None:
    """Run a script as the page gives it to a shell, or to Python."""
    match = re.fullmatch(r'python -c "\n(.*)"\n', text, re.DOTALL)
    subprocess.run([sys.executable, "-c", match[1] if match else text], check=True)


def write(path: str, rows: Iterable[Sequence[Any]], **options: Any) -> None:
    encoding = options.pop("encoding", "utf-8")
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    with open(path, "w", newline="", encoding=encoding) as file:
        csv.writer(file, **options).writerows(rows)


def pixels(*shape: int) -> Any:
    return RANDOM.integers(0, 256, shape, np.uint8)


def image(path: str, *shape: int) -> None:
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels(*shape)).save(path)


def sentence(count: int = 8) -> str:
    return " ".join(RANDOM.choice(WORDS, count))


def mnist() -> None:
    arrays = {f"x_{part}": pixels(count, 28, 28) for part, count in (("train", 120), ("test", 20))}
    arrays |= {f"y_{part}": np.arange(count, dtype=np.uint8) % 10 for part, count in (("train", 120), ("test", 20))}
    np.savez("mnist.npz", **arrays)


def mnist_csv() -> None:
    head = ["label", *(f"pixel{number}" for number in range(784))]
    write("train.csv", [head, *([number % 10, *pixels(784)] for number in range(120))])


def idx() -> None:
    Path("FOLDER").mkdir()
    for part, count in (("train", 120), ("t10k", 20)):
        for kind, array in (("images-idx3", pixels(count, 28, 28)), ("labels-idx1", np.arange(count) % 10)):
            head = bytes([0, 0, 8, array.ndim]) + b"".join(size.to_bytes(4, "big") for size in array.shape)
            content = head + array.astype(np.uint8).tobytes()
            Path(f"FOLDER/{part}-{kind}-ubyte.gz").write_bytes(gzip.compress(content))


def cifar() -> None:
    folder = Path("cifar-10-batches-py")
    folder.mkdir()
    for name in (*(f"data_batch_{number}" for number in range(1, 6)), "test_batch"):
        labels = [number % 10 for number in range(40)]
        batch = {b"data": pixels(40, 3072), b"labels": labels, b"batch_label": b"", b"filenames": [b"x.png"] * 40}
        (folder / name).write_bytes(pickle.dumps(batch, protocol=3).replace(b"numpy._core", b"numpy.core"))
    names = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]
    meta = {b"label_names": [name.encode() for name in names], b"num_vis": 3072}
    (folder / "batches.meta").write_bytes(pickle.dumps(meta, protocol=3))


def medmnist(name: str, labels: int) -> Callable[[], None]:
    def make() -> None:
        arrays: dict[str, Any] = {}
        for part, count in (("train", 40), ("val", 20), ("test", 20)):
            arrays[f"{part}_images"] = pixels(count, 28, 28, 3) if labels == 1 else pixels(count, 28, 28)
            kinds = np.arange(count)[:, None] % 3 if labels == 1 else RANDOM.integers(0, 2, (count, labels))
            arrays[f"{part}_labels"] = kinds.astype(np.uint8)
        np.savez(name, **arrays)

    return make


def mr() -> None:
    folder = Path("rt-polaritydata")
    folder.mkdir()
    for label in ("pos", "neg"):
        lines = (f"{label} film {number}: {' '.join(RANDOM.choice(WORDS, 9))} caf\u00e9 \n" for number in range(40))
        (folder / f"rt-polarity.{label}").write_text("".join(lines), encoding="windows-1252")


def har() -> None:
    for part, first in (("train", 1), ("test", 20)):
        Path(part, "Inertial Signals").mkdir(parents=True)
        for channel in ("body_acc_x", "body_acc_y", "total_acc_z"):
            np.savetxt(Path(part, "Inertial Signals", f"{channel}_{part}.txt"), RANDOM.normal(size=(40, 128)))
        np.savetxt(Path(part, f"y_{part}.txt"), np.arange(40) % 2 + 1, fmt="%d")
        np.savetxt(Path(part, f"subject_{part}.txt"), first + np.arange(40) // 5, fmt="%d")
    Path("activity_labels.txt").write_text("1 WALKING\n2 SITTING\n")
    python(script("python", "UCI HAR"))


def cats_and_dogs() -> None:
    folder = Path("dogs-vs-cats/train")
    folder.mkdir(parents=True)
    for number in range(40):
        Image.fromarray(pixels(1, 12, 16, 3)[0]).save(folder / f"{('cat', 'dog')[number % 2]}.{number // 2}.jpg")


def isic() -> None:
    folder, classes = Path("ISIC2018_Task3_Training_Input"), ("MEL", "NV", "BCC", "AKIEC", "BKL", "DF", "VASC")
    folder.mkdir()
    with open("ISIC2018_Task3_Training_GroundTruth.csv", "w", newline="") as file:
        table = csv.writer(file)
        table.writerow(["image", *classes])
        for number in range(70):
            Image.fromarray(pixels(1, 12, 16, 3)[0]).save(folder / f"ISIC_{number:07d}.jpg")
            table.writerow([f"ISIC_{number:07d}", *(float(place == number % 7) for place in range(7))])


def imdb() -> None:
    for part, label in (("train", "pos"), ("train", "neg"), ("train", "unsup"), ("test", "pos"), ("test", "neg")):
        folder = Path("aclImdb") / part / label
        folder.mkdir(parents=True)
        for number in range(12):
            (folder / f"{number}_7.txt").write_text(f"{sentence()} {part} {label} {number}")


def signals(name: str, label: int, width: int, **options: Any) -> Callable[[], None]:
    """Files without names of columns, the label at a place."""

    def make() -> None:
        for part in ("train", "test"):
            rows = [
                [f"{value:.4f}" for value in RANDOM.normal(size=width)] + [f"{number % 3}.0"] for number in range(40)
            ]
            part = part.upper() if name[0].isupper() else part
            write(name.format(part), [(row if label else [row[-1], *row[:-1]]) for row in rows], **options)

    return make


def ag_news() -> None:
    for part in ("train", "test"):
        write(f"{part}.csv", [[number % 4 + 1, sentence(3), f"{sentence()} {part} {number}"] for number in range(40)])


def sst2() -> None:
    for part in ("train", "dev"):
        rows = [[f"{sentence()} {part} {number}", number % 2] for number in range(40)]
        write(f"{part}.tsv", [["sentence", "label"], *rows], delimiter="\t")


def spam() -> None:
    rows = [[("ham", "spam")[number % 2], f"{sentence()} \xa3{number}", "", "", ""] for number in range(40)]
    write("spam.csv", [["v1", "v2", "", "", ""], *rows], encoding="windows-1252")


def ham10000() -> None:
    rows = []
    for number in range(40):
        image(f"HAM10000_images_part_{number % 2 + 1}/ISIC_{number:07}.jpg", 45, 60, 3)
        rows.append([f"HAM_{number // 2:07}", f"ISIC_{number:07}", ("nv", "mel")[number // 2 % 2], "histo", 50])
    write("HAM10000_metadata.csv", [["lesion_id", "image_id", "dx", "dx_type", "age"], *rows])


def nih() -> None:
    rows = []
    for number in range(40):
        image(f"images_{number % 2 + 1:03}/images/{number:08}_000.png", 64, 64)
        rows.append([f"{number:08}_000.png", ("No Finding", "Mass|Nodule", "Mass")[number % 3], number % 2, number])
    write("Data_Entry_2017.csv", [["Image Index", "Finding Labels", "Follow-up #", "Patient ID"], *rows])


def fer2013() -> None:
    usage = ("Training", "Training", "PublicTest", "PrivateTest")
    rows = [[n % 7, " ".join(map(str, pixels(48 * 48))), usage[n % 4]] for n in range(84)]
    write("fer2013.csv", [["emotion", "pixels", "Usage"], *rows])


def cub_images() -> None:
    folder = Path("CUB_200_2011")
    names = ("001.Black_footed_Albatross", "002.Laysan_Albatross")
    files = [f"{names[number % 2]}/bird_{number}.jpg" for number in range(40)]
    for file in files:
        image(f"{folder}/images/{file}", 30, 40, 3)
    for name, values in {
        "images": files,
        "classes": names,
        "image_class_labels": [number % 2 + 1 for number in range(40)],
        "train_test_split": [int(number % 5 > 0) for number in range(40)],
    }.items():
        (folder / f"{name}.txt").write_text("".join(f"{place} {each}\n" for place, each in enumerate(values, 1)))


def cub() -> None:
    cub_images()
    python(script("bash", "CUB-200"))


def chexpert() -> None:
    head = ["Path", "Sex", "Age", "Frontal/Lateral", "AP/PA", "No Finding", "Edema", "Support Devices"]
    for part, first in (("train", 0), ("valid", 900)):
        rows = []
        for number in range(40):
            file = f"CheXpert-v1.0-small/{part}/patient{first + number // 2:05}/study1/view{number % 2 + 1}_frontal.jpg"
            image(file, 32, 39)
            cells = RANDOM.choice(["", "0.0", "1.0", "-1.0"], 3)
            rows.append([file, "Male", 60, "Frontal", "AP", *cells])
        write(f"CheXpert-v1.0-small/{part}.csv", [head, *rows])


def esc50() -> None:
    Path("audio").mkdir()
    rows = []
    for number in range(15):
        name = f"{number % 5 + 1}-{1000 + number}-A-{number % 3}.wav"
        with wave.open(f"audio/{name}", "wb") as file:
            file.setparams((1, 2, 44100, 0, "NONE", ""))
            file.writeframes(RANDOM.integers(-9000, 9000, 5 * 44100, np.int16).tobytes())
        rows.append([name, number % 5 + 1, number % 3, ("cat", "dog", "rain")[number % 3], "True", 1000 + number, "A"])
    write("meta/esc50.csv", [["filename", "fold", "target", "category", "esc10", "src_file", "take"], *rows])
    python(script("python", "ESC-50"))


MAKERS = {
    ("npz", "mnist.npz"): mnist,
    ("csv", "train.csv", "label"): mnist_csv,
    ("idx", "FOLDER"): idx,
    ("cifar", "cifar-10-batches-py"): cifar,
    ("npz", "pathmnist.npz"): medmnist("pathmnist.npz", 1),
    ("npz", "chestmnist.npz"): medmnist("chestmnist.npz", 14),
    ("text_folder", "rt-polaritydata"): mr,
    ("npz", "har.npz"): har,
    ("image_folder", "dogs-vs-cats/train"): cats_and_dogs,
    ("csv", "ISIC2018_Task3_Training_GroundTruth.csv"): isic,
    ("text_folder", "aclImdb"): imdb,
    ("csv", "mitbih_train.csv"): signals("mitbih_{}.csv", 1, 187),
    ("tsv", "FordA_TRAIN.tsv"): signals("FordA_{}.tsv", 0, 500, delimiter="\t"),
    ("csv", "train.csv", "c0"): ag_news,
    ("tsv", "train.tsv"): sst2,
    ("csv", "spam.csv"): spam,
    ("csv", "HAM10000_metadata.csv"): ham10000,
    ("csv", "Data_Entry_2017.csv"): nih,
    ("csv", "fer2013.csv"): fer2013,
    ("image_folder", "CUB_200_2011/images"): cub_images,
    ("csv", "cub.csv"): cub,
    ("csv", "CheXpert-v1.0-small/train.csv"): chexpert,
    ("npz", "esc50.npz"): esc50,
}


def maker_of(data: dict[str, Any]) -> Callable[[], None]:
    [(word, settings)] = data["source"].items()
    return MAKERS.get((word, settings["path"])) or MAKERS[word, settings["path"], settings["label"]]


def test_page_has_all_of_these():
    assert len(recipes()) == len(MAKERS)
    assert {maker_of(data) for data in recipes()} == {*MAKERS.values()}


@pytest.mark.parametrize("data", recipes(), ids=path_of)
def test_source_of_the_page_is_read(data: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    maker_of(data)()
    if path_of(data).startswith("Data_Entry"):
        data = {**data, "targets": "multilabel"}  # as the comment above the line says
    found = load(Data.model_validate(data))

    assert len(found.train) > 0
    assert len(found.test) > 0


def test_labels_have_their_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    named = {path_of(data): data for data in recipes()}
    fer2013()
    chexpert()

    emotions = load(Data.model_validate(named["fer2013.csv"])).targets.class_names
    findings = load(Data.model_validate(named["CheXpert-v1.0-small/train.csv"])).targets.class_names

    assert set(emotions) == {"angry", "disgust", "fear", "happy", "sad", "surprise", "neutral"}
    assert findings == ("No Finding", "Edema", "Support Devices")
    shutil.rmtree("CheXpert-v1.0-small")
