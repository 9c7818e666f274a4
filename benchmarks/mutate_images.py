"""Damage small images in 2,000 ways, and see that each is used or named before training, and that nothing dies of one.

    python -m benchmarks.mutate_images                      # 2,000 in batches of 250, about five minutes
    python -m benchmarks.mutate_images --count 250 --seed 7

The seeds are made here with Pillow: JPEG, PNG, GIF, BMP and WebP in several kinds of each. A mutant has bytes flipped, cut
off, inserted, removed, moved, zeroed or taken from another file, chunks swapped, a size in its header that is a lie, or, of
a PNG, checksums that fit again after that. Each batch becomes a folder of two classes, and goes through

    1. the scan, and then the reading that training does where images do not fit into memory, in a process of its own;
    2. `cnncli train --dry-run --json`: exit 4, with exactly the files that the scan refused;
    3. `cnncli train` with `on_bad_image: skip`, one epoch: exit 0, and the same files left out.

What counts as a failure: a process that a signal ended or that found a bug; a refused file that is not named or has no
reason; a file that the scan takes and Pillow alone cannot decode; one that reads differently the second time; more than
a second or 1 GB for one file.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import json
import os
import random
import re
import struct
import subprocess
import sys
import tempfile
import time
import warnings
import zlib
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

LONGEST, MOST_BYTES = 1.0, 1 << 30
CLASSES = ("cats", "dogs")
RECIPE = """\
name: mutants
data:
  source: {image_folder: {path: images}}
  on_bad_image: ON_BAD_IMAGE
  allow_leakage: true
model:
  input: [24, 24, 3]
  layers:
    - Rescaling: {scale: $(1 / 255)}
    - Conv2D: {filters: 4, kernel_size: 3, strides: 2, activation: relu}
    - Flatten
    - Dense: {units: $classes, activation: softmax}
