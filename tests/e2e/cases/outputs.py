"""Files that commands write, streams, encodings, places."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
from commands import Result
from PIL import Image

from cases.making import U8, U8_RUN, Case

FIGURES = f"{U8_RUN}/figures"
REFUSED = "is a file that this command reads"


def images(folder: Path) -> None:
    """a.png, b.png and sub/a.png."""
    (folder / "sub").mkdir()
    for number, name in enumerate(("a.png", "b.png", "sub/a.png")):
        pixels = np.random.default_rng(number).integers(0, 256, (28, 28), np.uint8)
        Image.fromarray(pixels).save(folder / name)


def pets(folder: Path) -> None:
    """Ten images of two classes, and pets.yaml."""
    generator = np.random.default_rng(0)
    for split in ("train", "test"):
        for name, low in (("cat", 0), ("dog", 128)):
            place = folder / "pets" / split / name
            place.mkdir(parents=True)
            for number in range(10):
                Image.fromarray(generator.integers(low, low + 128, (8, 8), np.uint8)).save(place / f"{number}.png")
    (folder / "pets.yaml").write_text(
        "name: pets\ndata: {source: {image_folder: {path: pets, image_size: [8, 8]}}}\ntrain: {epochs: 1}\nmodel:\n"
        "  layers: [Conv2D: {filters: 2, kernel_size: 3}, Flatten, Dense: {units: $classes, activation: softmax}]\n"
    )


def links(folder: Path) -> None:
    """The same, with other names for a.png and the run."""
    images(folder)
    os.symlink("a.png", folder / "link.csv")
    os.link(folder / "a.png", folder / "hard.csv")
    os.symlink(U8_RUN, folder / "latest")


def two_pictures(folder: Path, _: Result) -> None:
    assert len(list((folder / FIGURES).glob("maximize-*.png"))) == 2


CASES: list[Case] = [
    *(
        Case(
            f"predictions are not written over an input: {name}",
            (f"predict {U8_RUN} a.png --csv {name} --force",),
            exit_code=6,
            says=(f"error: --csv: {shown} {REFUSED}",),
            files=(links,),
            writes_nothing=True,
        )
        for name, shown in (
            ("a.png", "a.png"),
            ("./a.png", "a.png"),
            ("sub/../a.png", "sub/../a.png"),
            ("link.csv", "link.csv"),
            ("hard.csv", "hard.csv"),
        )
    ),
    *(
        Case(
            f"predictions are not written over {what}",
            (f"predict {U8_RUN} a.png --csv {name} --force",),
            exit_code=6,
            says=(f"error: --csv: {name} {reason}",),
            files=(links, ("copy.keras", b"PK"), ("u9.yaml", U8)),
            writes_nothing=True,
        )
        for what, name, reason in (
            ("a run's file", f"{U8_RUN}/predictions.csv", "lies in the folder of a run, first"),
            ("a run's file behind a link", "latest/history.csv", "lies in the folder of a run, first"),
            ("a model", "copy.keras", "is a model, which is never overwritten"),
            ("a recipe", "u9.yaml", "is a recipe, which is never overwritten"),
            ("a folder", "sub", "is a folder, not a file"),
        )
    ),
    Case(
        "another file is kept without --force",
        (f"predict {U8_RUN} a.png --csv old.csv",),
        exit_code=6,
        says=("error: --csv: old.csv exists already; --force overwrites it",),
        files=(images, ("old.csv", "mine")),
        writes_nothing=True,
    ),
    *(
        Case(
            f"no result is written over the data of a run: {command}",
            (f"{command} --force",),
            exit_code=6,
            says=(f"{option}: data{ending} is a file that this command reads",),
            files=(
                images,
                lambda folder: [os.symlink("u8.npz", folder / f"data{end}") for end in (".csv", ".png", ".html")],
            ),
            writes_nothing=True,
        )
        for command, option, ending in (
            (f"predict {U8_RUN} a.png --csv data.csv", "--csv", ".csv"),
            (f"predict {U8_RUN} a.png --show data.png", "--show", ".png"),
            (f"report {U8_RUN} --to data.html", "--to", ".html"),
        )
    ),
    Case(
        "no recipe is copied into a run",
        (f"recipes copy mnist {U8_RUN}/mine.yaml",),
        exit_code=6,
        says=("mine.yaml lies in the folder of a run, first",),
        writes_nothing=True,
    ),
    *(
        Case(
            f"no picture is drawn into the training images: {command}",
            (
                "train pets.yaml --run first",
                f"{command.format('outputs/pets/first')} --to pets/train/cat",
            ),
            exit_code=6,
            says=("error: --to: pets/train/cat belongs to the data that this command reads",),
            files=(pets,),
            writes_nothing=True,
        )
        for command in ("maximize {} --steps 1", "compare {} u8/first --anyway")
    ),
    Case(
        "where nothing is predicted nothing is written, with --force too",
        (f"predict {U8_RUN} missing.png --csv old.csv --force",),
        exit_code=4,
        says=("missing.png: no such file",),
        unsaid=("Written",),
        files=(("old.csv", "mine"),),
        writes_nothing=True,
    ),
    Case(
        "a model by another name is no place for a page",
        (f"report {U8_RUN} --to page.html --force",),
        exit_code=6,
        says=("error: --to: page.html is a model",),
        files=(("page.html", b"\x89HDF\r\n\x1a\n"),),
        writes_nothing=True,
    ),
    Case(
        "a page is written again with --force",
        (f"report {U8_RUN} --to page.html", f"report {U8_RUN} --to page.html --force"),
        prints=("page.html",),
    ),
    Case(
        "a page is not written again without --force",
        (f"report {U8_RUN} --to page.html", f"report {U8_RUN} --to page.html"),
        exit_code=6,
        says=("error: --to: page.html exists already; --force overwrites it",),
        writes_nothing=True,
    ),
    Case(
        "a run's own page is written again without --force",
        (f"report {U8_RUN}", f"report {U8_RUN} --to {U8_RUN}/report.html"),
        prints=(f"{U8_RUN}/report.html",),
    ),
    Case(
        "a diagram is not drawn over a recipe's data",
        ("summary u8.yaml --set data.source.npz.path=a.png --diagram a.png --force",),
        exit_code=6,
        says=(f"error: --diagram: a.png {REFUSED}",),
        files=(images,),
        writes_nothing=True,
    ),
    Case(
        "another question has another picture, the same question the same",
        tuple(f"maximize {U8_RUN} --steps {steps} --no-svg" for steps in (2, 2, 3)),
        prints=(f"{FIGURES}/maximize-classes--steps-3.png",),
        check=two_pictures,
    ),
    Case(
        "pictures in a folder of the user are kept without --force",
        (f"maximize {U8_RUN} --steps 2 --to pictures", f"maximize {U8_RUN} --steps 2 --to pictures"),
        exit_code=6,
        says=("error: --to: pictures/maximize-classes--steps-2.png exists already",),
        writes_nothing=True,
    ),
    Case(
        "an evaluation is not drawn over the pictures of a run",
        (f"evaluate {U8_RUN} --figures {FIGURES}",),
        exit_code=6,
        says=(f"error: --figures: {FIGURES} lies in the folder of a run, first",),
        writes_nothing=True,
    ),
    Case(
        "an evaluation of another split has names of its own",
        (f"evaluate {U8_RUN} --figures drawn -q", f"evaluate {U8_RUN} --figures drawn -q --split train"),
        prints=("drawn/confusion--train.png",),
    ),
    Case(
        "pictures in the data would become data",
        (f"evaluate {U8_RUN} --data sub --figures sub/figures",),
        exit_code=6,
        says=("error: --figures: sub/figures belongs to the data that this command reads",),
        files=(images,),
        writes_nothing=True,
    ),
    *(
        Case(
            f"a name of 300 characters: {command}",
            (command.format("x" * 300),),
            exit_code=code,
            says=("too long",),
            writes_nothing=True,
        )
        for command, code in (
            ("validate {}", 3),
            (f"predict {U8_RUN} {{}}.png", 4),
            (f"evaluate {U8_RUN} --data {{}}", 4),
            ("evaluate {}.keras --data u8.npz", 5),
            ("train u8.yaml --output {}", 6),
            (f"report {U8_RUN} --to {{}}.html", 6),
            (f"maximize {U8_RUN} --to {{}}", 6),
        )
    ),
]
