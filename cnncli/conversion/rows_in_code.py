"""Python that reads rows and texts: tables of sentences or numbers, folders of texts, the packaged sentences."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass

from cnncli.conversion.python_layout import quoted
from cnncli.data.sources.builtin import SENTENCES, SENTENCES_FILE
from cnncli.data.sources.folder_tree import part_folders_in
from cnncli.recipe import targets
from cnncli.recipe.schema import Recipe
from cnncli.recipe.sources.table import Table, is_range, is_several
from cnncli.recipe.sources.text_folder import TextFolder
from cnncli.recipe.yaml.nodes import Path

READ_TABLE = '''\
def read_table(path, delimiter=","):
    """Return the rows of a table, each a dict by the names of the columns."""
    with open(path, encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file, delimiter=delimiter))'''.splitlines()
READ_TEXTS = '''\
def read_texts(folder):
    """Return the texts in a folder that has a folder for each class, and the number of the class of each."""
    names = sorted(entry.name for entry in os.scandir(folder) if entry.is_dir())
    files = [(path, number) for number, name in enumerate(names) for path in sorted(Path(folder, name).rglob("*.txt"))]
    texts = [path.read_text(encoding="utf-8-sig").strip() for path, _ in files]
    return np.array(texts, object), np.array([number for _, number in files])'''.splitlines()


@dataclass(frozen=True)
class Rows:
    """How rows are read.

    Attributes:
        lines: that make `x`, `y`, or `x_train`, `y_train` and further parts.
        functions: lines of functions.
        imports: names of `to_python`'s imports.
        parts: the parts that there are, of train, val and test; empty for `x`, `y`.
    """

    lines: list[str]
    functions: list[str]
    imports: tuple[str, ...]
    parts: tuple[str, ...] = ()


def rows_code(recipe: Recipe) -> Rows | None:
    """How the rows of a recipe are read; None for arrays and images."""
    settings = recipe.data.source.settings
    if recipe.data.source.builtin == SENTENCES:
        return _sentences()
    if isinstance(settings, TextFolder):
        return _text_folder(settings)
    return _table(recipe, settings) if isinstance(settings, Table) else None


# Keys of tables that scripts follow; `separator` and `weight` are refused where that depends on other keys.
_WRITTEN = {"path", "text", "numbers", "shape", "length", "label", "separator", "weight"}


def unwritten_rows(recipe: Recipe) -> Iterator[Path]:
    """The keys of a table that have no Python."""
    source = recipe.data.source
    settings = source.settings
    if not isinstance(settings, Table):
        return
    path = ("data", "source", source.word)
    for key, field in type(settings).model_fields.items():
        if key not in _WRITTEN and getattr(settings, key) != field.default:
            yield (*path, key)
    if recipe.data.inputs is not None:
        yield ("data", "inputs")
    label = settings.label or ""
    if is_several(label) or is_range(label) or settings.separator:
        yield (*path, "label")
    if any(":" in name for name in _patterns(settings)) or settings.channels > 1:
        yield (*path, "numbers")
    if source.word == "parquet" or settings.path.lower().endswith((".parquet", ".pq")):
        yield (*path, "path")


def _patterns(settings: Table) -> list[str]:
    numbers = settings.numbers or []
    return [numbers] if isinstance(numbers, str) else list(numbers)


def _sentences() -> Rows:
    lines = [
        f"rows = read_table({quoted(str(SENTENCES_FILE))})  # the sentences that come with cnncli",
        'class_names = sorted({row["label"] for row in rows})',
    ]
    for part in ("train", "test"):
        lines += [
            f'own = [row for row in rows if row["part"] == "{part}"]',
            f'x_{part} = np.array([row["sentence"] for row in own], object)',
            f'y_{part} = np.array([class_names.index(row["label"]) for row in own])',
        ]
    return Rows(lines, READ_TABLE, ("csv",), ("train", "test"))


def _text_folder(settings: TextFolder) -> Rows:
    folder = settings.path.rstrip("/")
    there = part_folders_in(folder) if os.path.isdir(folder) else {}
    if "train" not in there:
        return Rows([f"x, y = read_texts({quoted(folder)})"], READ_TEXTS, ("os", "Path"))
    found = {"val" if part == "validation" else part: name for part, name in there.items()}
    lines = [f"x_{part}, y_{part} = read_texts({quoted(f'{folder}/{name}')})" for part, name in found.items()]
    return Rows(lines, READ_TEXTS, ("os", "Path"), tuple(found))


def _table(recipe: Recipe, settings: Table) -> Rows:
    tabs = recipe.data.source.word == "tsv" or settings.path.lower().endswith((".tsv", ".tab"))
    delimiter = ', delimiter="\\t"' if tabs else ""
    lines = [f"rows = read_table({quoted(settings.path)}{delimiter})"]
    imports = ["csv"]
    label = quoted(str(settings.label if isinstance(settings.label, str) else (settings.label or [""])[0]))
    if settings.text is not None:
        lines.append(f"x = np.array([{_text(settings.text)} for row in rows], object)")
    else:
        lines += _numbers(settings, label)
        imports.append("re" if _is_in_one_cell(settings) else "fnmatch")
    if targets.of(recipe.data.targets).STRATIFY:
        lines.append(f"class_names = sorted({{row[{label}] for row in rows}})")
        lines.append(f"y = np.array([class_names.index(row[{label}]) for row in rows])")
    else:
        lines.append(f'y = np.array([[row[{label}]] for row in rows], "float32")')
    return Rows(lines, READ_TABLE, tuple(imports))


def _text(columns: str | list[str]) -> str:
    """The text of a row; those of several columns are joined."""
    if isinstance(columns, str):
        return f"row[{quoted(columns)}]"
    names = f"[{', '.join(map(quoted, columns))}]"
    return f'" ".join(row[name].strip() for name in {names} if row[name].strip())'


def _is_in_one_cell(settings: Table) -> bool:
    """Whether one column has all numbers of an example, one or several in each cell."""
    return isinstance(settings.numbers, str) and not is_several(settings.numbers) and not is_range(settings.numbers)


def _numbers_in_a_cell(settings: Table) -> list[str]:
    column = str(settings.numbers)
    lines = [f'cells = [re.findall(r"[^\\s,;|()\\[\\]]+", row[{quoted(column)}]) for row in rows]']
    if settings.length is None:
        shape = f".reshape(-1, {', '.join(map(str, settings.shape))})" if settings.shape else ""
        return [*lines, f'x = np.array(cells, "float32"){shape}']
    pad = f'keras.utils.pad_sequences(cells, {settings.length}, "float32", padding="post", truncating="post")'
    return [*lines, f"x = {pad}[..., np.newaxis]"]


def _numbers(settings: Table, label: str) -> list[str]:
    if _is_in_one_cell(settings):
        return _numbers_in_a_cell(settings)
    tests = " or ".join(f"fnmatchcase(name, {quoted(pattern)})" for pattern in _patterns(settings))
    lines = [f"columns = [name for name in rows[0] if name != {label} and ({tests})]"]
    if settings.length is None:
        lines.append('x = np.array([[row[name] for name in columns] for row in rows], "float32")')
        if settings.shape:
            lines.append(f"x = x.reshape(-1, {', '.join(map(str, settings.shape))})")
        return lines
    return [
        *lines,
        "x = [[row[name] for name in columns if row[name].strip()] for row in rows]",
        f'x = keras.utils.pad_sequences(x, {settings.length}, "float32", padding="post", truncating="post")',
        "x = x[..., np.newaxis]",
    ]