train: {seed: 1, epochs: 1, batch_size: 16, optimizer: Adam}
visualize: []
"""
Mutant = tuple[str, bytes]  # how it was made, and its content


@dataclass
class Seen:
    """What became of the mutants."""

    mutants: int = 0
    refused: int = 0
    slowest: float = 0.0
    peak_bytes: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    kinds: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)


# The seeds.


def seeds() -> dict[str, bytes]:
    """Small images of every format that is read, by name."""
    pixels = np.random.default_rng(0).integers(0, 256, (6, 9, 3), np.uint8)
    rgb = Image.fromarray(pixels).resize((36, 24), Image.Resampling.BILINEAR)
    other = rgb.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    alpha = rgb.convert("RGBA")
    alpha.putalpha(rgb.convert("L"))
    deep = Image.fromarray(np.asarray(rgb.convert("L"), np.uint16) * 257)
    exif = Image.Exif()
    exif[0x0112] = 6
    return {
        "baseline.jpg": _saved(rgb, "JPEG"),
        "progressive.jpg": _saved(rgb, "JPEG", progressive=True),
        "grey.jpg": _saved(rgb.convert("L"), "JPEG"),
        "cmyk.jpg": _saved(rgb.convert("CMYK"), "JPEG"),
        "turned.jpg": _saved(rgb, "JPEG", exif=exif),
        "rgb.png": _saved(rgb, "PNG"),
        "palette.png": _saved(rgb.quantize(16), "PNG", transparency=3),
        "one-bit.png": _saved(rgb.convert("1"), "PNG"),
        "deep.png": _saved(deep, "PNG"),
        "alpha.png": _saved(alpha, "PNG"),
        "still.gif": _saved(rgb, "GIF"),
        "moving.gif": _saved(rgb, "GIF", save_all=True, append_images=[other], duration=50),
        "rgb.bmp": _saved(rgb, "BMP"),
        "palette.bmp": _saved(rgb.quantize(16), "BMP"),
        "lossy.webp": _saved(rgb, "WEBP"),
        "lossless.webp": _saved(alpha, "WEBP", lossless=True),
        "moving.webp": _saved(rgb, "WEBP", save_all=True, append_images=[other], duration=50),
    }


def _saved(image: Image.Image, kind: str, **options: Any) -> bytes:
    content = io.BytesIO()
    image.save(content, kind, **options)
    return content.getvalue()


# The mutations: content, generator, all seeds -> content.

Mutation = Callable[[bytes, random.Random, Sequence[bytes]], bytes]


def flip_bits(content: bytes, generator: random.Random, _: Sequence[bytes]) -> bytes:
    changed = bytearray(content)
    for _number in range(generator.choice([1, 1, 2, 8, 32])):
        changed[generator.randrange(len(changed))] ^= 1 << generator.randrange(8)
    return bytes(changed)


def change_bytes(content: bytes, generator: random.Random, _: Sequence[bytes]) -> bytes:
    changed = bytearray(content)
    for _number in range(generator.choice([1, 2, 4, 16])):
        changed[generator.randrange(len(changed))] = generator.choice(
            [0, 1, 0x7F, 0x80, 0xFF, generator.randrange(256)]
        )
    return bytes(changed)


def change_header(content: bytes, generator: random.Random, others: Sequence[bytes]) -> bytes:
    head = generator.choice([32, 64, 200])
    return change_bytes(content[:head], generator, others) + content[head:]


def cut_off(content: bytes, generator: random.Random, _: Sequence[bytes]) -> bytes:
    return content[: generator.randrange(len(content))]


def insert(content: bytes, generator: random.Random, _: Sequence[bytes]) -> bytes:
    place = generator.randrange(len(content) + 1)
    return content[:place] + generator.randbytes(generator.choice([1, 4, 50])) + content[place:]


def remove(content: bytes, generator: random.Random, _: Sequence[bytes]) -> bytes:
    place, length = generator.randrange(len(content)), generator.choice([1, 4, 50, 300])
    return content[:place] + content[place + length :]


def zero(content: bytes, generator: random.Random, _: Sequence[bytes]) -> bytes:
    place, length = generator.randrange(len(content)), generator.choice([1, 4, 50, 300])
    return (content[:place] + bytes(length) + content[place + length :])[: len(content)]


def move(content: bytes, generator: random.Random, _: Sequence[bytes]) -> bytes:
    first, second, third = sorted(generator.randrange(len(content) + 1) for _number in range(3))
    return content[:first] + content[second:third] + content[first:second] + content[third:]


def cross(content: bytes, generator: random.Random, others: Sequence[bytes]) -> bytes:
    other = generator.choice(others)
    return content[: generator.randrange(len(content))] + other[generator.randrange(len(other)) :]


def swap_chunks(content: bytes, generator: random.Random, others: Sequence[bytes]) -> bytes:
    """Chunks of PNG and RIFF, segments of JPEG; of other formats any two pieces."""
    begin, chunks = _chunks(content)
    if len(chunks) < 2:
        return move(content, generator, others)
    first, second = sorted(generator.sample(range(len(chunks)), 2))
    kind = generator.choice(["swap", "double", "drop"])
    if kind == "swap":
        chunks[first], chunks[second] = chunks[second], chunks[first]
    elif kind == "double":
        chunks.insert(second, chunks[first])
    else:
        del chunks[first]
    return content[:begin] + b"".join(chunks)


def lie(content: bytes, generator: random.Random, others: Sequence[bytes]) -> bytes:
    """Another width or height in the header."""
    places = _places_of_size(content)
    if not places:
        return change_header(content, generator, others)
    changed = bytearray(content)
    for place, form in places if generator.random() < 0.4 else [generator.choice(places)]:
        most = (1 << 8 * struct.calcsize(form)) - 1
        size = generator.choice([0, 1, 2, 35, 37, 1000, 8000, 20_000, 65_535, most // 2, most // 2 + 1, most])
        struct.pack_into(form, changed, place, min(size, most))
    return bytes(changed)


MUTATIONS: tuple[Mutation, ...] = (
    flip_bits, change_bytes, change_header, cut_off, insert, remove, zero, move, cross, swap_chunks, lie
)  # fmt: skip


def mutant(generator: random.Random, originals: dict[str, bytes]) -> Mutant:
    """One, by chance: of one seed, by one to three mutations."""
    name, content = generator.choice(list(originals.items()))
    if generator.random() < 0.01:
        return f"{name} emptied", b""
    others, done = list(originals.values()), [name]
    for mutation in generator.choices(MUTATIONS, k=generator.choice([1, 1, 1, 2, 3])):
        if not content:
            break
        content = mutation(content, generator, others)
        done.append(mutation.__name__)
    if content.startswith(b"\x89PNG") and generator.random() < 0.6:
        content = mended(content)
        done.append("mended")
    return " ".join(done), content


def mended(content: bytes) -> bytes:
    """A PNG whose checksums fit what its chunks hold now."""
    begin, chunks = _chunks(content)
    fits = [c[:-4] + struct.pack(">I", zlib.crc32(c[4:-4])) if len(c) >= 12 else c for c in chunks]
    return content[:begin] + b"".join(fits)


def _chunks(content: bytes) -> tuple[int, list[bytes]]:
    """Where the first chunk begins, and the chunks to the end of the file."""
    begin, length_of = next(
        (found for magic, found in _CHUNKS.items() if content.startswith(magic)), (0, lambda rest: len(rest))
    )
    position, chunks = begin, []
    while position < len(content):
        rest = content[position:]
        length = max(1, length_of(rest)) if len(rest) >= 8 else len(rest)
        chunks.append(rest[:length])
        position += length
    return begin, chunks


def _jpeg_segment(rest: bytes) -> int:
    marker = rest[1]
    if rest[0] != 0xFF or marker == 0xDA:
        return len(rest)  # the pixels
    return 2 if marker == 0xD8 else 2 + struct.unpack_from(">H", rest, 2)[0]


_CHUNKS: dict[bytes, tuple[int, Callable[[bytes], int]]] = {
    b"\x89PNG": (8, lambda rest: 12 + struct.unpack_from(">I", rest)[0]),
    b"RIFF": (12, lambda rest: 8 + (struct.unpack_from("<I", rest, 4)[0] + 1 & ~1)),
    b"\xff\xd8": (0, _jpeg_segment),
}


def _places_of_size(content: bytes) -> list[tuple[int, str]]:
    if content.startswith(b"\x89PNG") and len(content) > 24:
        return [(16, ">I"), (20, ">I")]
    if content.startswith(b"GIF8") and len(content) > 10:
        frame = content.find(b",", 13)
        inner = [(frame + 5, "<H"), (frame + 7, "<H")] if 0 < frame < len(content) - 9 else []
        return [(6, "<H"), (8, "<H"), *inner]
    if content.startswith(b"BM") and len(content) > 26:
        return [(18, "<I"), (22, "<I")]
    if content.startswith(b"RIFF") and len(content) > 30:
        return {b"VP8 ": [(26, "<H"), (28, "<H")], b"VP8X": [(24, "<H"), (27, "<H")]}.get(content[12:16], [(21, "<I")])
    frames = [content.find(b"\xff" + bytes([kind])) for kind in (0xC0, 0xC2)]
    return [
        place for frame in frames if 0 < frame < len(content) - 9 for place in ((frame + 5, ">H"), (frame + 7, ">H"))
    ]


# One batch.


def try_batch(folder: Path, batch: Sequence[Mutant], originals: dict[str, bytes], seen: Seen) -> None:
    """Write a batch into a folder of its own and lead it all the way."""
    how = _write(folder, batch, originals)
    scanned = _in_a_process(
        folder, [sys.executable, "-m", "benchmarks.mutate_images", "--scan", str(folder / "images")]
    )
    if scanned.returncode:
        seen.failures.append(_ended(scanned, "the scan"))
        return
    found = json.loads(scanned.stdout)
    refused: dict[str, str] = found["refused"]
    seen.mutants += len(batch)
    seen.refused += len(refused)
    seen.slowest = max(seen.slowest, found["slowest"])
    seen.peak_bytes = max(seen.peak_bytes, found["peak_bytes"])
    seen.reasons.update(re.sub(r"[0-9][0-9,]*", "…", reason)[:70] for reason in refused.values())
    seen.kinds.update(how[name].split()[0] for name in refused if name in how)
    seen.failures += [f"{how.get(name, name)}: {what}" for name, what in found["failures"]]
    seen.failures += [f"{name}: a whole image is refused: {refused[name]}" for name in refused if name not in how]
    seen.failures += [f"{how[name]}: refused without a reason" for name, reason in refused.items() if not reason]
    _train(folder, "error", refused, seen)
    _train(folder, "skip", refused, seen)


def _write(folder: Path, batch: Sequence[Mutant], originals: dict[str, bytes]) -> dict[str, str]:
    """The images, and with them whole ones, so that no class is empty; how each mutant was made, by its name."""
    how = {}
    for name in CLASSES:
        (folder / "images" / name).mkdir(parents=True)
    for number, (kind, content) in enumerate(originals.items()):
        (folder / "images" / CLASSES[number % 2] / f"whole-{kind}").write_bytes(content)
    for number, (made, content) in enumerate(batch):
        name = f"{CLASSES[number % 2]}/{number:04}{Path(made.split()[0]).suffix}"
        (folder / "images" / name).write_bytes(content)
        how[name] = made
    return how


def _train(folder: Path, on_bad_image: str, refused: dict[str, str], seen: Seen) -> None:
    """The real command, which must name or leave out exactly the refused ones."""
    (folder / "recipe.yaml").write_text(RECIPE.replace("ON_BAD_IMAGE", on_bad_image), encoding="utf-8")
    is_dry = on_bad_image == "error"
    done = _in_a_process(
        folder,
        [sys.executable, "-m", "cnncli", "train", "recipe.yaml", "--json", "--run", "a", *["--dry-run"] * is_dry],
    )
    what = f"cnncli train, on_bad_image: {on_bad_image}"
    if done.returncode != (4 if is_dry and refused else 0):
        seen.failures.append(_ended(done, what))
        return
    if is_dry:
        told = {bad["file"] for bad in json.loads(done.stdout)["error"]["bad_images"]} if refused else set()
    else:
        told = set(json.loads((folder / "outputs/mutants/a/run.json").read_text())["data"]["skipped"])
    if told != set(refused):
        seen.failures.append(f"{what}: {len(told ^ set(refused))} files are named by one of the two alone")


def _in_a_process(folder: Path, command: list[str]) -> subprocess.CompletedProcess[str]:
    root = str(Path(__file__).parents[1])
    environment = {**os.environ, "PYTHONPATH": root}
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=600, check=False
    )


def _ended(done: subprocess.CompletedProcess[str], what: str) -> str:
    said = "\n".join((done.stdout + done.stderr).splitlines()[-12:])
    return f"{what}: {'a signal ended it' if done.returncode < 0 else 'exit'} {done.returncode}\n{said}"


def scan_folder(path: Path) -> dict[str, Any]:
    """Look at a folder as cnncli does; in a process of its own.

    Returns:
        `refused`: name -> reason; `failures`: (name, what); `slowest` in seconds; `peak_bytes` of memory.
    """
    import resource

    from cnncli.data import images
    from cnncli.data.dataset import ImageFiles
    from cnncli.data.sources.folder_tree import read_tree
    from cnncli.data.sources.image_scan import scan

    form = images.Form(24, 24)
    tree = read_tree(str(path))
    files = [file for files in tree.files.values() for file in files]
    scanned = scan(files, form)
    failures, slowest = [], 0.0
    assert isinstance(scanned.pixels, np.ndarray)
    again = ImageFiles(tuple(each.file.path for each in scanned.usable), form)
    for row, each in enumerate(scanned.usable):
        started = time.process_time()
        pixels = again.read([row])[0]
        slowest = max(slowest, time.process_time() - started)
        if not np.array_equal(pixels, scanned.pixels[row]):
            failures.append((each.file.relative, "reads differently the second time"))
        if reason := _pillow_refuses(Path(each.file.path)):
            failures.append((each.file.relative, f"used, and Pillow alone says: {reason}"))
    for bad in scanned.bad:
        started = time.process_time()
        try:
            images.decode(images.read(bad.file.path), form)
            failures.append((bad.file.relative, "refused, and used the second time"))
        except images.BadImage:
            slowest = max(slowest, time.process_time() - started)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    failures += [("all", f"{slowest:.2f} s for one file")] * (slowest > LONGEST)
    failures += [("all", f"{peak / 1e9:.2f} GB of memory")] * (peak > MOST_BYTES)
    refused = {bad.file.relative: bad.reason for bad in scanned.bad}
    return {"refused": refused, "failures": failures, "slowest": slowest, "peak_bytes": peak}


def _pillow_refuses(path: Path) -> str:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(path) as image:
                image.load()
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return ""


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=2000)
    parser.add_argument("--batch", type=int, default=250)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--scan", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.scan:
        print(json.dumps(scan_folder(options.scan)))
        return 0
    started = time.monotonic()
    generator, originals, seen = random.Random(options.seed), seeds(), Seen()
    whole = {hashlib.sha256(content).digest() for content in originals.values()}
    while seen.mutants < options.count and not seen.failures:
        batch: list[Mutant] = []
        while len(batch) < min(options.batch, options.count - seen.mutants):
            made = mutant(generator, originals)
            digest = hashlib.sha256(made[1]).digest()
            if digest not in whole:  # every one is new
                whole.add(digest)
                batch.append(made)
        with tempfile.TemporaryDirectory(prefix="images-") as folder:
            try_batch(Path(folder), batch, originals, seen)
        print(f"{seen.mutants:>6,} mutants, {seen.refused:>6,} refused, {len(seen.failures)} failures", flush=True)
    for failure in seen.failures[:30]:
        print(failure)
    print(f"\n{len(seen.reasons)} different reasons, the most frequent:")
    for reason, count in seen.reasons.most_common(15):
        print(f"{count:>7,}  {reason}")
    print(
        f"\n{seen.mutants:,} mutants of {len(originals)} images (seed {options.seed}): {seen.refused:,} refused and named, "
        f"{seen.mutants - seen.refused:,} used for training\n"
        f"slowest {seen.slowest * 1000:.0f} ms, at most {seen.peak_bytes / 1e6:,.0f} MB, "
        f"failures = {len(seen.failures)}, {time.monotonic() - started:.0f} s"
    )
    return 1 if seen.failures else 0


if __name__ == "__main__":
    sys.exit(main())
